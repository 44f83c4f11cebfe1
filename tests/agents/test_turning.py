"""Turning words round, and finding what is worth giving back."""

from __future__ import annotations

import pytest

from agents.builtin.turning import as_within, clauses, few_words, nouns, turn


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I lay and counted my drips", "you lay and counted your drips"),
        ("I was six, he was nine", "you were six, he was nine"),
        ("I never was good at it", "you never were good at it"),
        ("I'm behind with mine", "you're behind with yours"),
        ("my mother was in the hall", "your mother was in the hall"),
        ("they left me to myself", "they left you to yourself"),
        ("am I to wait", "are you to wait"),
        ("was I asleep", "were you asleep"),
        ("we built our raft", "you built your raft"),
        ("I'd have told them I've gone", "you'd have told them you've gone"),
    ],
)
def test_words_are_turned_round(said: str, turned: str) -> None:
    assert turn(said) == turned


def test_a_clause_about_oneself_comes_before_one_about_others() -> None:
    [first, *_] = clauses("The lamp was on. They went by without a word, and I put the eighth away like jewellery.")
    assert first.turned == "you put the eighth away like jewellery"


def test_what_speaks_to_the_listener_or_asks_is_not_given_back() -> None:
    assert clauses("Would you lend to somebody like me?") == []
    assert clauses("You haven't asked me how much.") == []


def test_small_words_at_the_start_are_left_out() -> None:
    assert {c.said for c in clauses("And then I stopped cutting on it.")} == {"I stopped cutting on it"}
    assert clauses("So long as I needn't sleep there.")[0].said == "So long as I needn't sleep there"


def test_things_that_were_named_are_found_and_turned() -> None:
    assert nouns("I put my coat on the hook. He wets the pencil, and my mother was out.") == (
        "your coat",
        "the hook",
        "the pencil",
        "your mother",
    )


def test_what_only_looks_like_a_thing_is_left() -> None:
    assert nouns("It was the same. The others left. My hands were trembling, the window shut.") == ("your hands",)


def test_a_quotation_ends_where_a_phrase_ends() -> None:
    assert few_words("I walk like somebody carrying a tray") == "I walk like somebody carrying a tray"
    assert few_words("I start up at one, at three and at five those were the thermometers") == "I start up at one, at three"
    assert few_words("Something heavy falls across the way every few minutes") == "Something heavy falls across the way"


def test_names_keep_their_capital_within_a_sentence() -> None:
    assert as_within("Nobody has written") == "nobody has written"
    assert as_within("Adem has written") == "Adem has written"
