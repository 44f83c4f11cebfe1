"""Where a session stands: enough to go on from any event, in any life of a conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from pydantic import JsonValue

from agents import Scene, SessionSnapshot, Spoken, StreamId
from replay import Conversation


@dataclass(frozen=True)
class Position:
    """A moment of a session between two appends."""

    stream: StreamId
    version: int
    scene: Scene
    settings: SessionSnapshot
    seed: int
    luck: int
    lineage: str
    """Which life this is, among all that may share its beginning: an answer of a model belongs to one life."""
    following: Spoken | None
    """What the Seeker will say next, where it was foreseen already."""
    unanswered: bool
    """Whether the Seeker has spoken in this turn and nobody has answered."""
    ended: bool
    opening: bool = False
    """Whether a branch was just opened and nothing has followed from it."""


def position_of(stream: StreamId, conversation: Conversation) -> Position:
    """Where a conversation stands after its last event."""
    if conversation.started is None or conversation.settings is None:
        raise ValueError(f"{stream} has no first event")
    last = conversation.exchanges[-1] if conversation.exchanges else None
    opened = conversation.branches[-1].opened.overrides if conversation.branches else {}
    # A branch that changes the Seeker lets it hear the last reply again, with other ears.
    anew = conversation.opening and bool({"persona", "luck"} & opened.keys() or "models.seeker" in _settings(opened))
    return Position(
        stream=stream,
        version=conversation.version,
        scene=conversation.scene(),
        settings=conversation.settings,
        seed=conversation.started.seed,
        luck=conversation.luck,
        lineage=_lineage(conversation),
        following=None if anew or last is None else last.reaction(),
        unanswered=last is not None and last.chosen is None,
        ended=conversation.ended is not None,
        opening=conversation.opening,
    )


def _settings(overrides: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    settings = overrides.get("settings")
    return settings if isinstance(settings, dict) else {}


def _lineage(conversation: Conversation) -> str:
    """The seed and every fork on the way, in few characters."""
    assert conversation.started is not None
    forks = [[forked.turn, forked.opened.overrides] for forked in conversation.branches]
    return sha256(json.dumps([conversation.started.seed, forks], sort_keys=True).encode()).hexdigest()[:16]
