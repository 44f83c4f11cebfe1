"""The plan: one persona family for each city, a crisis for each of its ages, everything balanced and decided before simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TypeVar

from agents.atlas.atlas import entries
from agents.chance import Chance
from agents.crises.catalogue import Category, categories
from agents.persona import Crisis, Persona
from agents.personas.crisis import Moment, choose, possible, situations
from agents.personas.draw import BIRTH_DECADES, OLDEST, YOUNGEST, Identity, Wish, compose, crisis_chance, identify, moment_at
from agents.personas.life import Sex

T = TypeVar("T")

AGES = range(YOUNGEST, OLDEST + 1)
_SAMENESS, _LUCK = 0.25, 0.05
"""How much a kind that this life has had already, and chance, weigh against what is due."""


@dataclass(frozen=True)
class Planned:
    """One persona at one age, with the crisis that is meant for it."""

    identity: Identity
    moment: Moment
    category: Category

    @property
    def age(self) -> int:
        return self.moment.age


@dataclass
class Plan:
    """A plan from a seed. Cells are cheap; personas are composed when asked for."""

    seed: int
    families: list[Identity] = field(default_factory=list)
    cells: list[Planned] = field(default_factory=list)

    @cached_property
    def by_family(self) -> dict[str, list[Planned]]:
        """The cells of each family, youngest first."""
        found: dict[str, list[Planned]] = {}
        for cell in self.cells:
            found.setdefault(cell.identity.family, []).append(cell)
        return found

    def personas(self, wanted: Callable[[Planned], bool] = lambda cell: True) -> Iterator[tuple[Planned, Persona, Crisis]]:
        """Composes the wanted cells; within a family no situation is told twice while another fits."""
        for cells in self.by_family.values():
            used: dict[str, set[str]] = {}
            for cell in cells:
                told = used.setdefault(cell.category.slug, set())
                situation = choose(cell.category, cell.moment, crisis_chance(cell.identity, cell.age, cell.category), told)
                told.add(situation.key)
                if wanted(cell):
                    yield cell, *compose(cell.identity, cell.moment, cell.category, situation)

    def in_turn(self, wanted: Callable[[Planned], bool] = lambda cell: True) -> Iterator[Planned]:
        """All wanted cells, family after family and round after round, each time in the kind of crisis that came up least so far."""
        left = {family: [cell for cell in cells if wanted(cell)] for family, cells in self.by_family.items()}
        seen: Counter[str] = Counter()
        step = 0
        while any(left.values()):
            for cells in left.values():
                if cells:
                    step += 1
                    least = min(range(len(cells)), key=lambda i: (seen[cells[i].category.slug], (i * 29 + step * 7) % 81))
                    cell = cells.pop(least)
                    seen[cell.category.slug] += 1
                    yield cell

    def composed(self, cell: Planned) -> tuple[Persona, Crisis]:
        """The persona of one cell, the same as `personas` makes."""
        told: set[str] = set()
        for earlier in self.by_family[cell.identity.family]:
            if earlier.category is not cell.category:
                continue
            situation = choose(cell.category, earlier.moment, crisis_chance(earlier.identity, earlier.age, earlier.category), told)
            if earlier is cell:
                return compose(cell.identity, cell.moment, cell.category, situation)
            told.add(situation.key)
        raise ValueError(f"{cell.identity.family} at {cell.age} is not in this plan")


@lru_cache(maxsize=2)
def make_plan(seed: int = 1) -> Plan:
    """One family a city, birth decades and sexes in turn, a crisis for every age; made once, and nobody changes it."""
    chance = Chance(seed, "plan")
    cities = list(entries())
    decades = _in_turn(chance, "decade", BIRTH_DECADES, len(cities))
    sexes: list[Sex] = _in_turn(chance, "sex", ("female", "male"), len(cities))
    plan = Plan(seed)
    identities = [
        identify(seed, Wish(city=entry.city, decade=decade, sex=sex)) for entry, decade, sex in zip(cities, decades, sexes, strict=True)
    ]
    plan.families = identities
    plan.cells = _assign(plan.families, chance)
    return plan


def _in_turn(chance: Chance, purpose: str, options: tuple[T, ...], count: int) -> list[T]:
    """Each option as often as any other, in an order that the seed decides."""
    dealt = [options[i % len(options)] for i in range(count)]
    order = sorted(range(count), key=lambda i: chance.number(purpose, i))
    return [dealt[i] for i in order]


def _assign(families: list[Identity], chance: Chance) -> list[Planned]:
    """Gives each age the kind of crisis that is most due, so that each comes as often for a year of its span as any other."""
    share = len(families) * len(AGES) / sum(category.oldest - category.youngest + 1 for category in categories())
    due = {category.slug: share * (category.oldest - category.youngest + 1) for category in categories()}
    cells: dict[str, list[Planned]] = {identity.family: [] for identity in families}
    for age in AGES:
        supply = {category.slug: _supply(category, age, len(families)) for category in categories() if category.fits(age)}
        for identity in _in_random_order(families, chance, age):
            mine = cells[identity.family]
            own = Counter(cell.category.slug for cell in mine)
            last = {cell.category.slug for cell in mine[-4:]}

            def turn(category: Category) -> tuple[bool, float]:
                """Lower goes first: not just now, then what is most due for the room that is left, then what is new in this life."""
                slug = category.slug
                urgency = due[slug] / supply[slug]  # noqa: B023 - used at once
                luck = chance.number("tie", identity.family, age, slug)  # noqa: B023
                return slug in last, _SAMENESS * own[slug] + _LUCK * luck - urgency  # noqa: B023

            moment = moment_at(identity, age)
            best = next(category for category in sorted(possible(moment), key=turn) if situations(category, moment))
            due[best.slug] -= 1
            mine.append(Planned(identity, moment, best))
    return [cell for family in cells.values() for cell in family]


def _supply(category: Category, age: int, families: int) -> float:
    """How many cells a kind can hope for from this age on, if each age is shared by all kinds that fit it."""
    return sum(families / _kinds_at(later) for later in range(age, category.oldest + 1))


@cache
def _kinds_at(age: int) -> int:
    return sum(category.fits(age) for category in categories())


def _in_random_order(families: list[Identity], chance: Chance, age: int) -> list[Identity]:
    return sorted(families, key=lambda identity: chance.number("order", age, identity.family))
