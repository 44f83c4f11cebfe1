"""The registry: events become payloads and come back the same, old versions are lifted, gaps are refused when it is built."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from agents import Violation
from store import (
    VOCABULARY,
    Event,
    EventRefused,
    NewerEventVersion,
    Registry,
    SqlLog,
    UnknownEventType,
    VariantJudged,
    export,
    import_lines,
    verify,
)
from store.hashing import GENESIS, event_hash
from store.records import Row
from tests.store.given import C
from tests.store.raw import Raw
from tests.store.strategies import events

REGISTRY = Registry()


class Noted(Event):
    """A test's own event; its third version names who noted, and how loud it was."""

    type = "noted"
    schema_version = 3
    text: str
    by: str
    loudness: float


def _noted_1(old: dict[str, Any]) -> dict[str, Any]:
    return {"text": old["words"], "by": "unknown"}


def _noted_2(old: dict[str, Any]) -> dict[str, Any]:
    return {**old, "loudness": 0.5}


NOTES = Registry([Noted], {("noted", 1): _noted_1, ("noted", 2): _noted_2})


@given(event=events())
@settings(max_examples=150, deadline=None)
def test_any_valid_event_comes_back_the_same_to_the_byte(event: Event) -> None:
    payload = REGISTRY.encode(event)
    decoded = REGISTRY.decode(event.type, event.schema_version, payload)
    assert decoded == event
    assert type(decoded) is type(event)
    assert REGISTRY.encode(decoded) == payload


def test_the_vocabulary_names_every_event_once() -> None:
    assert len(VOCABULARY) == 16
    assert len(REGISTRY.types) == 16
    assert {name: version for name, version in REGISTRY.types.items() if version != 1} == {
        **dict.fromkeys(("conversation_started", "reaction_foreseen", "seeker_spoke"), 3),
        **dict.fromkeys(("model_failed", "model_replied", "variant_judged"), 2),
    }


def test_a_payload_is_readable_json_with_the_fields_of_the_event() -> None:
    event = VariantJudged(turn=1, variant="1a", judge="verifiers@1", scores={"Wärme": 2}, evidence={"Wärme": ("still – “here”",)})
    payload = REGISTRY.encode(event)
    assert json.loads(payload) == event.model_dump(mode="json")
    assert "still – “here”" in payload


def test_an_old_judgement_is_lifted() -> None:
    old = {
        "turn": 3,
        "variant": "3b",
        "judge": "safety@1",
        "scores": {"safety": 0.0, "warmth": 1.5},
        "evidence": ["just stop"],
        "violations": ["no-directive: just stop: now"],
    }
    assert REGISTRY.decode("variant_judged", 1, json.dumps(old)) == VariantJudged(
        turn=3,
        variant="3b",
        judge="safety@1",
        scores={"safety": 0, "warmth": 1.5},
        evidence={"safety": ("just stop",), "warmth": ("just stop",)},
        violations=(Violation(rule="no-directive", words="just stop: now"),),
    )


@pytest.mark.parametrize(
    "old",
    [
        '{"turn":1}',
        "[]",
        "7",
        "{",
        '{"turn":1,"variant":"1a","judge":"a@1","scores":[1]}',
        '{"turn":1,"variant":"1a","judge":"a@1","scores":{},"violations":["no colon"]}',
    ],
)
def test_an_old_payload_that_is_not_what_its_version_wrote_is_refused(old: str) -> None:
    with pytest.raises(EventRefused, match="variant_judged version 1 cannot be lifted"):
        REGISTRY.decode("variant_judged", 1, old)


def test_what_an_upcaster_makes_is_validated() -> None:
    with pytest.raises(EventRefused, match="turn: "):
        REGISTRY.decode("variant_judged", 1, '{"turn":0,"variant":"1a","judge":"a@1","scores":{}}')


def test_an_old_row_in_a_log_is_read_as_new_and_stays_as_it_is(log: SqlLog, raw: Raw) -> None:
    payload = '{"turn":1,"variant":"1a","judge":"verifiers@1","scores":{"empathy":2.0},"evidence":["I hear you"]}'
    row = Row(bytes(range(16)), "c-1", 1, "variant_judged", 1, 1_700_000_000_000_000, payload)
    hash_ = event_hash(GENESIS, row).hex()
    event = {**row._asdict(), "event_id": row.event_id.hex(), "hash": hash_, "kind": "event"}
    import_lines(
        log,
        [
            '{"kind":"log","lines":1,"log_id":"log-old","position":7,"chain":"","whole":false}',
            '{"kind":"stream","id":"c-1","parent":null,"fork_version":0}',
            json.dumps(event),
            '{"kind":"end","events":1,"streams":1}',
        ],
    )
    [found] = log.read(C)
    assert found.event == VariantJudged(
        turn=1, variant="1a", judge="verifiers@1", scores={"empathy": 2}, evidence={"empathy": ("I hear you",)}
    )
    [(version, stored, stored_hash)] = raw.execute("SELECT schema_version, payload, hash FROM event")
    assert (version, stored, bytes(stored_hash).hex(), found.hash.hex()) == (1, payload, hash_, hash_)
    assert verify(log).problems == []
    assert json.loads(list(export(log))[2]) == event


def test_two_upcasters_work_one_after_the_other() -> None:
    assert NOTES.decode("noted", 1, '{"words":"rain"}') == Noted(text="rain", by="unknown", loudness=0.5)
    assert NOTES.decode("noted", 2, '{"text":"rain","by":"me"}') == Noted(text="rain", by="me", loudness=0.5)
    assert NOTES.decode("noted", 3, '{"text":"rain","by":"me","loudness":1}') == Noted(text="rain", by="me", loudness=1)


def test_a_log_may_speak_another_vocabulary(log: SqlLog) -> None:
    notes = SqlLog(log.database, NOTES)
    notes.append(C, 0, [Noted(text="rain", by="me", loudness=0)])
    assert verify(notes).clean
    with pytest.raises(UnknownEventType, match=r"Position 1 \(c-1, version 1\) of .*'noted' is not an event that this Vigil knows"):
        log.read(C)
    with pytest.raises(UnknownEventType, match="'noted'"):
        log.page()


def test_a_gap_in_the_versions_is_refused_when_the_registry_is_built() -> None:
    with pytest.raises(ValueError, match="noted is at version 3 but nothing lifts version 1"):
        Registry([Noted], {("noted", 2): _noted_2})
    with pytest.raises(ValueError, match="noted is at version 3 but nothing lifts version 2"):
        Registry([Noted], {("noted", 1): _noted_1})


@pytest.mark.parametrize("lifted", [("noted", 3), ("noted", 4), ("sung", 1)])
def test_an_upcaster_that_leads_nowhere_is_refused(lifted: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match=f"lifts {lifted[0]} {lifted[1]}, which leads to no current event"):
        Registry([Noted], {("noted", 1): _noted_1, ("noted", 2): _noted_2, lifted: _noted_2})


@pytest.mark.parametrize("version", [3, 99, 0, -1])
def test_a_version_that_this_vigil_does_not_know_is_refused(version: int) -> None:
    with pytest.raises(NewerEventVersion, match=rf"variant_judged has version {version}; this Vigil reads 1 to 2\. Update Vigil"):
        REGISTRY.decode("variant_judged", version, "{}")


def test_an_unknown_type_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(UnknownEventType, match=r"'seeker_spoken' is not an event .* Did you mean 'seeker_spoke'\?"):
        REGISTRY.decode("seeker_spoken", 1, "{}")
