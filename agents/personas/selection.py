"""Which planned personas are meant: filters that a person types, checked before anything is drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.atlas.atlas import Entry, entries, find
from agents.crises.catalogue import Category, find_category
from agents.ground.errors import UsageError, nearest
from agents.persona import Persona
from agents.personas.draw import BIRTH_DECADES, check_age
from agents.personas.plan import Planned

_AGES = re.compile(r"(\d+)(?:-(\d+))?")
RISKS = ("none", "some")


@dataclass(frozen=True)
class Selection:
    """Filters; what is None lets everything through."""

    city: Entry | None = None
    country: str | None = None
    region: str | None = None
    decade: str | None = None
    ages: tuple[int, int] | None = None
    category: Category | None = None
    risk: str | None = None
    family: str | None = None
    split: str | None = None

    def wants(self, cell: Planned) -> bool:
        """Whether a cell passes, as far as can be said before its persona is composed."""
        home = cell.identity.life.home
        return (
            (self.city is None or home == self.city)
            and (self.country is None or home.country.casefold() == self.country.casefold())
            and (self.region is None or home.part.casefold() == self.region.casefold())
            and (self.decade is None or cell.identity.life.birth_year // 10 * 10 == int(self.decade[:4]))
            and (self.ages is None or self.ages[0] <= cell.age <= self.ages[1])
            and (self.category is None or cell.category == self.category)
            and (self.family is None or cell.identity.family.startswith(self.family))
            and (self.split is None or cell.identity.split == self.split)
        )

    def wants_persona(self, persona: Persona) -> bool:
        """Whether a composed persona passes the filter on risk."""
        flags = persona.presenting_problem.risk.model_dump().values()
        risky = any(flag not in ("none_reported", "denied") for flag in flags)
        return self.risk is None or (self.risk == "some") == risky


def select(words: dict[str, str | None]) -> Selection:
    """Filters from what was typed; an unknown name suggests the nearest."""
    given = {name: value for name, value in words.items() if value is not None}
    return Selection(
        city=find(given["city"]) if "city" in given else None,
        country=_one_of("country", given.get("country"), {entry.country for entry in entries()}),
        region=_one_of("region", given.get("region"), {entry.part for entry in entries()}),
        decade=_one_of("decade", given.get("decade"), set(BIRTH_DECADES)),
        ages=_ages(given["age"]) if "age" in given else None,
        category=find_category(given["category"]) if "category" in given else None,
        risk=_one_of("risk", given.get("risk"), set(RISKS)),
        family=given.get("family"),
        split=_one_of("split", given.get("split"), {"train", "validation", "test"}),
    )


def _one_of(name: str, value: str | None, known: set[str]) -> str | None:
    if value is None or value.casefold() in {option.casefold() for option in known}:
        return value
    raise UsageError(f"There is no {name} {value!r}.{nearest(value, known)} Known: {', '.join(sorted(known))}.")


def _ages(text: str) -> tuple[int, int]:
    found = _AGES.fullmatch(text.strip())
    if not found:
        raise UsageError(f"--age {text!r} is neither an age nor a range such as 20-35.")
    first, last = int(found[1]), int(found[2] or found[1])
    check_age(first)
    check_age(last)
    if first > last:
        raise UsageError(f"--age {text} ends before it begins.")
    return first, last
