"""The catalogue of crises: 45 kinds, each whole, none graphic, every age covered."""

from __future__ import annotations

import csv

import pytest

from agents.crises import check
from agents.crises.catalogue import UnknownCategory, categories, find_category, kind
from agents.values import RiskLevel
from tests.conftest import ROOT


def test_the_catalogue_has_45_kinds_with_their_ages() -> None:
    assert len(categories()) == 45
    for category in categories():
        about = kind(category.slug)
        assert (about.category, about.youngest, about.oldest) == (category.name, category.youngest, category.oldest)


def test_the_kinds_are_those_of_the_given_facts() -> None:
    facts = ROOT.parent / "shared" / "facts" / "crisis_categories.csv"
    if not facts.exists():
        pytest.skip("the given list is not beside this checkout")
    with facts.open(encoding="utf-8", newline="") as file:
        given = [(row["category"], int(row["youngest"]), int(row["oldest"])) for row in csv.DictReader(file)]
    assert given == [(category.name, category.youngest, category.oldest) for category in categories()]


def test_the_editor_has_nothing_to_send_back() -> None:
    assert list(check.problems(sorted(check.DATA.glob("*.toml")))) == []


def test_no_sentence_stands_in_two_kinds() -> None:
    texts = [text for category in categories() for _, text in check.texts(kind(category.slug))]
    assert len({text.casefold() for text in texts}) == len(texts)


def test_every_kind_knows_words_that_call_for_a_question() -> None:
    for category in categories():
        signals = kind(category.slug).risk_signals
        assert all("?" in signal.ask for signal in signals), category.slug
        assert any(signal.level in (RiskLevel.MODERATE, RiskLevel.HIGH, RiskLevel.IMMINENT) for signal in signals), category.slug


def test_care_is_taken_where_a_clinician_would_want_it() -> None:
    for slug in (
        "self_harm_behaviors",
        "sexual_assault_or_domestic_violence_recovery",
        "post_traumatic_stress_disorder",
        "ongoing_depression",
    ):
        assert kind(slug).sensitive, slug


def test_an_unknown_category_suggests_the_nearest_name() -> None:
    with pytest.raises(UnknownCategory, match="Did you mean 'Sleep Problems'"):
        find_category("Sleeep Problem")
    assert find_category("sleep problems") is find_category("sleep_problems")
