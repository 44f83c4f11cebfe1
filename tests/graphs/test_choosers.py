"""Which reply continues the conversation."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from agents import STANCES, Chance, Judgement, Proposal, Stance, UsageError, Violation
from graphs.choosers import chooser
from graphs.turn import Choice, Weighed
from tests.agents.given import scene


def weighed(*rewards: float, unsafe: Sequence[int] = ()) -> list[Weighed]:
    """One reply a stance with these rewards."""
    return [
        Weighed(
            Proposal(stance.variant, stance.care_level, stance.name, (), "…", ""),
            None,
            Judgement("panel@1", {"reward": reward}, {}, (Violation(rule="r", words="w"),) if number in unsafe else ()),
        )
        for number, (stance, reward) in enumerate(zip(STANCES, rewards, strict=True))
    ]


def choose(name: str, options: list[Weighed], seed: int = 1) -> Choice:
    return asyncio.run(chooser(name, Chance(seed)).choose(scene("Well."), options))


def test_the_best_reward_wins_and_the_first_of_equals() -> None:
    assert choose("best", weighed(0.2, 0.7, 0.5)).weighed.proposal.style == "even"
    assert choose("best", weighed(0.5, 0.5, 0.5)).weighed.proposal.style == "cool"


def test_drawing_prefers_the_better_and_never_takes_the_unsafe() -> None:
    drawn = Counter(choose("sampled", weighed(0.4, 0.5, 0.6), seed).weighed.proposal.style for seed in range(300))
    assert drawn["warm"] > drawn["even"] > drawn["cool"] > 0
    safe = Counter(choose("sampled", weighed(0.4, 0.5, 0.0, unsafe=[2]), seed).weighed.proposal.style for seed in range(100))
    assert safe["warm"] == 0


def test_drawing_is_the_same_for_the_same_seed() -> None:
    assert choose("sampled", weighed(0.4, 0.5, 0.6), 9) == choose("sampled", weighed(0.4, 0.5, 0.6), 9)


@pytest.mark.parametrize(("level", "style"), [("0", "cool"), ("0.2", "cool"), ("0.5", "even"), ("0.8", "warm"), ("1", "warm")])
def test_a_fixed_care_level_takes_the_nearest_reply(level: str, style: str) -> None:
    choice = choose(f"care:{level}", weighed(0.9, 0.1, 0.5))
    assert choice.weighed.proposal.style == style
    assert choice.chooser == f"care:{level}"


@pytest.mark.parametrize("name", ["", "worst", "care:2", "care:warm", "care:"])
def test_an_unknown_chooser_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="Known: best, sampled, care:LEVEL"):
        chooser(name, Chance(1))


def test_a_care_level_of_ones_own_has_a_name_of_its_own() -> None:
    assert Stance("cool", 0.2).variant == "cool"
    assert Stance("cool", 0.3).variant == "cool@0.3"
