"""Drawing a whole persona from a seed and wishes: the same always gives the same person, here and anywhere."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from agents.atlas.atlas import Entry, city, entries, find
from agents.atlas.schema import DECADES, Lasting, PlaceTime
from agents.chance import Chance
from agents.crises.catalogue import Category, find_category
from agents.crises.schema import Situation
from agents.ground.errors import UsageError
from agents.persona import BirthContext, Crisis, FormativeContext, Persona, Provenance, SocioDemographics
from agents.personas.crisis import Moment, choose, possible, tell
from agents.personas.household import household_at
from agents.personas.life import LAST_YEAR_OF_MIGRATION, Life, Sex, draw_life
from agents.personas.traits import as_profile, at_age, draw_traits
from agents.values import Split

L = TypeVar("L", bound=Lasting)

VERSION = "1"
BIRTH_DECADES = DECADES[:9]
"""Births from the 1920s to the 2000s: whoever was born later is no adult yet."""
YOUNGEST, OLDEST = 20, 100
_STAGES = ((9, "child"), (15, "adolescent"), (21, "young adult"))


@dataclass(frozen=True)
class Wish:
    """What is asked of a draw; what is left open, the seed decides."""

    city: str | None = None
    decade: str | None = None
    """Of birth."""
    age: int | None = None
    sex: Sex | None = None
    category: str | None = None


@dataclass(frozen=True)
class Identity:
    """What does not change with age: a persona family."""

    family: str
    life: Life
    traits: dict[str, float]
    chance: Chance
    seed: int

    @property
    def split(self) -> Split:
        return split_of(self.family)


def split_of(family: str) -> Split:
    """Which part of every dataset a family belongs to, in this plan and in any other; eight of ten are for training."""
    part = Chance(0).number("split", family)
    return "train" if part < 0.8 else "validation" if part < 0.9 else "test"


def draw(seed: int, wish: Wish | None = None, told: Set[str] = frozenset()) -> tuple[Persona, Crisis]:
    """A persona and the crisis that brings them: a situation whose key is not in `told`, while another fits."""
    wish = wish or Wish()
    identity = identify(seed, wish)
    age = wish.age if wish.age is not None else _age(identity)
    check_age(age)
    moment = moment_at(identity, age)
    category = find_category(wish.category) if wish.category else identity.chance.pick(possible(moment), "category", age)
    if not category.fits(age):
        raise UsageError(
            f"{category.name} is for ages {category.youngest} to {category.oldest}, not {age}. Choose another age or category."
        )
    return compose(identity, moment, category, choose(category, moment, crisis_chance(identity, age, category), told))


def check_age(age: int) -> None:
    """Refuses an age outside the plan."""
    if not YOUNGEST <= age <= OLDEST:
        raise UsageError(f"Seekers are {YOUNGEST} to {OLDEST} years old, not {age}.")


def identify(seed: int, wish: Wish) -> Identity:
    """The lasting part of a draw."""
    start = Chance(seed)
    entry = find(wish.city) if wish.city else start.pick(entries(), "city")
    decade = wish.decade or start.pick(BIRTH_DECADES, "decade")
    if decade not in BIRTH_DECADES:
        raise UsageError(f"Nobody old enough was born in the {decade}. Birth decades are {BIRTH_DECADES[0]} to {BIRTH_DECADES[-1]}.")
    sex: Sex = wish.sex or ("female" if Chance(seed, entry.slug, decade).number("sex") < 0.5 else "male")
    # From here on everything hangs on what the family's id is made of, whether it was wished for or drawn.
    chance = Chance(seed, entry.slug, decade, sex)
    birth_year = int(decade[:4]) + int(chance.number("year") * 10)
    life = draw_life(chance, entry, birth_year, sex)
    return Identity(
        family=f"f-{entry.slug}-{decade}-{_digest(seed, entry.slug, decade, sex)}",
        life=life,
        traits=draw_traits(chance, female=sex == "female"),
        chance=chance,
        seed=seed,
    )


def _digest(*parts: object) -> str:
    return sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:6]


def _age(identity: Identity) -> int:
    oldest = min(OLDEST, LAST_YEAR_OF_MIGRATION - identity.life.birth_year)
    youngest = min(YOUNGEST, oldest)
    return max(YOUNGEST, youngest + int(identity.chance.number("age") * (oldest - youngest + 1)))


def moment_at(identity: Identity, age: int) -> Moment:
    """This person at an age, with what they like and what surrounds them."""
    life = identity.life
    household = household_at(life, age)
    home, now = city(life.home.slug), city(life.place(age).slug)
    childhood, present = life.decade(8), life.decade(age)
    tendencies = _some(home.tendencies, childhood, 4, identity.chance, "tendency")
    if now is not home:
        tendencies += _some(now.tendencies, present, 1, identity.chance, "new tendency")
    things = _some(home.things, childhood, 3, identity.chance, "old thing") + _some(
        now.things, present, 3, identity.chance, "thing", present
    )
    return Moment(
        life=life,
        age=age,
        household=household,
        tendencies=tuple(dict.fromkeys(item.label for item in tendencies)),
        things=tuple(dict.fromkeys(item.name for item in things)),
    )


def _some(options: Sequence[L], decade: str, count: int, chance: Chance, *purpose: object) -> list[L]:
    return chance.sample([item for item in options if item.there_in(decade)], count, *purpose)


def crisis_chance(identity: Identity, age: int, category: Category) -> Chance:
    """The draws of one crisis of one person at one age."""
    return Chance(identity.seed, identity.family, str(age), category.slug)


def persona_id(identity: Identity, age: int, category: Category) -> str:
    """What one moment of a life is called."""
    return f"p-{_digest(identity.family, age, category.slug)}{_digest(identity.seed, age)}"


def compose(identity: Identity, moment: Moment, category: Category, situation: Situation) -> tuple[Persona, Crisis]:
    """The persona and crisis of one moment."""
    life, age, chance = identity.life, moment.age, identity.chance
    crisis, problem = tell(category, situation, moment, crisis_chance(identity, age, category))
    values, hexaco, style = as_profile(at_age(identity.traits, age))
    here = life.place(age)
    now = city(here.slug).at(life.decade(age))
    persona = Persona(
        id=persona_id(identity, age, category),
        name=f"{life.given} {life.family}",
        pronouns="she/her" if life.sex == "female" else "he/him",
        language=life.community.language,
        gender_at_birth=life.sex,
        family=identity.family,
        birth_context=_birth(life, chance),
        formative_context=_formative(life, age, chance),
        natural_tendencies=moment.tendencies,
        community=life.community.name,
        faith=life.community.faith,
        people=moment.household.people,
        things=moment.things,
        schwartz_basic_values=values,
        hexaco=hexaco,
        csi=style,
        current_socio_demographics=SocioDemographics(
            year=life.year(age),
            age=age,
            location=f"{here.city}, {here.country}",
            household=moment.household.phrase,
            work=moment.household.work,
            finances=moment.household.finances,
            social_network=moment.household.network,
            perceptions=now.distress,
        ),
        presenting_problem=problem,
        meta=Provenance(created_from=f"vigil personas, seed {identity.seed}", city_keys=_keys(life, age), version=VERSION),
    )
    return persona, crisis


def _birth(life: Life, chance: Chance) -> BirthContext:
    decade = f"{life.birth_year // 10 * 10}s"
    return BirthContext(decade=decade, city=life.home.city, country=life.home.country, notes=_note(life.home, decade, chance, "birth"))


def _formative(life: Life, age: int, chance: Chance) -> tuple[FormativeContext, ...]:
    stages = [(at, stage, "citizen") for at, stage in _STAGES if at < age]
    stages += [(move.age, "adult" if move.age > 25 else _stage(move.age), move.status) for move in life.moves if move.age <= age]
    contexts = []
    for at, stage, status in sorted(stages, key=lambda item: item[0]):
        place = life.place(at)
        settled = status if status != "citizen" or place is life.home else next(m.status for m in life.moves)
        contexts.append(
            FormativeContext(
                decade=life.decade(at),
                city=place.city,
                country=place.country,
                life_stage=stage,
                status=settled,
                notes=_note(place, life.decade(at), chance, "formative", at),
            )
        )
    return tuple(contexts)


def _stage(age: int) -> str:
    return "child" if age < 13 else "adolescent" if age < 18 else "young adult"


def _note(place: Entry, decade: str, chance: Chance, *purpose: object) -> str:
    there: PlaceTime = city(place.slug).at(decade)
    return chance.pick((there.events, there.work, there.housing, there.family, there.faith), "note", *purpose)


def _keys(life: Life, age: int) -> tuple[str, ...]:
    places = [(life.home, f"{life.birth_year // 10 * 10}s")]
    places += [(life.place(at), life.decade(at)) for at in (9, 15, 21, age) if at <= age]
    return tuple(dict.fromkeys(f"{place.city}|{place.country}|{decade}" for place, decade in places))
