"""Proving a session again: everything the same, or the first event that is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from graphs.verifying import Verdict, verify_session
from store import SeekerSpoke, SqlLog, StoredEvent, VariantChosen, VariantJudged, VariantProposed
from tests.graphs.given import branched, finish, played, start
from tests.graphs.test_session import Fake


def verdict(stored: Sequence[StoredEvent]) -> Verdict:
    return asyncio.run(verify_session(stored))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"chooser": "sampled"},
        {"chooser": "care:0.2"},
        {"look_ahead": 2},
        {"look_ahead": 0},
        {"cold": True},
        {"care_levels": (0.1, 0.9)},
    ],
)
def test_every_event_of_a_session_is_made_again(log: SqlLog, changes: dict[str, object]) -> None:
    stored = log.read(played(log, 6, turn_limit=8, **changes))
    found = verdict(stored)
    assert found.same, (found.found, found.expected)
    assert found.compared == len(stored) - 1


@pytest.mark.parametrize(
    "override",
    [
        {"choose": "?"},
        {"say": "I'm here."},
        {"seeker_says": "It's about the horse."},
        {"care_level": 0.8},
        {"persona": {"csi.directness": 95}},
        {"luck": 2},
    ],
)
def test_every_event_of_a_branch_is_made_again(log: SqlLog, override: dict[str, object]) -> None:
    parent = played(log, 6, turn_limit=8)
    if override == {"choose": "?"}:
        chosen = next(s.event.variant for s in log.read(parent) if isinstance(s.event, VariantChosen) and s.event.turn == 4)
        override = {"choose": next(name for name in ("cool", "warm") if name != chosen)}
    branch = branched(log, parent, 4, **override)
    again = branched(log, branch, 6, luck=9)
    for stream in (branch, again):
        found = verdict(log.read(stream))
        assert found.same, (found.found, found.expected)


def test_a_session_with_a_person_is_made_again_from_their_words(log: SqlLog) -> None:
    supporter = finish(log, start(log, chooser="human", turn_limit=3), Fake("2", "I hear you.", "1"))
    seeker = finish(
        log,
        start(log, models={"seeker": "human", "supporter": "builtin", "judge": "builtin"}, turn_limit=2),
        Fake("The dog died.", "Yes, on Monday."),
    )
    for stream in (supporter, seeker):
        found = verdict(log.read(stream))
        assert found.same, (found.found, found.expected)


def test_a_stopped_session_is_proven_as_far_as_it_goes(log: SqlLog) -> None:
    stored = log.read(played(log, 6, turn_limit=8))
    assert verdict(stored[:30]).same


def changed(stored: list[StoredEvent], kind: type, turn: int, **update: object) -> tuple[list[StoredEvent], int]:
    index = next(i for i, s in enumerate(stored) if isinstance(s.event, kind) and s.event.turn == turn)  # type: ignore[attr-defined]
    return [*stored[:index], stored[index]._replace(event=stored[index].event.model_copy(update=update)), *stored[index + 1 :]], index + 1


@pytest.mark.parametrize(
    ("kind", "update"),
    [
        (SeekerSpoke, {"message": "Something else."}),
        (SeekerSpoke, {"private_thought": "Something else."}),
        (VariantProposed, {"message": "Something else."}),
        (VariantJudged, {"scores": {"reward": 0.1}}),
        (VariantChosen, {"reason": "a whim"}),
    ],
)
def test_the_first_event_that_differs_is_named(log: SqlLog, kind: type, update: dict[str, object]) -> None:
    stored, version = changed(log.read(played(log, 6, turn_limit=6)), kind, 3, **update)
    found = verdict(stored)
    assert not found.same
    assert found.version == version
    assert found.found != found.expected


def test_events_after_the_end_are_named(log: SqlLog) -> None:
    stored = log.read(played(log, 6, turn_limit=2))
    found = verdict([*stored, stored[1]])
    assert found.version == len(stored) + 1
