"""How fast people are drawn and planned, and how near their traits come to what is published."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from agents.chance import Chance
from agents.personas.check import implausibilities
from agents.personas.draw import draw
from agents.personas.plan import make_plan
from agents.personas.statistics import balance
from agents.personas.traits import CITED, TRAITS, at_age, draw_traits
from tests.benchmarks.harness import TIMES, Bench, Row, at_least, at_most

_DRAWS, _MANY = 500, 10_000


def drawing(bench: Bench) -> list[Row]:
    """Whole personas with their crises, one core, the atlas read before."""
    seeds = iter(range(10**9))
    for _ in range(_DRAWS):
        draw(next(seeds))
    seconds = _median(lambda: [draw(next(seeds)) for _ in range(_DRAWS)])
    return [Row("personas drawn per second, one core", _DRAWS / seconds, "personas/s", floors=(at_least(500, "personas/s"),))]


def planning(bench: Bench) -> list[Row]:
    """The plan and every persona in it."""
    seconds = _median(lambda: list(make_plan(1).personas()))
    plan = make_plan(1)
    summaries = [crisis.summary.casefold() for _, _, crisis in plan.personas()]
    found = balance(plan)
    return [
        Row("full plan of 69 personas × 81 ages", seconds, "s", floors=(at_most(10, "s"),)),
        Row(
            "plan balance: max/min of category counts after correcting for age span",
            found["categories_per_year"],
            "",
            floors=(at_most(1.5, ""),),
        ),
        Row("plan balance: max/min of decade counts", found["decades"], "", floors=(at_most(1.5, ""),)),
        Row("identical summaries across 5,589 persona-ages", len(summaries) - len(set(summaries)), "", floors=(at_most(0, ""),)),
    ]


def plausibility(bench: Bench) -> list[Row]:
    """Ten thousand people, checked, and their traits against the published correlations."""
    findings = sum(len(implausibilities(draw(seed)[0])) for seed in range(_MANY))
    traits = []
    for seed in range(_MANY):
        chance = Chance(seed)
        traits.append(at_age(draw_traits(chance, female=chance.number("sex") < 0.5), 20 + int(chance.number("age") * 70)))
    columns = {name: [one[name] for one in traits] for name in TRAITS}
    errors = [abs(statistics.correlation(columns[a], columns[b]) - wanted) for (a, b), wanted in CITED.items()]
    return [
        Row("10,000 personas drawn with different seeds: check findings", findings, "", floors=(at_most(0, ""),)),
        Row("mean correlation error over 10,000 draws", statistics.mean(errors), "", floors=(at_most(0.05, ""),)),
    ]


def _median(work: Callable[[], object]) -> float:
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)
