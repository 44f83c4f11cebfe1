"""How fast turns are appended: against the bare driver, another event store, and the same tables through objects."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.sqlite import SQLiteFactory
from sqlalchemy import Engine
from sqlalchemy import event as engine_events
from sqlmodel import Session, create_engine

from agents import Ids, StreamId, wall_clock
from store import Event, SqlLog, StoreSettings, open_log
from store.sqlite import PAGE_SIZE
from store.tables import EventRow, ddl
from tests.benchmarks.content import PER_TURN, turns
from tests.benchmarks.harness import Bench, Row, at_least, medians

Durability = Literal["normal", "full"]
Work = Callable[[], object]
_CONVERSATIONS, _TURNS = 25, 20
_EVENTS = _CONVERSATIONS * _TURNS * PER_TURN
_RATE = "events/s"
_ROW = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def against_raw_normal(bench: Bench) -> list[Row]:
    """The price of validation, hashes and guards."""
    return [_against_raw(bench, "normal", 0.50)]


def against_raw_full(bench: Bench) -> list[Row]:
    """The same where each turn waits for the disk."""
    return [_against_raw(bench, "full", 0.85)]


def _against_raw(bench: Bench, durability: Durability, floor: float) -> Row:
    files, rows = _Files(bench.folder), _rows(bench.folder)
    ours, raw = medians(lambda: _vigil(files.new(), durability), lambda: _raw(files.new(), durability, rows))
    return Row(
        f"append turns of 8 events of ~1 KB through the public API, validated and hashed, {durability.upper()}",
        _EVENTS / ours,
        _RATE,
        f"raw sqlite3.executemany of the same rows, same pragmas, {durability.upper()}",
        _EVENTS / raw,
        (at_least(floor),),
    )


def against_eventsourcing(bench: Bench) -> list[Row]:
    """What another event store makes of the same events."""
    files = _Files(bench.folder)
    ours, theirs = medians(lambda: _vigil(files.new(), "normal"), lambda: _eventsourcing(files.new()))
    reference = "the eventsourcing package on SQLite, same pragmas, through its own serialisation"
    return [Row("append, NORMAL", _EVENTS / ours, _RATE, reference, _EVENTS / theirs, (at_least(1.0),))]


def against_sqlmodel(bench: Bench) -> list[Row]:
    """What the same events cost as objects of a session."""
    files = _Files(bench.folder)
    ours, theirs = medians(lambda: _vigil(files.new(), "normal"), lambda: _sqlmodel(files.new()))
    return [
        Row(
            "append, NORMAL",
            _EVENTS / ours,
            _RATE,
            "SQLModel session.add_all of the same events, a session a turn",
            _EVENTS / theirs,
            (at_least(4.0),),
        )
    ]


class _Files:
    """New files in a folder: each round starts from an empty database."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def new(self) -> Path:
        for old in self._folder.glob(f"{self._count}.db*"):
            old.unlink()
        self._count += 1
        return self._folder / f"{self._count}.db"


@contextmanager
def _vigil(path: Path, durability: Durability) -> Iterator[Work]:
    said, ids = turns(_TURNS), Ids()
    streams = [ids.conversation() for _ in range(_CONVERSATIONS)]
    with open_log(StoreSettings(log=str(path), durability=durability), create=True) as log:
        yield lambda: _append(log, streams, said)


def _append(log: SqlLog, streams: Sequence[StreamId], said: Sequence[Sequence[Event]]) -> None:
    for stream in streams:
        for number, events in enumerate(said):
            log.append(stream, number * PER_TURN, events)


def _rows(folder: Path) -> list[list[tuple[Any, ...]]]:
    """What the log itself wrote for these turns, turn by turn."""
    path = folder / "sample.db"
    with _vigil(path, "normal") as work:
        work()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM event ORDER BY position").fetchall()
    return [rows[start : start + PER_TURN] for start in range(0, len(rows), PER_TURN)]


@contextmanager
def _raw(path: Path, durability: Durability, rows: Sequence[Sequence[tuple[Any, ...]]]) -> Iterator[Work]:
    with closing(_connected(path, durability)) as connection:
        yield lambda: _insert(connection, rows)


def _insert(connection: sqlite3.Connection, rows: Sequence[Sequence[tuple[Any, ...]]]) -> None:
    for of_turn in rows:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_ROW, of_turn)
        connection.execute("COMMIT")


def _connected(path: Path, durability: Durability) -> sqlite3.Connection:
    """The log's tables, indexes and pragmas without its guards, and the streams that its rows refer to."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in ddl("sqlite"):
        if statement.startswith("CREATE TABLE"):
            connection.execute(statement)
    _set_pragmas(connection, durability)
    connection.executemany("INSERT INTO stream VALUES (?, ?, NULL, 0)", [(key, f"c-{key}") for key in range(1, _CONVERSATIONS + 1)])
    return connection


def _set_pragmas(connection: sqlite3.Connection, durability: Durability) -> None:
    """Those that the log sets on each of its connections."""
    for pragma in (f"synchronous = {durability}", "recursive_triggers = ON", "foreign_keys = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")


class Fact(DomainEvent):
    """An event as the other store keeps it: a domain event of its own kind, with the same fields."""

    kind: str
    schema_version: int
    content: dict[str, Any]


class _Conversations(Application[Any]):
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": "eventsourcing.sqlite"}


@contextmanager
def _eventsourcing(path: Path) -> Iterator[Work]:
    _connected(path, "normal").close()  # the page size and WAL are kept in the file
    application = _Conversations(env={"SQLITE_DBNAME": str(path)})
    try:
        assert isinstance(application.factory, SQLiteFactory)
        with application.factory.datastore.transaction(commit=False) as cursor:
            cursor.execute("COMMIT")
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute("BEGIN")
        facts = _facts()
        yield lambda: [application.save(*of_turn) for of_turn in facts]
        _assert_same_pragmas(application.factory)
    finally:
        application.close()


def _facts() -> list[list[Fact]]:
    said = turns(_TURNS)
    return [
        [_fact(conversation, number * PER_TURN + place, event) for place, event in enumerate(events, 1)]
        for conversation in [uuid4() for _ in range(_CONVERSATIONS)]
        for number, events in enumerate(said)
    ]


def _fact(conversation: UUID, version: int, event: Event) -> Fact:
    fields: dict[str, Any] = {
        "originator_id": conversation,
        "originator_version": version,
        "timestamp": Fact.create_timestamp(),
        "kind": event.type,
        "schema_version": event.schema_version,
        "content": event.model_dump(mode="json"),
    }
    return Fact(**fields)


def _assert_same_pragmas(factory: SQLiteFactory) -> None:
    """The pool must have gone on with the connection that was set up."""
    with factory.datastore.transaction(commit=False) as cursor:
        for pragma, wanted in (("synchronous", 1), ("journal_mode", "wal"), ("page_size", PAGE_SIZE)):
            cursor.execute(f"PRAGMA {pragma}")
            [found] = cursor.fetchone()
            if found != wanted:
                raise RuntimeError(f"the reference ran with {pragma} = {found}, not {wanted}")


@contextmanager
def _sqlmodel(path: Path) -> Iterator[Work]:
    """The log's own table as objects, a session for each turn, as one would write it without a store: no hash, no guard, no version."""
    _connected(path, "normal").close()
    engine = create_engine(f"sqlite:///{path}")
    engine_events.listen(engine, "connect", lambda connection, _: _set_pragmas(connection, "normal"))
    said, ids = turns(_TURNS), Ids()
    try:
        with Session(engine) as session:
            session.connection()
        yield lambda: _add_all(engine, said, ids)
    finally:
        engine.dispose()


def _add_all(engine: Engine, said: Sequence[Sequence[Event]], ids: Ids) -> None:
    position = 0
    for stream in range(1, _CONVERSATIONS + 1):
        for number, events in enumerate(said):
            rows = [
                EventRow(
                    position=position + place,
                    event_id=event_id,
                    stream=stream,
                    version=number * PER_TURN + place,
                    type=event.type,
                    schema_version=event.schema_version,
                    recorded_at=wall_clock(),
                    payload=event.model_dump_json(),
                    hash=bytes(32),
                    chain=bytes(32),
                )
                for place, (event_id, event) in enumerate(zip(ids.event_bytes(PER_TURN), events, strict=True), 1)
            ]
            position += PER_TURN
            with Session(engine) as session:
                session.add_all(rows)
                session.commit()
