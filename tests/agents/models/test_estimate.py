"""How many tokens a call may take."""

from __future__ import annotations

from dataclasses import replace

from agents.models.calls import Call, Message
from agents.models.estimate import Estimate
from agents.snapshot import Decoding
from tests.agents.models.fake_models import a_call, a_reply

LONG = a_call("x" * 3500)


def prompt(estimate: Estimate, call: Call = LONG) -> int:
    return estimate.of(call)[0]


def test_a_prompt_takes_a_token_for_three_and_a_half_characters_and_some_for_each_message() -> None:
    two = replace(LONG, messages=(Message("system", "x" * 1750), Message("user", "x" * 1750)))
    assert 1000 < prompt(Estimate()) < prompt(Estimate(), two) < 1030


def test_scripts_of_several_bytes_a_character_take_more() -> None:
    assert prompt(Estimate(), a_call("你" * 1000)) > 850


def test_an_answer_takes_what_it_may_at_most_or_a_usual_length() -> None:
    assert Estimate().of(LONG)[1] == 20
    assert Estimate().of(replace(LONG, decoding=Decoding()))[1] == 512


def test_what_a_server_counted_raises_the_next_estimate_and_never_lowers_it() -> None:
    estimate = Estimate()
    estimate.learn(LONG, a_reply(prompt_tokens=1750))
    assert 1740 < prompt(estimate) < 1760
    estimate.learn(LONG, a_reply(prompt_tokens=400))
    assert 1740 < prompt(estimate) < 1760


def test_nothing_is_learnt_from_a_guess_or_from_a_short_prompt() -> None:
    estimate, before = Estimate(), prompt(Estimate())
    estimate.learn(LONG, replace(a_reply(prompt_tokens=3000), counted=False))
    estimate.learn(a_call("Hm."), a_reply(prompt_tokens=3000))
    assert prompt(estimate) == before


def test_no_count_is_believed_beyond_a_token_a_byte() -> None:
    estimate = Estimate()
    estimate.learn(LONG, a_reply(prompt_tokens=10**6))
    assert prompt(estimate) < 3520
