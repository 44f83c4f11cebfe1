"""The tables, declared once with SQLModel for SQLite and PostgreSQL, and the triggers that make them append-only.

It knows SQL's shapes and no event. Only creating a log, `sql-schema` and `verify` need it: importing SQLModel is slow.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, MetaData, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable
from sqlmodel import Field, SQLModel

Dialect = Literal["sqlite", "postgresql"]

_BIG = BigInteger().with_variant(Integer(), "sqlite")
_NAME = Text().with_variant(Text(collation="C"), "postgresql")  # compared byte by byte, as SQLite does
_STRICT = {"sqlite_strict": True}


class _Table(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()


def _column(kind: Any, *constraints: Any, **options: Any) -> Any:
    return Field(sa_column=Column(kind, *constraints, **{"nullable": False, **options}))


class LogRow(_Table, table=True):
    """The log itself: one row."""

    __tablename__ = "log"
    __table_args__ = (CheckConstraint("one = 1"), _STRICT)
    one: int = _column(Integer, primary_key=True, autoincrement=False)
    log_id: str = _column(Text)
    format: int = _column(Integer)
    created_at: int = _column(_BIG)


class StreamRow(_Table, table=True):
    """A stream; a branch is a row with a parent and the last version that they share."""

    __tablename__ = "stream"
    __table_args__ = (CheckConstraint("parent IS NOT NULL OR fork_version = 0"), _STRICT)
    id: int = _column(_BIG, primary_key=True, autoincrement=False)
    name: str = _column(_NAME, unique=True)
    parent: int | None = _column(_BIG, ForeignKey("stream.id"), nullable=True)
    fork_version: int = _column(_BIG)


class EventRow(_Table, table=True):
    """An event."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("stream", "version"), _STRICT)
    position: int = _column(_BIG, primary_key=True, autoincrement=False)
    event_id: bytes = _column(LargeBinary, unique=True)
    stream: int = _column(_BIG, ForeignKey("stream.id"))
    version: int = _column(_BIG)
    type: str = _column(Text)
    schema_version: int = _column(Integer)
    recorded_at: int = _column(_BIG)
    payload: str = _column(Text)
    hash: bytes = _column(LargeBinary)
    chain: bytes = _column(LargeBinary)


class ProjectionRow(_Table, table=True):
    """How far a projection has read: the one kind of row that moves."""

    __tablename__ = "projection"
    __table_args__ = (_STRICT,)
    name: str = _column(Text, primary_key=True)
    position: int = _column(_BIG)
    chain: bytes = _column(LargeBinary)


class ProjectedRow(_Table, table=True):
    """What a projection made of the events that it has read."""

    __tablename__ = "projected"
    __table_args__ = (_STRICT,)
    name: str = _column(Text, ForeignKey("projection.name"), primary_key=True)
    key: str = _column(Text, primary_key=True)
    value: str = _column(Text)


_APPEND_ONLY = ("log", "stream", "event")

_REFUSALS = {
    "event": {
        "the next position": "NEW.position <> 1 + coalesce((SELECT max(position) FROM event), 0)",
        "an unknown event id": "EXISTS (SELECT 1 FROM event WHERE event_id = NEW.event_id)",
        "the next version of its stream": (
            "NEW.version <> 1 + coalesce((SELECT max(version) FROM event WHERE stream = NEW.stream), "
            "(SELECT fork_version FROM stream WHERE id = NEW.stream), 0)"
        ),
    },
    "stream": {
        "the next id": "NEW.id <> 1 + coalesce((SELECT max(id) FROM stream), 0)",
        "an unknown name": "EXISTS (SELECT 1 FROM stream WHERE name = NEW.name)",
        "a parent that reaches its fork": (
            "NEW.parent IS NOT NULL AND NEW.fork_version > coalesce((SELECT max(version) FROM event WHERE stream = NEW.parent), "
            "(SELECT fork_version FROM stream WHERE id = NEW.parent), 0)"
        ),
    },
    "log": {"an empty table": "EXISTS (SELECT 1 FROM log)"},
}

_TIMELINE = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', e.recorded_at / 1e6, 'unixepoch') AS recorded_at, lower(hex(e.event_id)) AS event_id",
    "postgresql": "to_timestamp(e.recorded_at / 1e6) AS recorded_at, encode(e.event_id, 'hex') AS event_id",
}


def ddl(dialect: Dialect) -> list[str]:
    """Every statement that makes a new log, in order."""
    compiler: Any = sqlite.dialect() if dialect == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    tables = [" ".join(str(CreateTable(table).compile(dialect=compiler)).split()) for table in _Table.metadata.sorted_tables]
    guards = _sqlite_guards() if dialect == "sqlite" else _postgresql_guards()
    view = (
        f"CREATE VIEW timeline AS SELECT e.position, s.name AS stream, e.version, e.type, {_TIMELINE[dialect]}, e.payload "
        "FROM event e JOIN stream s ON s.id = e.stream"
    )
    return [*tables, *guards, view]


def _sqlite_guards() -> list[str]:
    guards = []
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            guards.append(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the log is append-only: {verb} on {table} is refused'); END"
            )
        checks = " ".join(
            f"SELECT RAISE(ABORT, 'the log is append-only: a new row of {table} needs {need}') WHERE {wrong};"
            for need, wrong in _REFUSALS[table].items()
        )
        guards.append(f"CREATE TRIGGER {table}_refuses_insert BEFORE INSERT ON {table} BEGIN {checks} END")
    return guards


def _postgresql_guards() -> list[str]:
    guards = [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$"
    ]
    for table in _APPEND_ONLY:
        checks = " ".join(
            f"IF {wrong} THEN RAISE EXCEPTION 'the log is append-only: a new row of {table} needs {need}'; END IF;"
            for need, wrong in _REFUSALS[table].items()
        )
        guards += [
            f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {checks} RETURN NEW; END $$",
            f"CREATE TRIGGER {table}_refuses_insert BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_{table}()",
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ]
    return guards
