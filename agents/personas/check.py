"""What is implausible about a persona, ours or anyone's: every finding with its field, what was found and what was expected.

It compares with the atlas where the atlas knows the place; it judges nobody's taste.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agents.atlas.atlas import UnknownCity, city, find
from agents.atlas.schema import DECADES, City
from agents.persona import Persona

_STAGE_AGES = {"child": (0, 12), "adolescent": (10, 19), "young adult": (16, 29), "adult": (18, 120)}
_TELLS_AGE = {"retired": (50, 120), "student": (15, 45)}
_YOUNGEST_PARENT, _OLDEST_WITH_PARENT = 16, 84


@dataclass(frozen=True)
class Implausible:
    """One thing that does not add up."""

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


def implausibilities(persona: Persona) -> list[Implausible]:
    """Everything that does not add up."""
    return [*_dates(persona), *_places(persona), *_household(persona), *_tendencies(persona), *_problem(persona)]


def _dates(persona: Persona) -> Iterator[Implausible]:
    now = persona.current_socio_demographics
    born, decade = now.year - now.age, int(persona.birth_context.decade[:4])
    if not decade <= born <= decade + 9:
        yield Implausible(
            "current_socio_demographics.age",
            f"{now.age} in {now.year}, so born in {born}",
            f"a birth in the {persona.birth_context.decade}",
        )
    for number, place in enumerate(persona.formative_context):
        field = f"formative_context.{number}.decade"
        start = int(place.decade[:4])
        if start + 9 < decade:
            yield Implausible(field, place.decade, f"a decade from the birth on ({persona.birth_context.decade})")
        if start > now.year:
            yield Implausible(field, place.decade, f"a decade before {now.year}")
        stage = _STAGE_AGES.get(place.life_stage)
        youngest, oldest = max(0, start - decade - 9), start + 9 - decade
        if stage and start < int(DECADES[-1][:4]) and (oldest < stage[0] or youngest > stage[1]):
            yield Implausible(f"formative_context.{number}.life_stage", place.life_stage, f"a stage between {youngest} and {oldest} years")


def _places(persona: Persona) -> Iterator[Implausible]:
    places = [("birth_context", persona.birth_context.city, persona.birth_context.country)]
    places += [(f"formative_context.{n}", place.city, place.country) for n, place in enumerate(persona.formative_context)]
    here, _, country = persona.current_socio_demographics.location.rpartition(", ")
    places.append(("current_socio_demographics.location", here or country, country if here else ""))
    for field, name, country in places:
        try:
            entry = find(name)
        except UnknownCity as error:
            yield Implausible(f"{field}.city", repr(name), f"a city of the atlas ({str(error).split('. ', 1)[-1]})")
            continue
        if country and entry.country != country:
            yield Implausible(f"{field}.country", repr(country), repr(entry.country))
    home = _city(persona.birth_context.city)
    spoken = {*home.languages, *(community.language for community in home.communities)} if home else set()
    if home and persona.language not in spoken:
        yield Implausible("language", repr(persona.language), f"one that is spoken in {home.city}: {', '.join(sorted(spoken))}")


def _city(name: str) -> City | None:
    try:
        return city(find(name).slug)
    except UnknownCity:
        return None


def _household(persona: Persona) -> Iterator[Implausible]:
    now = persona.current_socio_demographics
    home = [kin for kin in persona.people if kin.lives == "with them"]
    if "lives alone" in now.household and home:
        yield Implausible("current_socio_demographics.household", repr(now.household), f"no one at home, but {home[0].called} is")
    if persona.people and "lives with" in now.household and not home:
        yield Implausible("current_socio_demographics.household", repr(now.household), "somebody among people who lives with them")
    for word, (youngest, oldest) in _TELLS_AGE.items():
        if now.work.startswith(word) and not youngest <= now.age <= oldest:
            yield Implausible("current_socio_demographics.work", f"{now.work} at {now.age}", f"an age from {youngest} to {oldest}")
    partners = [kin for kin in persona.people if kin.relation == "partner" and kin.lives != "dead"]
    if len(partners) > 1:
        yield Implausible("people", f"{len(partners)} living partners", "one at most")
    if len([kin for kin in persona.people if kin.relation == "parent"]) > 2:
        yield Implausible("people", "more than two parents", "two at most")
    if now.age > _OLDEST_WITH_PARENT and any(kin.relation == "parent" and kin.lives != "dead" for kin in persona.people):
        yield Implausible("people", f"a living parent at {now.age}", "none")
    if now.age < _YOUNGEST_PARENT and any(kin.relation == "child" for kin in persona.people):
        yield Implausible("people", f"a child at {now.age}", "none")
    names = [kin.name for kin in persona.people if kin.relation == "child"]
    if len(names) != len(set(names)):
        yield Implausible("people", "two children of one name", "different names")


def _tendencies(persona: Persona) -> Iterator[Implausible]:
    """What somebody likes to do must be known where they lived."""
    places = [_city(persona.birth_context.city), *(_city(place.city) for place in persona.formative_context)]
    places.append(_city(persona.current_socio_demographics.location.rpartition(", ")[0]))
    known = {label for place in places if place for tendency in place.tendencies for label in (tendency.label, tendency.name)}
    for number, tendency in enumerate(persona.natural_tendencies):
        if known and tendency not in known:
            yield Implausible(f"natural_tendencies.{number}", repr(tendency), "something that the atlas knows of the places of this life")


def _problem(persona: Persona) -> Iterator[Implausible]:
    now, problem = persona.current_socio_demographics, persona.presenting_problem
    if problem.duration_months > now.age * 12:
        yield Implausible("presenting_problem.duration_months", str(problem.duration_months), f"at most the {now.age} years of this life")
    if not problem.symptoms:
        yield Implausible("presenting_problem.symptoms", "none", "at least one way in which it shows")
