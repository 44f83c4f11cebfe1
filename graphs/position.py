"""Where a session stands: enough to go on from any event, in any life of a conversation."""

from __future__ import annotations

from dataclasses import dataclass

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
    following: Spoken | None
    """What the Seeker will say next, where it was foreseen already."""
    unanswered: bool
    """Whether the Seeker has spoken in this turn and nobody has answered."""
    ended: bool


def position_of(stream: StreamId, conversation: Conversation) -> Position:
    """Where a conversation stands after its last event."""
    if conversation.started is None or conversation.settings is None:
        raise ValueError(f"{stream} has no first event")
    last = conversation.exchanges[-1] if conversation.exchanges else None
    opened = conversation.branches[-1].opened.overrides if conversation.branches else {}
    # A branch that changes the Seeker lets it hear the last reply again, with other ears.
    anew = bool({"persona", "luck"} & opened.keys()) and conversation.branches[-1].opened.version + 1 == conversation.version
    return Position(
        stream=stream,
        version=conversation.version,
        scene=conversation.scene(),
        settings=conversation.settings,
        seed=conversation.started.seed,
        luck=conversation.luck,
        following=None if anew or last is None else last.reaction(),
        unanswered=last is not None and last.chosen is None,
        ended=conversation.ended is not None,
    )
