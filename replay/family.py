"""The lives of one conversation: a root, its branches and theirs, with how each ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agents import StreamId
from replay.conversation import Conversation, Forked
from replay.summaries import load, outcome
from store import Log, StreamInfo


@dataclass(frozen=True)
class Life:
    """One life of a conversation."""

    id: StreamId
    conversation: Conversation
    forked: Forked | None
    """How it left its parent; None for the root."""
    children: tuple[Life, ...]

    def as_json(self) -> dict[str, object]:
        distress = self.conversation.distress() or (None, None)
        return {
            "id": self.id,
            "at": self.forked.turn if self.forked else 1,
            "overrides": self.forked.opened.overrides if self.forked else {},
            "reason": self.forked.opened.reason if self.forked else "",
            "turns": len(self.conversation.exchanges),
            "outcome": outcome(self.conversation.ended),
            "distress_first": distress[0],
            "distress_last": distress[1],
            "children": [child.as_json() for child in self.children],
        }


def root_of(log: Log, stream: StreamId) -> StreamId:
    """Where a life began."""
    infos = {info.id: info for info in log.streams()}
    while (parent := infos[stream].parent) is not None:
        stream = parent
    return stream


def family(log: Log, root: StreamId) -> Life:
    """A conversation with all that branched from it."""
    return _life(log, root, None)


def _life(log: Log, stream: StreamId, info: StreamInfo | None) -> Life:
    conversation = load(log, stream)
    children = sorted(log.children(stream), key=lambda child: (child.fork_version, child.first_position))
    return Life(stream, conversation, conversation.branches[-1] if info else None, tuple(_life(log, child.id, child) for child in children))


def walk(life: Life, depth: int = 0) -> Iterator[tuple[int, Life]]:
    """A life and all that came of it, with how deep each lies."""
    yield depth, life
    for child in life.children:
        yield from walk(child, depth + 1)
