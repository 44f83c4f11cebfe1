"""Sessions for tests of the graph: played into a real log, with the same settings each time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from agents import Guest, Ids, SessionSnapshot, StreamId
from graphs.branching import Override, follow, fork, open_branch
from graphs.person import Person
from graphs.playing import play_on
from graphs.position import Position, position_of
from graphs.session import Stage, begin, first_event
from replay import Conversation, load
from store import Event, Log, StoredEvent
from tests.agents.given import guest
from tests.talking import BUILTIN


def settings(**changes: Any) -> SessionSnapshot:
    return BUILTIN.model_copy(update=changes)


def start(log: Log, seed: int = 1, who: Guest | None = None, **changes: Any) -> Position:
    return begin(log, StreamId(Ids().conversation()), first_event(who or guest(seed), seed, settings(**changes)))


def finish(log: Log, position: Position, person: Person | None = None) -> StreamId:
    asyncio.run(play_on(position.stream, Stage(log, person=person)))
    return position.stream


def played(log: Log, seed: int = 1, who: Guest | None = None, **changes: Any) -> StreamId:
    """A whole session."""
    return finish(log, start(log, seed, who, **changes))


def branched(log: Log, parent: StreamId, turn: int, **override: Any) -> StreamId:
    """A branch, played to its end."""
    position, _ = opened(log, parent, turn, **override)
    return finish(log, position)


def opened(log: Log, parent: StreamId, turn: int, **override: Any) -> tuple[Position, list[Event]]:
    wanted = Override(**override)
    branch = StreamId(Ids().branch())
    position = open_branch(log, parent, branch, fork(log.read(parent), turn, wanted), wanted, reason="a test")
    return asyncio.run(follow(position, Stage(log)))


def events(log: Log, stream: StreamId) -> list[Event]:
    return [stored.event for stored in log.read(stream)]


def conversation(log: Log, stream: StreamId) -> Conversation:
    return load(log, stream)


def at(log: Log, stream: StreamId) -> Position:
    return position_of(stream, load(log, stream))


def payloads(stored: Sequence[StoredEvent]) -> list[str]:
    return [f"{one.event.type} {one.event.model_dump_json()}" for one in stored]
