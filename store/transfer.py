"""Moving a log, or some of its streams, between stores as JSON lines, with every hash intact.

It knows the line format; the first line says what is coming and the last that all of it came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents import StreamId
from store import lookup, writing
from store.database import ConstraintBroken, Session
from store.errors import EventRefused, TransferRefused, UnknownId
from store.hashing import GENESIS, event_hash
from store.log import SqlLog
from store.records import End, Row

LINES = 1
"""The version of the line format."""
_BATCH = 500
_KINDS = (bytes, str, int, str, int, int, str)
"""What the columns of a `Row` are."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    events: int
    already_there: int
    streams: int


def export(log: SqlLog, only: Sequence[StreamId] = ()) -> Iterator[str]:
    """The lines of a whole log, or of some streams and the ancestors that they need, in commit order."""
    wanted = _with_ancestors(log, only) if only else None
    anchor = log.anchor()
    yield _line(kind="log", lines=LINES, log_id=anchor.log_id, position=anchor.position, chain=anchor.chain, whole=wanted is None)
    parents = {info.id: (info.parent, info.fork_version) for info in log.streams()}
    seen: set[str] = set()
    events = 0
    for row, hash_ in _raw_events(log, anchor.position):
        if wanted is not None and row.stream not in wanted:
            continue
        if row.stream not in seen:
            seen.add(row.stream)
            parent, fork = parents[StreamId(row.stream)]
            yield _line(kind="stream", id=row.stream, parent=parent, fork_version=fork)
        events += 1
        yield _line(kind="event", hash=hash_.hex(), **{**row._asdict(), "event_id": row.event_id.hex()})
    yield _line(kind="end", events=events, streams=len(seen))


def _line(**content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _with_ancestors(log: SqlLog, only: Sequence[StreamId]) -> set[str]:
    parents = {info.id: info.parent for info in log.streams()}
    wanted: set[str] = set()
    for stream in only:
        if stream not in parents:
            raise UnknownId(f"There is no stream {stream} in this log. `sim.py log info --streams` shows the ids.")
        current: StreamId | None = stream
        while current is not None and current not in wanted:
            wanted.add(current)
            current = parents[current]
    return wanted


def _raw_events(log: SqlLog, upto: int) -> Iterator[tuple[Row, bytes]]:
    position = 0
    while position < upto:
        with log.database.reading() as session:
            rows = lookup.page(session, position, _BATCH)
        for place, event_id, stream, version, type_, schema, recorded_at, payload, hash_ in rows:
            if place > upto:
                return
            position = place
            yield Row(bytes(event_id), stream, version, type_, schema, recorded_at, payload), bytes(hash_)
        if not rows:
            return


def import_lines(
    log: SqlLog, lines: Iterable[str], source: str = "the export", on_progress: Callable[[int], None] = lambda done: None
) -> Imported:
    """Takes an export in, all of it or nothing; what the log has already is left as it is."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    importer = _Importer(log, source, on_progress)
    try:
        with log.database.writing() as session:
            for number, line in numbered:
                importer.take(session, number, line)
            return importer.finish(session)
    except ConstraintBroken as refused:
        raise importer.wrong(str(refused)) from None


class _Importer:
    """One import: it holds back events of one stream until they make a batch."""

    def __init__(self, log: SqlLog, source: str, on_progress: Callable[[int], None]) -> None:
        self._log, self._source, self._on_progress = log, source, on_progress
        self._number = 0
        self._started = False
        self._promised: int | None = None
        self._events = self._already_there = self._streams = 0
        self._end: End | None = None
        self._kept = 0
        """The version up to which the log has the current stream already."""
        self._waiting: list[Row] = []
        self._anchored: tuple[int, bytes] | None = None
        """Where a whole export must end in a log that was empty: only this sees lines of two streams that changed places."""
        self._without_events: set[str] = set()

    def take(self, session: Session, number: int, line: str) -> None:
        self._number = number
        if self._promised is not None:
            raise self.wrong("there is more after the line that ends the export")
        try:
            content = json.loads(line)
            kind = content.pop("kind")
            if kind != "log" and not self._started:
                raise self.wrong("the first line is not that of an export of a log")
            match kind:
                case "log":
                    self._begin(session, content)
                case "stream":
                    self._open(session, **content)
                case "event":
                    self._add(session, content)
                case "end":
                    self._promised = content["events"]
                case _:
                    raise self.wrong(f"unknown kind {kind!r}")
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise self.wrong(f"not a line of an export ({type(error).__name__}: {error})") from None

    def finish(self, session: Session) -> Imported:
        self._flush(session)
        if self._promised is None:
            raise TransferRefused(
                f"{self._source} is cut off after line {self._number}: the line that ends an export is missing. Export it again."
            )
        if self._promised != self._events:
            raise TransferRefused(f"{self._source} promised {self._promised:,} events and holds {self._events:,}. Export it again.")
        if self._without_events:
            raise TransferRefused(f"{self._source} has no events of {min(self._without_events)}: lines are lost. Export it again.")
        if self._anchored is not None and lookup.end_of_log(session) != self._anchored:
            raise TransferRefused(
                f"{self._source} does not give the anchor that its first line names: lines were changed or moved. Export it again."
            )
        return Imported(self._events - self._already_there, self._already_there, self._streams)

    def _begin(self, session: Session, content: dict[str, Any]) -> None:
        if content["lines"] > LINES:
            raise self.wrong(f"it has line format {content['lines']}; this Vigil reads up to {LINES}. Update Vigil")
        if content["whole"] and lookup.end_of_log(session) == (0, GENESIS):
            self._anchored = content["position"], bytes.fromhex(content["chain"])
        self._started = True

    def _open(self, session: Session, id: str, parent: str | None, fork_version: int) -> None:
        self._flush(session)
        if not isinstance(id, str) or not isinstance(parent, str | None) or not isinstance(fork_version, int):
            raise ValueError("a field has the wrong type")
        if parent is None and fork_version:
            raise self.wrong(f"{id} has no parent, so it cannot share {fork_version} versions with one")
        stream = StreamId(id)
        if lookup.end_of(session, stream) is not None:
            self._same_fork(session, stream, parent, fork_version)
            return
        try:
            writing.create_stream(session, stream, StreamId(parent) if parent else None, fork_version)
        except UnknownId as error:
            raise self.wrong(str(error)) from None
        self._streams += 1
        self._without_events.add(stream)

    def _same_fork(self, session: Session, stream: StreamId, parent: str | None, fork_version: int) -> None:
        found = lookup.fork_of(session, stream)
        if found != (parent, fork_version):
            raise self.wrong(
                f"{stream} branches from {found[0]} at {found[1]} in this log, and from {parent} at {fork_version} in the export"
            )

    def _add(self, session: Session, content: dict[str, Any]) -> None:
        claimed = bytes.fromhex(content.pop("hash"))
        row = Row(**{**content, "event_id": bytes.fromhex(content["event_id"])})
        if not all(isinstance(field, kind) for field, kind in zip(row, _KINDS, strict=True)) or len(row.event_id) != 16:
            raise ValueError("a field has the wrong type")
        self._events += 1
        self._without_events.discard(row.stream)
        if self._end is None or self._end.stream != row.stream or len(self._waiting) >= _BATCH:
            self._flush(session)
            self._end = self._end_of(session, row)
            self._kept = self._end.version
            self._hash = self._end.hash
        if 1 <= row.version <= self._kept:
            self._compare(session, row, claimed)
            return
        self._check(row)
        self._hash = event_hash(self._hash, row)
        if self._hash != claimed:
            raise self.wrong(
                f"version {row.version} of {row.stream} does not give its hash: the export was changed, or the streams differ before it"
            )
        self._waiting.append(row)

    def _end_of(self, session: Session, row: Row) -> End:
        stream = StreamId(row.stream)
        end = lookup.end_of(session, stream)
        if end is None:
            raise self.wrong(f"an event of {stream} comes before the line of its stream")
        if end.version == 0:
            parent, fork = lookup.fork_of(session, stream)
            if parent is not None:
                return End(end.key, stream, fork, lookup.hash_at(session, parent, fork))
        return end

    def _compare(self, session: Session, row: Row, claimed: bytes) -> None:
        stream = StreamId(row.stream)
        previous = lookup.hash_at(session, stream, row.version - 1) if row.version > 1 else GENESIS
        if not lookup.hash_at(session, stream, row.version) == claimed == event_hash(previous, row):
            raise self.wrong(f"version {row.version} of {row.stream} is in this log with other content. Import into another log")
        self._already_there += 1

    def _check(self, row: Row) -> None:
        expected = self._waiting[-1].version + 1 if self._waiting else self._kept + 1
        if row.version != expected:
            raise self.wrong(f"version {row.version} of {row.stream} comes where {expected} is due")
        try:
            self._log.registry.check(row.type, row.schema_version, row.payload)
        except EventRefused as error:
            raise self.wrong(str(error)) from None

    def _flush(self, session: Session) -> None:
        if self._waiting and self._end is not None:
            known = lookup.known_ids(session, [row.event_id for row in self._waiting])
            if known:
                raise self.wrong(str(writing.id_reused(next(iter(known.values())))))
            writing.add_rows(session, self._end, self._waiting)
            self._on_progress(self._events)
        self._waiting = []
        self._end = None

    def wrong(self, what: str) -> TransferRefused:
        """The error for the line in hand."""
        return TransferRefused(f"{self._source}, line {self._number}: {what.rstrip('.')}. Nothing was imported.")
