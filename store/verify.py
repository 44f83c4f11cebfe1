"""Proof that a log is what was written: structure, both chains, contiguity, every payload, and anchors kept outside.

It reports everything that it finds and mends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from store.database import Session
from store.errors import DamagedLog, EventRefused, StoreError
from store.hashing import GENESIS, chain_hash, event_hash
from store.log import PAGE, SqlLog
from store.lookup import log_id
from store.records import Anchor, Row
from store.registry import Registry

MOST = 50
"""Problems kept with their words; beyond that they are only counted."""

_KINDS = (int, bytes, int, int, bytes, int, int, bytes, bytes, bytes)
"""What the columns of an event hold; a damaged row may hold anything."""


@dataclass
class Report:
    """What a verification saw."""

    events: int = 0
    streams: int = 0
    anchors: int = 0
    problem_count: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.problem_count == 0

    def add(self, problem: str) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST:
            self.problems.append(problem)


@dataclass
class _Stream:
    """A stream while the log is walked."""

    name: bytes
    parent: int | None
    fork_version: int
    version: int
    hash: bytes
    position: int = 0
    forks: dict[int, bytes] = field(default_factory=dict)
    """Hashes at the versions where branches start."""


def verify(log: SqlLog, anchors: Iterable[Anchor] = (), on_progress: Callable[[int], None] = lambda done: None) -> Report:
    """Walks the whole log once, in pages, and says all that is wrong with it."""
    report = Report()
    for problem in _self_check(log):
        report.add(problem)
    try:
        known = list(anchors)
        walk = _Walk(log, report, {anchor.position for anchor in known})
        for done in walk.pages():
            on_progress(done)
        _hold_against(known, walk, report)
    except StoreError as error:
        report.add(f"the log cannot be read to its end: {error}")
    return report


def _self_check(log: SqlLog) -> list[str]:
    try:
        return log.database.self_check()
    except StoreError as error:
        return [f"the database cannot check itself: {error}"]


def _hold_against(anchors: Iterable[Anchor], walk: _Walk, report: Report) -> None:
    for anchor in anchors:
        report.anchors += 1
        if anchor.log_id and anchor.log_id != walk.log_id:
            report.add(
                f"anchor {anchor.position} was taken of {anchor.log_id}, but this is {walk.log_id}: another log, or one that was made anew"
            )
        elif anchor.position > walk.position:
            report.add(f"events {walk.position + 1} to {anchor.position} are lost: an anchor saw the log at position {anchor.position}")
        elif anchor.position and walk.chains.get(anchor.position) != anchor.chain:
            report.add(f"the log up to position {anchor.position} is not the one that was anchored there")


class _Walk:
    """One pass over the log in commit order, recomputing all that can be recomputed."""

    def __init__(self, log: SqlLog, report: Report, anchored: set[int]) -> None:
        self._log, self._report, self._anchored = log, report, anchored
        self._registry: Registry = log.registry
        self.position = 0
        self.chains: dict[int, str] = {}
        self._chain = GENESIS
        as_bytes = log.database.as_bytes
        self._page = (
            f"SELECT position, event_id, stream, version, {as_bytes('type')}, schema_version, recorded_at, {as_bytes('payload')}, hash, chain "
            "FROM event WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        )
        with log.database.reading() as session:
            self.log_id = self._identity(session)
            # What is added from now on may be of streams that are not known here; it is another verification's.
            [(self._end,)] = session.execute("SELECT coalesce(max(position), 0) FROM event")
            self._streams = self._read_streams(session, as_bytes("name"))
        report.streams = len(self._streams)

    def pages(self) -> Iterator[int]:
        """Checks a page of events at a time and says how many are done."""
        last = -(2**63)
        while rows := self._next_page(last):
            for row in rows:
                if tuple(map(type, row)) == _KINDS:
                    self._check(row)
                else:
                    self._report.events += 1
                    self._report.add(f"position {row[0]}: a column holds no value of its kind")
            last = rows[-1][0]
            yield self._report.events
        for stream in self._streams.values():
            if stream.position == 0:
                self._report.add(f"stream {_text(stream.name)} has no event of its own")

    def _next_page(self, after: int) -> list[tuple[Any, ...]]:
        with self._log.database.reading() as session:
            return session.execute(self._page, (after, self._end, PAGE))

    def _identity(self, session: Session) -> str:
        try:
            return log_id(session)
        except IndexError:
            raise DamagedLog("the row that names the log is gone") from None

    def _read_streams(self, session: Session, name: str) -> dict[int, _Stream]:
        found = session.execute(f"SELECT id, {name}, parent, fork_version FROM stream ORDER BY id")
        streams: dict[int, _Stream] = {}
        for number, (id_, name_, parent, fork) in enumerate(found, 1):
            if not (type(id_) is type(fork) is int and type(name_) is bytes and (parent is None or type(parent) is int)):
                self._report.add(f"stream number {id_}: a column holds no value of its kind")
                continue
            if id_ != number:
                self._report.add(f"stream {_text(name_)} has number {id_} where {number} is due: a row of stream is lost or moved")
            streams[id_] = _Stream(bytes(name_), parent, fork, fork, GENESIS)
        for id_, stream in streams.items():
            if stream.parent is None:
                continue
            parent_stream = streams.get(stream.parent)
            if parent_stream is None or stream.parent >= id_:
                self._report.add(f"stream {_text(stream.name)} branches from a stream that is not there before it")
                stream.parent = None  # a parent that comes later could lead round in a circle
            else:
                self._remember_fork(streams, parent_stream, stream.fork_version)
        return streams

    def _remember_fork(self, streams: dict[int, _Stream], parent: _Stream, version: int) -> None:
        """The fork may lie in the parent's own part or in that of an ancestor."""
        while parent.parent is not None and version <= parent.fork_version and parent.parent in streams:
            parent = streams[parent.parent]
        parent.forks[version] = b""

    def _fork_hash(self, stream: _Stream) -> bytes | None:
        parent = self._streams.get(stream.parent) if stream.parent is not None else None
        while parent is not None:
            if found := parent.forks.get(stream.fork_version):
                return found
            parent = self._streams.get(parent.parent) if parent.parent is not None else None
        return None

    def _check(self, row: tuple[Any, ...]) -> None:
        position, event_id, stream_key, version, type_, schema, recorded_at, payload, hash_, chain = row
        say = self._report.add
        self._report.events += 1
        if position != self.position + 1:
            say(f"position {position} follows {self.position}: {'events are lost' if position > self.position else 'an event moved'}")
        self.position = position
        stream = self._streams.get(stream_key)
        if stream is None:
            say(f"position {position}: its stream is not in the log")
            stream = self._streams[stream_key] = _Stream(b"?", None, 0, version - 1, GENESIS)
        where = f"position {position} ({_text(stream.name)}, version {version})"
        if version != stream.version + 1:
            say(f"{where}: follows version {stream.version} of its stream")
        previous = self._previous(stream, where)
        try:
            kept = Row(bytes(event_id), stream.name.decode(), version, bytes(type_).decode(), schema, recorded_at, bytes(payload).decode())
            computed = event_hash(previous, kept)
            if computed != bytes(hash_):
                say(f"{where}: its columns do not give its hash; one of them, or what came before, was changed")
            self._registry.check(kept.type, schema, kept.payload)
        except UnicodeDecodeError:
            say(f"{where}: a text column is no text any more")
        except EventRefused as error:
            say(f"{where}: {error}")
        # Go on from what is stored, so that one change is reported once and not at each event after it.
        stream.version, stream.hash, stream.position = version, bytes(hash_), position
        if version in stream.forks:
            stream.forks[version] = bytes(hash_)
        if chain_hash(self._chain, position, bytes(hash_)) != bytes(chain):
            say(f"{where}: it does not continue the chain of the log; it, or what came before, was changed, lost or moved")
        self._chain = bytes(chain)
        if position in self._anchored:
            self.chains[position] = self._chain.hex()

    def _previous(self, stream: _Stream, where: str) -> bytes:
        if stream.parent is None or stream.position:
            return stream.hash
        found = self._fork_hash(stream)
        if found is None:
            self._report.add(f"{where}: the version that it branches from is not in the log before it")
        return found or GENESIS


def _text(name: bytes) -> str:
    return bytes(name).decode(errors="replace")
