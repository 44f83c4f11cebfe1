"""What the test server says is decided by the request, fits the form of each role, and is fit to be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents import DialogueAct, RiskLevel
from tests.serving import phrases
from tests.serving.answers import json_asked, role_of, words_for
from tests.serving.behaviour import Behaviour
from tests.serving.given import asked, text
from tests.serving.running import Server

SCALES = {"distress", "arousal", "trust", "hope", "openness"}


def answered(body: dict[str, Any], **config: Any) -> Any:
    return json.loads(words_for(body, Behaviour(**config), 0))


def many(role: str, count: int = 400, **more: Any) -> list[dict[str, Any]]:
    return [answered(asked(f"night {number}", role=role, **more)) for number in range(count)]


def test_a_seeker_s_answer_has_all_its_parts_and_known_words_only() -> None:
    for told in many("seeker", exchanges=3):
        assert [*told] == ["heard", "effects", "why", "thought", "act", "danger", "message"]
        assert {*told["effects"]} == SCALES
        assert all(type(moved) is int and -12 <= moved <= 12 for moved in told["effects"].values())
        assert told["act"] in {*DialogueAct} - {"open"}
        assert told["message"]


def test_a_seeker_s_danger_is_a_level_and_words_of_the_message() -> None:
    flagged = [told for told in many("seeker", exchanges=3) if told["danger"]]
    assert 2 < len(flagged) < 60
    for told in flagged:
        assert told["danger"]["level"] in {*RiskLevel} - {"none", "imminent"}
        assert all(words in told["message"] for words in told["danger"]["words"])


def test_a_seeker_opens_first_and_moves_nothing() -> None:
    for told in many("seeker", 50):
        assert told["act"] == "open"
        assert {*told["effects"].values()} == {0}


def test_a_seeker_takes_leave_only_after_six_exchanges_and_never_if_told_so() -> None:
    def closing(exchanges: int, **config: Any) -> int:
        return sum(answered(asked(f"{n}", role="seeker", exchanges=exchanges), **config)["act"] == "close" for n in range(200))

    assert closing(5) == 0
    assert 5 < closing(6) < 60
    assert closing(20, close_after=None) == 0


def test_a_supporter_s_answer_has_all_its_parts() -> None:
    for told in many("supporter", 50, exchanges=1):
        assert [*told] == ["thought", "strategy", "message"]
        assert told["strategy"]
        assert told["message"]


def test_a_judge_scores_the_dimensions_of_the_prompt_with_words_of_the_reply() -> None:
    reply = "I hear how heavy it is.\nYou are not alone with it tonight."
    for number in range(50):
        body = asked(f"Weigh this, {number}.\n\nThe reply:\n{reply}", role="judge")
        body["messages"][0]["content"] = "- empathy (0 to 3): …\n- presence (0 to 10): …\n[vigil role: judge]"
        told = answered(body)
        assert {*told["scores"]} == {"empathy", "presence"}
        assert 0 <= told["scores"]["empathy"]["score"] <= 3
        assert 0 <= told["scores"]["presence"]["score"] <= 10
        for score in told["scores"].values():
            assert bool(score["evidence"]) == bool(score["score"])
            assert all(words and words in reply for words in score["evidence"])
        assert told["violations"] == []


def test_other_requests_and_other_seeds_get_other_words() -> None:
    assert len({told["message"] for told in many("supporter", 100)}) > 50
    assert len({words_for(asked(role="seeker", seed=seed), Behaviour(), 0) for seed in range(20)}) > 15


def test_an_answer_is_decided_by_what_is_asked_and_not_by_how_it_is_sent() -> None:
    body = asked(role="seeker", exchanges=2)
    assert answered(body) == answered(
        {**body, "stream": True, "stream_options": {}, "user": "me", "response_format": {"type": "json_object"}}
    )
    assert words_for(body, Behaviour(), 0) == words_for(body, Behaviour(), 99)


def test_sentences_take_up_words_that_the_other_said() -> None:
    said = " ".join(told["message"] for told in many("seeker", 100, exchanges=2))
    assert "'mountains'" in said
    assert "{word}" not in said


def test_nobody_says_a_sentence_twice_while_there_is_another() -> None:
    body, before = asked(role="seeker", exchanges=1), ""
    for _ in range(15):
        message = answered(body, close_after=None)["message"]
        assert message not in before
        before += message
        body["messages"][-1:-1] = [{"role": "assistant", "content": message}, {"role": "user", "content": "Go on."}]


def test_what_was_said_last_is_read_in_the_task_or_before_it() -> None:
    def taken_up(messages: list[dict[str, Any]]) -> str:
        return " ".join(answered({**asked(role="supporter", seed=n), "messages": messages})["message"] for n in range(60))

    system = {"role": "system", "content": "[vigil role: supporter]"}
    told = [
        {"role": "user", "content": "mountains"},
        {"role": "user", "content": "They have just said:\nrivers\n\nTheir instructions: forests"},
    ]
    assert "'rivers'" in taken_up([system, *told])
    assert "'mountains'" in taken_up([system, told[0], {"role": "user", "content": "Answer in forests"}])
    assert "forests" not in taken_up([system, *told]) + taken_up([system, {"role": "user", "content": "forests"}])


def test_a_role_is_told_by_the_last_such_line_of_the_first_message() -> None:
    body = asked(role="judge")
    assert role_of(body["messages"]) == "judge"
    body["messages"].append({"role": "user", "content": "[vigil role: seeker]"})
    assert role_of(body["messages"]) == "judge"
    body["messages"][0]["content"] = "[vigil role: seeker]\n[vigil role: supporter]"
    assert role_of(body["messages"]) == "supporter"
    assert role_of(asked()["messages"]) is None


def test_a_request_of_no_role_gets_a_plain_sentence() -> None:
    assert words_for(asked(), Behaviour(), 0) in phrases.PLAIN


def test_a_request_of_no_role_that_shows_an_object_gets_it_back() -> None:
    assert answered(asked('Answer with {"ok": true, "of": [1]} and nothing else.')) == {"ok": True, "of": [1]}
    assert words_for(asked("Answer with { and nothing else."), Behaviour(), 0) in phrases.PLAIN


def test_a_form_that_the_server_is_held_to_is_filled() -> None:
    schema = {
        "type": "object",
        "properties": {
            "ok": {"type": "boolean"},
            "level": {"enum": ["low", "high"]},
            "n": {"type": "integer", "minimum": 2},
            "words": {"type": "array"},
            "inner": {"type": "object", "properties": {"s": {"type": ["string", "null"]}}},
        },
    }
    told = answered(asked(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}))
    assert told == {"ok": True, "level": "low", "n": 2, "words": [], "inner": {"s": "yes"}}
    assert answered(asked(response_format={"type": "json_object"})) == {}


@pytest.mark.parametrize("role", ["seeker", None])
def test_a_server_without_structured_output_answers_in_plain_words(role: str | None) -> None:
    body = asked('Like {"ok": true}', role=role, response_format={"type": "json_object"})
    assert words_for(body, Behaviour(structured="ignored"), 0) in phrases.PLAIN


def test_json_is_asked_for_by_a_role_or_by_a_form() -> None:
    assert [json_asked(body) for body in (asked(), asked(role="seeker"), asked(response_format={}))] == [False, True, True]


def test_fixed_words_are_said_to_all_and_listed_ones_one_by_one(chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["so it is", "unused"])
    assert [text(chat_server, asked(word)) for word in "ab"] == ["so it is"] * 2
    chat_server.set(answers="list", texts=["first", "second"], script=[None, "server_error"])
    assert text(chat_server, asked("a")) == "first"
    with pytest.raises(Exception, match="500"):
        text(chat_server, asked("b"))
    assert [text(chat_server, asked("c")) for _ in range(2)] == ["second"] * 2
