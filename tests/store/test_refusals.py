"""Events that must not be kept forever: refused with the field named, on append and on import, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from agents import DialogueAct, Role, Violation
from store import (
    Event,
    EventRefused,
    ModelReplied,
    NewerEventVersion,
    Registry,
    SeekerSpoke,
    SqlLog,
    TransferRefused,
    UnknownEventType,
    VariantJudged,
    VariantProposed,
    import_lines,
)
from store.hashing import GENESIS, event_hash
from store.records import Row
from tests.store.given import C, said
from tests.stories import calm, started

HALF = "\ud83d"
SPOKE = SeekerSpoke(turn=1, message="a", act=DialogueAct.OPEN, affect=calm())
REPLIED = ModelReplied(
    purpose="seeker.speak",
    role=Role.SEEKER,
    request_key="k",
    model="builtin",
    text="a",
    prompt_tokens=1,
    completion_tokens=1,
    cost=0,
    latency_ms=1,
    attempt=1,
)
JUDGED = VariantJudged(turn=1, variant="1a", judge="verifiers@1", scores={"empathy": 1})


class Stranger(Event):
    """Not in the vocabulary."""

    type = "stranger"


class LaterSpoke(SeekerSpoke):
    """What a newer Vigil might write."""

    schema_version = 4


def _judged_with(**evidence: object) -> VariantJudged:
    """A judgement into which something was put after it was made."""
    judged = VariantJudged(turn=1, variant="1a", judge="verifiers@1", scores={"empathy": 1}, evidence={"empathy": ()})
    judged.evidence.update(evidence)  # type: ignore[arg-type]
    return judged


def _replied_with(parameters: dict[str, object]) -> ModelReplied:
    replied = REPLIED.model_copy(update={"parameters": {}})
    replied.parameters.update(parameters)  # type: ignore[arg-type]
    return replied


_APPENDED: dict[str, tuple[Event, str]] = {
    "2 MB": (SPOKE.model_copy(update={"message": "x" * 2_000_000}), "seeker_spoke: message makes the payload 2,0.* the limit is 1,000,000"),
    "2 MB in few characters": (SPOKE.model_copy(update={"private_thought": "雨" * 400_000}), "private_thought makes the payload 1,2"),
    "NUL": (SPOKE.model_copy(update={"message": "a\0b"}), "seeker_spoke: message holds a NUL"),
    "NUL within": (JUDGED.model_copy(update={"violations": (Violation(rule="r", words="a\0"),)}), r"violations\.0\.words holds a NUL"),
    "NUL in a dict": (REPLIED.model_copy(update={"parameters": {"stop": ["x", "\0"]}}), r"parameters\.stop\.1 holds a NUL"),
    "NUL in a key": (REPLIED.model_copy(update={"parameters": {"a": {"b\0": 1}}}), r"a key of parameters\.a .* holds a NUL"),
    "half a pair": (SeekerSpoke(**{**SPOKE.model_dump(), "private_thought": "a" + HALF}), "private_thought holds half of a surrogate pair"),
    "half a pair within": (_judged_with(tone=("ok", HALF)), r"evidence\.tone\.1 holds half"),
    "half a pair in a dict": (_replied_with({"stop": {"words": [HALF]}}), r"parameters\.stop\.words\.0 holds half"),
    "half a pair in a key": (_replied_with({"a": {HALF: 1}}), r"a key of parameters\.a .* holds half"),
    "NaN in a dict": (_replied_with({"temperature": float("nan")}), r"parameters\.temperature"),
    "no JSON": (_replied_with({"client": object()}), "parameters"),
    "another type put in later": (_judged_with(tone=7), r"evidence\.tone: Input should be .*found '?7"),
}


@pytest.mark.parametrize("case", _APPENDED)
def test_an_event_that_is_not_fit_is_refused_with_the_field_named(log: SqlLog, case: str) -> None:
    event, words = _APPENDED[case]
    with pytest.raises(EventRefused, match=words):
        log.append(C, 0, [*said("before"), event])
    assert log.streams() == []


_MADE: dict[str, tuple[Callable[[], Event], str]] = {
    "NaN": (lambda: SPOKE.model_copy(update={"affect": {**calm().model_dump(), "trust": float("nan")}}), "affect.trust"),
    "infinity": (lambda: JUDGED.model_copy(update={"scores": {"empathy": float("inf")}}), "scores.empathy"),
    "NaN where nothing may stand": (lambda: REPLIED.model_copy(update={"turn": float("nan")}), "turn"),
    "half a pair": (lambda: SPOKE.model_copy(update={"message": "a" + HALF}), "message"),
    "a bound": (lambda: SPOKE.model_copy(update={"turn": 0}), "turn"),
    "a bound within": (lambda: SPOKE.model_copy(update={"affect": {**calm().model_dump(), "hope": 101}}), "affect.hope"),
    "empty words": (lambda: SPOKE.model_copy(update={"message": ""}), "message"),
    "a judge without version": (lambda: JUDGED.model_copy(update={"judge": "verifiers"}), "judge"),
    "no such choice": (lambda: started().model_copy(update={"split": "holdout"}), "split"),
    "a missing field": (lambda: SeekerSpoke.model_construct(**{"turn": 1, "act": DialogueAct.OPEN, "affect": calm()}), "message"),
    "another type": (lambda: VariantProposed.model_construct(**SPOKE.__dict__), "variant"),
}


@pytest.mark.parametrize("case", _MADE)
def test_an_invalid_event_cannot_even_be_made(case: str) -> None:
    make, field = _MADE[case]
    with pytest.raises(ValidationError) as refused:
        make()
    assert field in {".".join(map(str, problem["loc"])) for problem in refused.value.errors()}


@pytest.mark.parametrize("event", [Stranger(), LaterSpoke(**SPOKE.model_dump())])
def test_an_event_outside_the_vocabulary_is_refused(log: SqlLog, event: Event) -> None:
    with pytest.raises(UnknownEventType, match=f"{type(event).__name__} is not in this log's vocabulary. Known: branch_opened, "):
        log.append(C, 0, [event])
    assert log.streams() == []


def test_nearly_as_much_as_the_limit_is_kept(log: SqlLog) -> None:
    log.append(C, 0, [SPOKE.model_copy(update={"message": "x" * 990_000}), SPOKE.model_copy(update={"message": "🙂" * 245_000})])
    assert [len(found.event.message) for found in log.read(C)] == [990_000, 245_000]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["\\u0000", "\\ud83d", "🙂", "\u2028", "\x7f", "a\r\n\tb", '"; DROP TABLE event; --', "\ufffe", "'%s ? %(x)s {0}"]
)
def test_words_that_only_look_dangerous_come_back_unchanged(log: SqlLog, text: str) -> None:
    log.append(C, 0, [SPOKE.model_copy(update={"message": text})])
    assert log.read(C)[0].event.message == text  # type: ignore[attr-defined]


def _lines(type_: str, version: int, payload: str) -> list[str]:
    """An export whose hashes are right and whose event is not."""
    row = Row(bytes(range(16)), "c-1", 1, type_, version, 1_700_000_000_000_000, payload)
    hash_ = event_hash(GENESIS, row).hex()
    return [
        '{"kind":"log","lines":1,"log_id":"log-x","position":1,"chain":"","whole":false}',
        '{"kind":"stream","id":"c-1","parent":null,"fork_version":0}',
        json.dumps({"kind": "event", "hash": hash_, **row._asdict(), "event_id": row.event_id.hex()}),
        '{"kind":"end","events":1,"streams":1}',
    ]


def _spoken(**changes: object) -> str:
    return json.dumps({**SPOKE.model_dump(mode="json"), **changes})


_IMPORTED: dict[str, tuple[Callable[[], list[str]], str]] = {
    "2 MB": (lambda: _lines("seeker_spoke", 3, _spoken(message="x" * 2_000_000)), "message makes the payload 2,0"),
    "NUL": (lambda: _lines("seeker_spoke", 3, _spoken(message="a\0")), "message holds a NUL"),
    "half a pair": (lambda: _lines("seeker_spoke", 3, _spoken(message=HALF)), "message holds half of a surrogate pair"),
    "half a pair in an old version": (
        lambda: _lines("variant_judged", 1, json.dumps({"turn": 1, "variant": HALF, "judge": "a@1", "scores": {}})),
        "variant holds half",
    ),
    "unknown type": (lambda: _lines("stranger", 1, "{}"), "'stranger' is not an event"),
    "newer version": (lambda: _lines("seeker_spoke", 4, _spoken()), "seeker_spoke has version 4; this Vigil reads 1 to 3"),
    "unknown field": (lambda: _lines("seeker_spoke", 3, _spoken(mood="grey")), "mood: Extra inputs are not permitted"),
    "invalid field": (lambda: _lines("seeker_spoke", 3, _spoken(turn=0)), "turn: "),
    "NaN": (
        lambda: _lines("variant_judged", 2, '{"turn":1,"variant":"a","judge":"a@1","scores":{"x":NaN}}'),
        r"scores\.x",
    ),
    "NaN in a dict": (
        lambda: _lines("conversation_imported", 1, '{"corpus":"c","row":"1","licence":"CC0","mapping":"m","notes":{"x":NaN}}'),
        r"notes\.x is not a finite number",
    ),
    "no JSON": (lambda: _lines("seeker_spoke", 3, "{"), "Invalid JSON"),
    "no JSON that names a NUL": (lambda: _lines("seeker_spoke", 3, '{"\\u0000'), "Invalid JSON"),
    "no object": (lambda: _lines("seeker_spoke", 3, "[]"), "seeker_spoke version 3 is not valid"),
    "too deep": (lambda: _lines("run_planned", 1, '{"conversations":[],"settings":{"x":' + "[" * 5_000 + "]" * 5_000 + "}}"), "not valid"),
}


@pytest.mark.parametrize("case", _IMPORTED)
def test_the_same_holds_for_what_is_imported(log: SqlLog, case: str) -> None:
    make, words = _IMPORTED[case]
    with pytest.raises(TransferRefused, match=f"the file, line 3: .*{words}.*Nothing was imported"):
        import_lines(log, make(), "the file")
    assert log.streams() == []


def test_reading_refuses_a_newer_event_with_its_place(log: SqlLog) -> None:
    later = SqlLog(log.database, Registry([LaterSpoke], {("seeker_spoke", 1): dict, ("seeker_spoke", 2): dict, ("seeker_spoke", 3): dict}))
    later.append(C, 0, [LaterSpoke(**SPOKE.model_dump())])
    with pytest.raises(NewerEventVersion, match=r"Position 1 \(c-1, version 1\) of .*: seeker_spoke has version 4; .* Update Vigil"):
        log.read(C)
