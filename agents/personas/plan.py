"""The plan: one persona family for each city, a crisis for each of its ages, everything balanced and decided before simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from agents.atlas.atlas import entries
from agents.chance import Chance
from agents.crises.catalogue import Category, categories
from agents.persona import Crisis, Persona
from agents.personas.crisis import choose, possible, situations
from agents.personas.draw import BIRTH_DECADES, OLDEST, YOUNGEST, Identity, Wish, compose, crisis_chance, identify, moment_at
from agents.personas.life import Sex

T = TypeVar("T")

AGES = range(YOUNGEST, OLDEST + 1)


@dataclass(frozen=True)
class Planned:
    """One persona at one age, with the crisis that is meant for it."""

    identity: Identity
    age: int
    category: Category


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
                moment = moment_at(cell.identity, cell.age)
                situation = choose(cell.category, moment, crisis_chance(cell.identity, cell.age, cell.category), told)
                told.add(situation.text)
                if wanted(cell):
                    yield cell, *compose(cell.identity, moment, cell.category, situation)


def make_plan(seed: int = 1) -> Plan:
    """One family a city, birth decades and sexes in turn, a crisis for every age."""
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
    """Gives each age the kind of crisis that is furthest behind its share, over all families and within this one."""
    span = {category.slug: category.oldest - category.youngest + 1 for category in categories()}
    overall: Counter[str] = Counter()
    cells: dict[str, list[Planned]] = {identity.family: [] for identity in families}
    for age in AGES:
        for identity in families:
            mine = cells[identity.family]
            own = Counter(cell.category.slug for cell in mine)
            last = {cell.category.slug for cell in mine[-4:]}

            def behind(category: Category) -> tuple[bool, float]:
                """Lower goes first: not just now, then rare overall and in this life, corrected for the span."""
                slug = category.slug
                rate = (overall[slug] + 12 * own[slug]) / span[slug]  # noqa: B023 - used at once
                return slug in last, rate + 0.02 * chance.number("tie", identity.family, age, slug)  # noqa: B023

            moment = moment_at(identity, age)
            best = next(category for category in sorted(possible(moment), key=behind) if situations(category, moment))
            overall[best.slug] += 1
            mine.append(Planned(identity, age, best))
    return [cell for family in cells.values() for cell in family]
