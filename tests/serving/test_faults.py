"""Every fault of the test server looks to the real client as it does in life, and comes again in a run that is repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import openai
import pytest

from tests.serving.behaviour import COMMON, Behaviour
from tests.serving.faults import HELPER, JSON_ONLY, struck
from tests.serving.given import asked, client, pieces, post, say
from tests.serving.running import Server


def struck_by(server: Server, *faults: str | None, **config: Any) -> Server:
    server.set(script=list(faults), **config)
    return server


def test_faults_come_in_the_order_of_the_script_and_then_no_more(chat_server: Server) -> None:
    struck_by(chat_server, "server_error", None, "rate_limit")
    assert [post(chat_server, asked())[0] for _ in range(5)] == [500, 200, 429, 200, 200]
    assert chat_server.counts().outcomes == {"server_error": 1, "answered": 3, "rate_limit": 1}


@pytest.mark.parametrize(
    ("fault", "error", "status", "code"),
    [
        ("rate_limit", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("rate_limit_bare", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, 429, "insufficient_quota"),
        ("server_error", openai.InternalServerError, 500, None),
        ("overloaded", openai.InternalServerError, 503, None),
        ("html_error", openai.InternalServerError, 502, None),
    ],
)
def test_a_fault_with_a_status_is_the_client_s_error_of_it(
    chat_server: Server, fault: str, error: type[openai.APIStatusError], status: int, code: str | None
) -> None:
    struck_by(chat_server, fault)
    with pytest.raises(error) as caught:
        say(chat_server, asked())
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert chat_server.counts().outcomes == {fault: 1}


def test_a_429_says_when_to_come_back_in_the_form_that_is_set(chat_server: Server) -> None:
    def told(**config: Any) -> dict[str, str]:
        return post(struck_by(chat_server, "rate_limit", **config), asked())[1]

    assert told()["retry-after"] == "1"
    assert told(retry_after_s=0.25)["retry-after"] == "0.25"
    assert told(retry_after="ms")["retry-after-ms"] == "250"
    when = parsedate_to_datetime(told(retry_after="date", retry_after_s=30)["retry-after"]).timestamp()
    assert 28 < when - time.time() < 32
    assert not [name for name in told(retry_after="none") if name.startswith("retry-after")]
    chat_server.set(retry_after="seconds", script=["rate_limit_bare"])
    assert not [name for name in post(chat_server, asked())[1] if name.startswith("retry-after")]


def test_a_request_that_hangs_is_never_answered_and_then_hung_up_on(chat_server: Server) -> None:
    struck_by(chat_server, "hang", "hang", hang_s=0.3)
    with pytest.raises(openai.APITimeoutError):
        client(chat_server, timeout=0.1).chat.completions.create(**asked())
    with pytest.raises(openai.APIConnectionError, match="Connection error"):
        say(chat_server, asked())
    assert chat_server.counts().outcomes == {"hang": 2}


def test_an_answer_that_is_cut_off_breaks_the_connection_in_its_middle(chat_server: Server) -> None:
    struck_by(chat_server, "cut_off", "cut_off")
    with pytest.raises(openai.APIConnectionError):
        say(chat_server, asked())
    with pytest.raises(openai.APIConnectionError) as caught:
        list(pieces(chat_server, asked()))
    assert "incomplete chunked read" in str(caught.value.__cause__)
    assert chat_server.counts().prompt_tokens == {}


def test_a_stream_that_is_cut_off_has_said_something_first(chat_server: Server) -> None:
    struck_by(chat_server, "cut_off")
    heard = pieces(chat_server, asked(role="seeker"))
    assert next(heard).choices[0].delta.role == "assistant"
    assert next(heard).choices[0].delta.content
    heard.close()


def test_an_answer_that_is_cut_quietly_ends_as_if_it_were_whole(chat_server: Server) -> None:
    struck_by(chat_server, "cut_quietly", "cut_quietly")
    with pytest.raises(json.JSONDecodeError):
        json.loads(post(chat_server, asked())[2])
    heard = list(pieces(chat_server, asked()))
    assert heard
    assert {piece.choices[0].finish_reason for piece in heard} == {None}


def test_a_page_in_the_place_of_an_answer_is_no_json(chat_server: Server) -> None:
    struck_by(chat_server, "not_json", "not_json")
    status, headers, body = post(chat_server, asked())
    assert (status, headers["content-type"], body[:9]) == (200, "text/html", b"<!doctype")
    with pytest.raises(json.JSONDecodeError):
        list(pieces(chat_server, asked()))


@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_answer_is_whole_and_billed(chat_server: Server, stream: bool) -> None:
    struck_by(chat_server, "empty")
    assert said(chat_server, asked(), stream=stream) == ("", "stop")
    counts = chat_server.counts()
    assert counts.outcomes == {"empty": 1}
    assert (counts.prompt_tokens["empty"], counts.completion_tokens["empty"]) == (5, 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("role", ["seeker", "supporter"])
def test_malformed_json_holds_no_object_at_all(chat_server: Server, role: str, stream: bool) -> None:
    struck_by(chat_server, "malformed")
    words, finish = said(chat_server, asked(role=role), stream=stream)
    assert finish == "stop"
    assert "message" in words
    assert not {"{", "}"} & set(words)


@pytest.mark.parametrize("stream", [False, True])
def test_truncated_json_stops_in_its_middle_as_if_it_were_too_long(chat_server: Server, stream: bool) -> None:
    body = asked(role="seeker")
    whole = said(chat_server, body)[0]
    words, finish = said(struck_by(chat_server, "truncated"), body, stream=stream)
    assert finish == "length"
    assert whole.startswith(words)
    assert 0.2 < len(words) / len(whole) < 0.7


def test_a_seeker_out_of_character_answers_in_its_form_and_speaks_as_a_helper(chat_server: Server) -> None:
    struck_by(chat_server, "out_of_character", "out_of_character")
    told = json.loads(said(chat_server, asked(role="seeker"))[0])
    assert ([*told][-1], told["message"]) == ("message", HELPER)
    assert said(chat_server, asked(max_tokens=2, response_format={}))[1] == "length"


def test_an_answer_may_have_no_choices(chat_server: Server) -> None:
    struck_by(chat_server, "no_choices", "no_choices")
    assert say(chat_server, asked()).choices == []
    assert list(pieces(chat_server, asked())) == []


def test_a_refusal_stands_in_its_own_field_or_in_how_the_answer_ends(chat_server: Server) -> None:
    chat_server.set(refuses="refusal")
    message = say(chat_server, asked()).choices[0].message
    assert (message.content, message.refusal) == (None, "I am sorry, but I cannot help with that.")
    deltas = [piece.choices[0].delta for piece in pieces(chat_server, asked())]
    assert "".join(delta.refusal or "" for delta in deltas) == message.refusal
    assert not any(delta.content for delta in deltas)
    chat_server.set(refuses="content_filter")
    assert said(chat_server, asked()) == ("", "content_filter")


def test_json_s_own_faults_strike_only_where_json_was_asked_for() -> None:
    behaviour = Behaviour(fault_rate=1, faults=COMMON)
    plain = {struck(behaviour, bytes([n]), 0, json_asked=False) for n in range(200)}
    asked_for = {struck(behaviour, bytes([n]), 0, json_asked=True) for n in range(200)}
    assert plain == {*COMMON} - JSON_ONLY
    assert asked_for == {*COMMON}
    assert COMMON[-1] == "truncated"
    assert struck(Behaviour(fault_rate=1, faults=("malformed",)), b"x", 0, json_asked=False) is None


def test_chance_strikes_as_often_as_its_rate_and_nobody_at_rate_0() -> None:
    def share(rate: float) -> float:
        behaviour = Behaviour(fault_rate=rate)
        return sum(struck(behaviour, b"%d" % n, 0, json_asked=True) is not None for n in range(4000)) / 4000

    assert share(0) == 0
    assert 0.27 < share(0.3) < 0.33
    assert share(1) == 1


def test_what_strikes_depends_on_seed_and_on_how_often_a_body_came() -> None:
    def drawn(seed: int, seen: int) -> list[str | None]:
        return [struck(Behaviour(fault_rate=0.5, fault_seed=seed), b"%d" % n, seen, json_asked=True) for n in range(50)]

    assert drawn(1, 0) == drawn(1, 0)
    assert drawn(1, 0) != drawn(2, 0)
    assert drawn(1, 0) != drawn(1, 1)


def test_a_run_that_is_repeated_meets_the_same_faults_and_answers_in_any_order(chat_server: Server) -> None:
    faults = ["server_error", "rate_limit", "empty", "not_json", "malformed"]
    bodies = [asked(f"night {number}", role="supporter") for number in range(12)]

    def run(order: Callable[[list[Any]], list[Any]]) -> dict[str, list[tuple[int, bytes]]]:
        chat_server.set(fault_rate=0.5, fault_seed=3, faults=faults)
        chat_server.reset()
        met: dict[str, list[tuple[int, bytes]]] = {}
        for body in order(bodies * 2):
            status, _, content = post(chat_server, body)
            met.setdefault(body["messages"][-1]["content"], []).append((status, content))
        return met

    first = run(list)
    assert run(lambda these: these[::-1]) == first
    assert len({status for met in first.values() for status, _ in met}) == 3


def said(server: Server, body: dict[str, Any], *, stream: bool = False) -> tuple[str, str]:
    """The words of an answer and how it ended, streamed or not."""
    if not stream:
        choice = say(server, body).choices[0]
        return choice.message.content, choice.finish_reason
    choices = [piece.choices[0] for piece in pieces(server, body) if piece.choices]
    return "".join(choice.delta.content or "" for choice in choices), str(choices[-1].finish_reason)
