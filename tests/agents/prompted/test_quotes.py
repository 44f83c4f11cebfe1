"""Quotations are held against the text they are said to come from."""

from __future__ import annotations

import pytest

from agents.prompted.quotes import passage, passages

TEXT = "I’m here, and  I'm in no hurry. What is under the sink?"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("under the sink", "under the sink"),
        ("“I'm here”", "I’m here"),
        ("i'm in NO hurry.", "I'm in no hurry"),
        ("and I'm in", "and  I'm in"),
        ("I'm here … under the sink", "I’m here"),
        ("over the sink", None),
        ("I'm here … over the sink", None),
        ("the sin", None),
        ("", None),
        ("…", None),
    ],
)
def test_a_quotation_is_found_as_it_stands_or_not_at_all(quote: str, found: str | None) -> None:
    assert passage(quote, TEXT) == found


def test_words_of_a_script_without_spaces_are_found() -> None:
    assert passage("消えてしまい", "もう消えてしまいたい。") == "消えてしまい"


def test_each_passage_counts_once() -> None:
    assert passages(("under the sink", "Under the sink?", "not there"), TEXT) == ("under the sink",)
