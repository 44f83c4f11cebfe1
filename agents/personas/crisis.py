"""What brings this person here at this age: a kind of crisis that fits the life, told with this person's own things.

It knows the catalogue and a life; it draws no traits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from agents.atlas.atlas import city
from agents.chance import Chance
from agents.crises.catalogue import Category, categories, kind
from agents.crises.schema import Need, Severity, Situation
from agents.ground.errors import UsageError
from agents.persona import Crisis, PresentingProblem, RiskFlags
from agents.personas.household import Household, called, pronoun
from agents.personas.life import Life

# What a kind presumes of the person, whatever its situations ask for besides.
_PRESUMES: dict[str, Need] = {
    "marital_problems": "partner",
    "issues_with_children": "child",
    "issues_with_parents": "parent",
    "workplace_stress": "works",
}
_MODERN = {"internet_addiction": 1990}
_SUBSTANCES = {"alcohol_abuse", "addictive_behaviors"}
_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)


@dataclass(frozen=True)
class Moment:
    """One person at one age, as far as a crisis can depend on it."""

    life: Life
    age: int
    household: Household
    tendencies: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def year(self) -> int:
        return self.life.year(self.age)

    def has(self) -> set[Need]:
        """What is true of this person that a situation may need."""
        found: set[Need] = {"faith"}
        for relation in ("partner", "child", "parent", "sibling", "friend"):
            if self.life.living(self.age, relation):
                found.add(relation)
        if self.household.works:
            found.add("works")
        if self.household.studies:
            found.add("studies")
        if self.household.retired:
            found.add("retired")
        if self.household.alone:
            found.add("lives_alone")
        if self.life.arrived(self.age):
            found.add("migrant")
        return found


def possible(moment: Moment) -> list[Category]:
    """The kinds of crisis that can happen to this person at this age."""
    has = moment.has()
    return [
        category
        for category in categories()
        if category.fits(moment.age) and _PRESUMES.get(category.slug, "faith") in has and moment.year >= _MODERN.get(category.slug, 0)
    ]


def situations(category: Category, moment: Moment) -> list[Situation]:
    """The situations of a kind that this person can be in."""
    has = moment.has()
    return [
        situation
        for situation in kind(category.slug).situations
        if situation.youngest <= moment.age <= situation.oldest and set(situation.needs) <= has and situation.since <= moment.year
    ]


def choose(category: Category, moment: Moment, chance: Chance, told: Set[str] = frozenset()) -> Situation:
    """A situation that this person can be in, one whose key is not among those told already if there is any."""
    fitting = situations(category, moment)
    if not fitting:
        raise UsageError(f"No situation of {category.name} fits this person at {moment.age}. Choose another age or category.")
    fresh = [situation for situation in fitting if situation.key not in told]
    return chance.pick(fresh or fitting, "situation")


def tell(category: Category, situation: Situation, moment: Moment, chance: Chance) -> tuple[Crisis, PresentingProblem]:
    """A crisis of this kind for this person."""
    about = kind(category.slug)
    severity: Severity = chance.pick(("mild", "moderate", "moderate", "severe"), "severity")
    grade = about.severity[severity]
    months = grade.months_from + int(chance.number("months") * (max(grade.months_to, grade.months_from) - grade.months_from + 1))
    signs = chance.sample(about.signs, 4, "sign")
    cast = cast_of(moment, months, chance)
    summary = f"{_fill(situation.text, cast, moment.life)} {moment.life.given} {signs[0].third.rstrip('.')}."
    problem = PresentingProblem(
        summary=summary,
        symptoms=tuple(sign.third for sign in signs),
        duration_months=months,
        triggers=tuple(chance.sample(about.triggers, 3, "trigger")),
        risk=_risk(category, severity, sensitive=about.sensitive, chance=chance),
    )
    return Crisis(category=category.name, summary=summary, severity=severity, age=moment.age, situation=situation.key, cast=cast), problem


def cast_of(moment: Moment, months: int, chance: Chance) -> dict[str, str]:
    """Who and what of this life the crisis is about; things as the person says them, people as others do."""
    life = moment.life
    place, origin = city(life.place(moment.age).slug), city(life.home.slug)
    homes = [item.name for item in place.neighbourhoods if item.there_in(life.decade(moment.age))]
    thing = chance.pick(moment.things[-3:], "thing")
    cast = {
        "work": moment.household.job,
        "city": place.city,
        "home": chance.pick(homes, "home"),
        "birthplace": origin.city,
        "thing": thing,
        "old_thing": chance.pick([other for other in moment.things[:3] if other != thing] or moment.things, "old thing"),
        "tendency": chance.pick(moment.tendencies, "tendency"),
        "mother": _as_name(origin.tone.mother),
        "father": _as_name(origin.tone.father),
        "grandmother": _as_name(origin.tone.grandmother),
        "months": duration_in_words(months),
    }
    for relation in ("partner", "child", "parent", "sibling", "friend"):
        if people := life.living(moment.age, relation):
            somebody = chance.pick(people, relation)
            cast[relation] = called(life, somebody)
            cast[f"{relation}_they"] = "she" if somebody.female else "he"
    return {slot: words for slot, words in cast.items() if words}


def _as_name(word: str) -> str:
    """What one calls a relative, as a name: of "mama, or majka" the first."""
    first = re.split(r",| or | \(", word)[0].strip()
    return first[:1].upper() + first[1:]


def _fill(text: str, cast: Mapping[str, str], life: Life) -> str:
    slots = {
        **cast,
        "name": life.given,
        "they": "she" if life.sex == "female" else "he",
        "them": "her" if life.sex == "female" else "him",
        "their": pronoun(life),
        "thing": in_third_person(cast["thing"], life),
        "tendency": in_third_person(cast["tendency"], life),
    }
    text = re.sub(r"\b([Aa]) \{work\}", lambda m: f"{m[1]}{'n' if slots['work'][:1].lower() in 'aeiou' else ''} {slots['work']}", text)
    filled = re.sub(r"\{(\w+)\}", lambda m: slots[m[1]], text)
    return re.sub(r"(^|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), filled)


def in_third_person(phrase: str, life: Life) -> str:
    """A thing of the atlas as another tells of it: "my grandmother's glass" becomes "her grandmother's glass"."""
    return re.sub(r"\b(my|our)\b", pronoun(life), phrase)


def duration_in_words(months: int) -> str:
    """`five months`, `two years`."""
    if months < 1:
        return "a few weeks"
    if months == 1:
        return "a month"
    if months < 20:
        return f"{_NUMBERS[months] if months < len(_NUMBERS) else months} months"
    years = round(months / 12)
    return f"{_NUMBERS[years] if years < len(_NUMBERS) else years} years"


def _risk(category: Category, severity: Severity, *, sensitive: bool, chance: Chance) -> RiskFlags:
    if sensitive and severity == "severe":
        ideation = chance.pick(("passing thoughts, no plan", "thoughts that come at night, no plan", "denied, with hesitation"), "ideation")
    elif sensitive or severity == "severe":
        ideation = chance.pick(("denied", "denied", "a wish not to wake up, no plan"), "ideation")
    else:
        ideation = "none_reported"
    substances = (
        {"mild": "more than before", "moderate": "most days", "severe": "every day"}[severity]
        if category.slug in _SUBSTANCES
        else "none_reported"
    )
    return RiskFlags(self_harm_ideation=ideation, substance_use=substances, violence="none_reported")
