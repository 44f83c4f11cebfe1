"""Golden payloads: one file per event type and version, kept forever, so that no change of the code changes how the past is read.

A new version of an event gets a new file beside the old ones; no file here is ever edited.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents import Violation
from store import VOCABULARY, ConversationStarted, Event, ReactionForeseen, Registry, SeekerSpoke, SqlLog, VariantJudged, verify
from tests.store.given import C

GOLDEN = Path(__file__).parent / "golden"
REGISTRY = Registry()
_FILES = sorted(GOLDEN.glob("*.json"))
_VERSIONS = [(model, version) for model in VOCABULARY for version in range(1, model.schema_version + 1)]


def _file(type_: str, version: int) -> Path:
    return GOLDEN / f"{type_}.v{version}.json"


def _payload(file: Path) -> str:
    return file.read_text(encoding="utf-8").removesuffix("\n")


def _named(file: Path) -> tuple[str, int]:
    type_, _, version = file.stem.partition(".v")
    return type_, int(version)


@pytest.mark.parametrize(("model", "version"), _VERSIONS)
def test_every_version_of_every_event_has_a_golden_file(model: type[Event], version: int) -> None:
    assert _file(model.type, version).is_file(), f"write {_file(model.type, version).name}, and never change it again"


def test_no_golden_file_is_left_without_an_event() -> None:
    assert {_named(file) for file in _FILES} == {(model.type, version) for model, version in _VERSIONS}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_every_golden_payload_is_read_as_the_current_event(file: Path) -> None:
    type_, version = _named(file)
    event = REGISTRY.decode(type_, version, _payload(file))
    assert event.type == type_
    assert event.schema_version == REGISTRY.types[type_]


@pytest.mark.parametrize("model", VOCABULARY)
def test_a_current_event_is_written_as_exactly_its_golden_bytes(model: type[Event]) -> None:
    payload = _payload(_file(model.type, model.schema_version))
    assert REGISTRY.encode(REGISTRY.decode(model.type, model.schema_version, payload)).encode() == payload.encode()


@pytest.mark.parametrize("model", VOCABULARY)
def test_a_golden_payload_fills_every_field_with_something_of_its_own(model: type[Event]) -> None:
    content = json.loads(_payload(_file(model.type, model.schema_version)))
    assert set(content) == set(model.model_fields)
    left_at_default = [
        name for name, field in model.model_fields.items() if not field.is_required() and content[name] in ("", [], {}, None)
    ]
    assert left_at_default == []


def test_the_judgement_of_version_1_says_this_today() -> None:
    evidence = ("Your hands remember him",)
    assert REGISTRY.decode("variant_judged", 1, _payload(_file("variant_judged", 1))) == VariantJudged(
        turn=1,
        variant="1b",
        judge="verifiers@1",
        scores={"empathy": 3.5, "pace": 3},
        evidence={"empathy": evidence, "pace": evidence},
        violations=(Violation(rule="one_question", words="What is the evening like: two questions in one"),),
    )


def test_events_of_version_1_say_nothing_of_what_came_later() -> None:
    spoke = REGISTRY.decode("seeker_spoke", 1, _payload(_file("seeker_spoke", 1)))
    foreseen = REGISTRY.decode("reaction_foreseen", 1, _payload(_file("reaction_foreseen", 1)))
    started = REGISTRY.decode("conversation_started", 1, _payload(_file("conversation_started", 1)))
    assert isinstance(spoke, SeekerSpoke)
    assert spoke.told == ()
    assert isinstance(foreseen, ReactionForeseen)
    assert (foreseen.told, foreseen.danger, foreseen.ahead) == ((), None, ())
    assert isinstance(started, ConversationStarted)
    assert (started.crisis.situation, started.crisis.cast) == ("", {})


def test_every_golden_event_goes_through_a_log_unchanged(log: SqlLog) -> None:
    events = [REGISTRY.decode(*_named(file), _payload(file)) for file in _FILES]
    log.append(C, 0, events)
    assert [found.event for found in log.read(C)] == events
    assert verify(log).problems == []
