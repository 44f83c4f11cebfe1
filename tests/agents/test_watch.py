"""The watch over what anybody says."""

from __future__ import annotations

import pytest

from agents import RiskLevel, UsageError, cast, check_model, watch
from tests.talking import BUILTIN


@pytest.mark.parametrize(
    ("words", "level"),
    [
        ("Some nights I want to die.", RiskLevel.HIGH),
        ("I've decided to end it.", RiskLevel.HIGH),
        ("They'd be better off without me.", RiskLevel.MODERATE),
        ("I don't want to wake up any more.", RiskLevel.MODERATE),
        ("I'm not safe at home.", RiskLevel.MODERATE),
    ],
)
def test_what_is_said_outright_is_flagged_with_its_words(words: str, level: RiskLevel) -> None:
    danger = watch(words)
    assert danger is not None
    assert danger.level is level
    assert danger.words[0] in words


@pytest.mark.parametrize(
    "words", ["My dog died.", "I'm dead tired.", "It killed the mood.", "I want to live by the sea.", "The end of my life in that house."]
)
def test_everyday_words_are_not(words: str) -> None:
    assert watch(words) is None


def test_chairs_and_models_are_known_by_name() -> None:
    assert check_model("seeker", "human") == "human"
    with pytest.raises(UsageError, match="No model 'human' can be the judge"):
        check_model("judge", "human")
    with pytest.raises(UsageError, match="no chair 'sofa'"):
        check_model("sofa", "builtin")
    assert cast(BUILTIN, 1).judge.name == "panel@1"
