"""The plan: one family a city, every age, balanced, nothing twice, splits decided once."""

from __future__ import annotations

from collections import Counter

import pytest

from agents.atlas.atlas import entries
from agents.crises.catalogue import categories
from agents.personas.check import implausibilities
from agents.personas.draw import Wish, identify
from agents.personas.plan import AGES, Plan, make_plan
from agents.personas.statistics import balance, by_decade, spreads


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(seed=1)


def test_each_city_has_one_family_and_each_family_every_age(plan: Plan) -> None:
    assert [identity.life.home for identity in plan.families] == list(entries())
    assert len(plan.cells) == 69 * 81
    for cells in plan.by_family.values():
        assert [cell.age for cell in cells] == list(AGES)


def test_every_crisis_is_within_its_span(plan: Plan) -> None:
    assert all(cell.category.fits(cell.age) for cell in plan.cells)
    assert {cell.category.slug for cell in plan.cells} == {category.slug for category in categories()}


def test_kinds_and_decades_are_balanced(plan: Plan) -> None:
    found = balance(plan)
    assert found["categories_per_year"] <= 1.5
    assert found["decades"] <= 1.5
    sexes = Counter(identity.life.sex for identity in plan.families)
    assert abs(sexes["female"] - sexes["male"]) <= 1


def test_no_two_summaries_are_alike_and_nobody_is_implausible(plan: Plan) -> None:
    summaries: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    findings: list[str] = []
    for _, persona, crisis in plan.personas():
        summaries[crisis.summary.casefold()] += 1
        ids[persona.id] += 1
        findings += [f"{persona.id}: {found}" for found in implausibilities(persona)]
    assert summaries.most_common(1)[0][1] == 1
    assert ids.most_common(1)[0][1] == 1
    assert findings == []


def test_a_family_is_in_one_split_here_and_everywhere(plan: Plan) -> None:
    splits = Counter(identity.split for identity in plan.families)
    assert splits["train"] > splits["validation"] >= 3
    assert splits["test"] >= 3
    for identity in plan.families[:10]:
        decade = f"{identity.life.birth_year // 10 * 10}s"
        again = identify(1, Wish(city=identity.life.home.slug, decade=decade, sex=identity.life.sex))
        assert (again.family, again.split) == (identity.family, identity.split)


def test_the_same_seed_gives_the_same_plan_and_another_does_not(plan: Plan) -> None:
    again, other = make_plan(seed=1), make_plan(seed=2)
    assert [(c.identity.family, c.age, c.category) for c in again.cells] == [(c.identity.family, c.age, c.category) for c in plan.cells]
    assert [c.category for c in other.cells] != [c.category for c in plan.cells]


def test_the_statistics_count_every_cell(plan: Plan) -> None:
    counted = {spread.name: sum(spread.counts.values()) for spread in spreads(plan)}
    assert counted["categories"] == counted["cities"] == counted["ages"] == 69 * 81
    decades, table = by_decade(plan)
    assert sum(sum(counts.values()) for counts in table.values()) == 69 * 81
    assert decades == sorted(decades)
