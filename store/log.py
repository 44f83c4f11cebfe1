"""The log: append-only streams of events with optimistic versions, branches and checkpoints, the same on every database.

It knows rows, versions and hashes; what an event means is left to its registry, and how bytes reach a disk to its database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from pydantic import ValidationError

from agents import Clock, EventId, Ids, StreamId, wall_clock
from store import lookup, writing
from store.database import ConstraintBroken, Database
from store.errors import CheckpointMoved, EventRefused, StoreError, StreamExists, UnknownId, VersionConflict
from store.events import Event
from store.hashing import GENESIS
from store.records import Anchor, Checkpoint, Draft, Head, LogInfo, StoredEvent, StreamInfo
from store.registry import Registry

PAGE = 1_000
"""Events per query when the whole log is read: no transaction stays open between pages."""


class Log(Protocol):
    """What a session, a batch or a projection may ask of the log; also answered across processes (`store/handover.py`)."""

    def append(self, stream: StreamId, expected_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None) -> Head:
        """Adds all of `events` to a stream that is at `expected_version` (0: it does not exist yet), or nothing."""
        ...

    def open_branch(
        self, branch: StreamId, parent: StreamId, at_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None
    ) -> Head:
        """Starts `branch` from `parent` as it was at `at_version`, with its first events."""
        ...

    def read(self, stream: StreamId, after: int = 0, upto: int | None = None) -> list[StoredEvent]:
        """The events of a stream with versions in (after, upto], through its ancestry."""
        ...

    def page(self, after_position: int = 0, limit: int = PAGE) -> list[StoredEvent]:
        """The next events of the whole log in commit order."""
        ...

    def head(self, stream: StreamId) -> Head: ...

    def anchor(self) -> Anchor:
        """Where the log ends now."""
        ...

    def streams(self, prefix: str = "", after: StreamId | None = None, limit: int | None = None) -> list[StreamInfo]:
        """The streams whose id starts with `prefix`, oldest first."""
        ...

    def children(self, stream: StreamId) -> list[StreamInfo]:
        """The branches that start from this stream."""
        ...

    def resolve(self, wanted: str) -> StreamId:
        """The stream that an id, a unique prefix or `last` means."""
        ...

    def checkpoint(self, name: str) -> Checkpoint:
        """How far a projection has come; at position 0 if it never ran."""
        ...

    def advance(self, checkpoint: Checkpoint, position: int, rows: Mapping[str, str | None]) -> Checkpoint:
        """Moves a projection on and keeps its rows (None removes one), both or neither."""
        ...


def read_all(log: Log, after_position: int = 0, upto: int | None = None) -> Iterator[StoredEvent]:
    """Every event after a position, in commit order, up to where the log ends when it gets there."""
    position = after_position
    while page := log.page(position):
        for stored in page:
            if upto is not None and stored.position > upto:
                return
            yield stored
        position = page[-1].position


class SqlLog:
    """The log on a SQL database."""

    def __init__(self, database: Database, registry: Registry | None = None, ids: Ids | None = None, clock: Clock = wall_clock) -> None:
        self.database = database
        self.registry = registry or Registry()
        self._ids = ids or Ids(clock)
        self._clock = clock
        self._payload = database.as_json("e.payload")

    def __enter__(self) -> SqlLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    def append(self, stream: StreamId, expected_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None) -> Head:
        drafts = self._drafts(events, event_ids)
        try:
            with self.database.writing() as session:
                end, log = lookup.ends(session, stream)
                if (end.version if end else 0) == expected_version:
                    end = end or writing.create_stream(session, stream)
                    return writing.add(session, end, log, drafts, self._clock())
        except ConstraintBroken as refused:
            raise self._explain(refused, drafts) from None
        return self._already_there(stream, expected_version, drafts)

    def open_branch(
        self, branch: StreamId, parent: StreamId, at_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None
    ) -> Head:
        drafts = self._drafts(events, event_ids)
        try:
            with self.database.writing() as session:
                end, log = lookup.ends(session, branch)
                if end is None:
                    end = writing.create_stream(session, branch, parent, at_version)
                    return writing.add(session, end, log, drafts, self._clock())
        except ConstraintBroken as refused:
            raise self._explain(refused, drafts) from None
        try:
            head = self._already_there(branch, at_version, drafts)
        except VersionConflict:
            raise _taken(branch) from None
        with self.database.reading() as session:
            if lookup.fork_of(session, branch) != (parent, at_version):
                raise _taken(branch)
        return head

    def read(self, stream: StreamId, after: int = 0, upto: int | None = None) -> list[StoredEvent]:
        with self.database.reading() as session:
            rows = lookup.events_of(session, stream, after, upto, self._payload)
            if not rows and lookup.end_of(session, stream) is None:
                raise _unknown(stream)
        return self._decoded(rows)

    def page(self, after_position: int = 0, limit: int = PAGE) -> list[StoredEvent]:
        with self.database.reading() as session:
            rows = lookup.page(session, after_position, limit, self._payload)
        return self._decoded(rows)

    def head(self, stream: StreamId) -> Head:
        with self.database.reading() as session:
            end = lookup.end_of(session, stream)
        if end is None:
            raise _unknown(stream)
        return Head(stream, end.version, end.hash)

    def anchor(self) -> Anchor:
        with self.database.reading() as session:
            position, chain = lookup.end_of_log(session)
            return Anchor(lookup.log_id(session), position, chain.hex(), self._clock())

    def chain_at(self, position: int) -> bytes | None:
        """The log-wide hash at a position; None if the log is shorter."""
        with self.database.reading() as session:
            return lookup.chain_at(session, position)

    def streams(self, prefix: str = "", after: StreamId | None = None, limit: int | None = None) -> list[StreamInfo]:
        with self.database.reading() as session:
            return lookup.streams(session, prefix, after, limit)

    def children(self, stream: StreamId) -> list[StreamInfo]:
        with self.database.reading() as session:
            return lookup.children(session, stream)

    def resolve(self, wanted: str) -> StreamId:
        with self.database.reading() as session:
            return lookup.resolve(session, wanted)

    def info(self) -> LogInfo:
        with self.database.reading() as session:
            return lookup.info(session, self.database.size_bytes(), self.database.as_bytes("payload"))

    def checkpoint(self, name: str) -> Checkpoint:
        with self.database.reading() as session:
            return lookup.checkpoint(session, name)

    def advance(self, checkpoint: Checkpoint, position: int, rows: Mapping[str, str | None]) -> Checkpoint:
        with self.database.writing() as session:
            now = lookup.checkpoint(session, checkpoint.name)
            if (now.position, now.chain) != (checkpoint.position, checkpoint.chain):
                raise CheckpointMoved(
                    f"Projection {checkpoint.name} is at position {now.position}, not {checkpoint.position}: "
                    "another process moved it. Read the checkpoint again and project from there."
                )
            if position < now.position:
                raise ValueError(f"a projection never goes back: {now.position} to {position}")
            chain = lookup.chain_at(session, position) if position else GENESIS
            if chain is None:
                raise CheckpointMoved(
                    f"Projection {checkpoint.name} cannot be at position {position}: the log is shorter. Run `sim.py log verify`."
                )
            writing.move_checkpoint(session, checkpoint.name, position, chain, rows)
            return lookup.checkpoint(session, checkpoint.name)

    def _drafts(self, events: Sequence[Event], event_ids: Sequence[EventId] | None) -> list[Draft]:
        if not events:
            raise ValueError("an append needs at least one event")
        if event_ids is None:
            ids = self._ids.event_bytes(len(events))
        else:
            ids = [writing.id_bytes(id_) for id_ in event_ids]
            if len(ids) != len(events) or len(set(ids)) != len(ids):
                raise ValueError(f"{len(events)} events need as many different event ids, got {len(set(ids))}")
        encode = self.registry.dump
        return [Draft(id_, *encode(event)) for id_, event in zip(ids, events, strict=True)]

    def _already_there(self, stream: StreamId, expected_version: int, drafts: Sequence[Draft]) -> Head:
        """A retry of a write that succeeded is a success; anything else is a conflict."""
        with self.database.reading() as session:
            end = lookup.end_of(session, stream)
            known = lookup.known_ids(session, [draft.event_id for draft in drafts])
            if known:
                return writing.confirm_retry(session, stream, expected_version, drafts, known)
        raise VersionConflict(stream, end.version if end else 0, expected_version)

    def _explain(self, refused: ConstraintBroken, drafts: Sequence[Draft]) -> StoreError:
        with self.database.reading() as session:
            known = lookup.known_ids(session, [draft.event_id for draft in drafts])
        return writing.id_reused(next(iter(known.values()))) if known else refused

    def _decoded(self, rows: Sequence[tuple[Any, ...]]) -> list[StoredEvent]:
        decoders = self.registry.decoders
        try:
            return [
                StoredEvent(position, id_.hex(), stream, version, recorded_at, hash_, decoders[type_, schema](payload))
                for position, id_, stream, version, type_, schema, recorded_at, payload, hash_ in rows
            ]
        except (KeyError, ValidationError):
            return self._decoded_with_care(rows)

    def _decoded_with_care(self, rows: Sequence[tuple[Any, ...]]) -> list[StoredEvent]:
        """The same where some row is not in its current version, or not what it should be."""
        decode = self.registry.decode
        try:
            return [
                StoredEvent(position, id_.hex(), stream, version, recorded_at, hash_, decode(type_, schema, payload))
                for position, id_, stream, version, type_, schema, recorded_at, payload, hash_ in rows
            ]
        except EventRefused as error:
            raise self._where(rows, error) from None

    def _where(self, rows: Sequence[tuple[Any, ...]], error: EventRefused) -> EventRefused:
        for position, _, stream, version, type_, schema, _, payload, _ in rows:
            try:
                self.registry.decode(type_, schema, payload)
            except EventRefused as found:
                return type(found)(f"Position {position} ({stream}, version {version}) of {self.database.name}: {found}")
        return error


def _taken(branch: StreamId) -> StreamExists:
    return StreamExists(f"{branch} exists already. Choose a new id for the branch.")


def _unknown(stream: StreamId) -> UnknownId:
    return UnknownId(f"There is no stream {stream} in this log. `sim.py log info` shows what it holds.")
