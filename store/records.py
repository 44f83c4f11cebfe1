"""What the log hands out and takes in around an event: rows, heads, anchors, streams, checkpoints.

Plain values without behaviour; they know no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from agents import EventId, StreamId
from store.events import Event


class Row(NamedTuple):
    """An event as it is kept: every column but the position, in the order in which they are hashed."""

    event_id: bytes
    stream: str
    version: int
    type: str
    schema_version: int
    recorded_at: int
    """Microseconds since 1970, UTC."""
    payload: str


class Kind(NamedTuple):
    """A type of event in its current version."""

    type: str
    schema_version: int
    frame: bytes
    """Both, as they are hashed."""


class Draft(NamedTuple):
    """An event that is checked and encoded, and not yet anywhere."""

    event_id: bytes
    kind: Kind
    payload: bytes


class Known(NamedTuple):
    """An event that the log has already, found by its id."""

    event_id: bytes
    stream: str
    version: int
    type: str
    schema_version: int
    payload: str


class LogEnd(NamedTuple):
    """Where the whole log ends, as a writer needs it."""

    position: int
    chain: bytes


class End(NamedTuple):
    """Where a stream ends, as a writer needs it."""

    key: int
    """The stream's number in the database."""
    stream: StreamId
    version: int
    hash: bytes


class StoredEvent(NamedTuple):
    """An event that was read, with its place in the log."""

    position: int
    """Its place in the whole log: 1, 2, 3, … without a gap, in commit order."""
    event_id: EventId
    stream: StreamId
    """The stream that wrote it; for the shared part of a branch this is an ancestor."""
    version: int
    recorded_at: int
    hash: bytes
    event: Event


class Head(NamedTuple):
    """The end of a stream."""

    stream: StreamId
    version: int
    hash: bytes


@dataclass(frozen=True)
class Anchor:
    """Where a log ended at some moment: kept outside the database, it proves later that nothing before it was lost."""

    log_id: str
    position: int
    chain: str
    """The log-wide hash at that position, as hexadecimal digits."""
    taken_at: int = 0
    """Microseconds since 1970, UTC."""

    def __str__(self) -> str:
        return f"{self.position}:{self.chain}"


@dataclass(frozen=True)
class StreamInfo:
    """A stream and where it stands."""

    id: StreamId
    parent: StreamId | None
    fork_version: int
    """The last version shared with the parent; 0 for a root."""
    version: int
    first_position: int
    last_position: int
    started_at: int
    changed_at: int


@dataclass(frozen=True)
class LogInfo:
    """A log as a whole."""

    log_id: str
    format: int
    created_at: int
    events: int
    streams: int
    branches: int
    size_bytes: int
    payload_bytes: int
    types: Mapping[str, int]
    """Event type to count."""
    first_at: int | None
    last_at: int | None


@dataclass(frozen=True)
class Checkpoint:
    """How far a projection has read, and the rows that it made of it, which moved in the same transaction."""

    name: str
    position: int = 0
    chain: str = ""
    """The log-wide hash at that position: it shows a log that changed underneath."""
    rows: Mapping[str, str] = field(default_factory=dict)
