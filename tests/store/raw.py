"""The same log without Vigil: what somebody with the file or the server can do by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg


class Raw(Protocol):
    """A connection of somebody who does not use Vigil; `?` stands for a parameter."""

    errors: type[Exception]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    def unguarded(self, *statements: str) -> None:
        """Runs statements while the triggers are out of the way, and puts the triggers back."""
        ...


class RawSqlite:
    """As the `sqlite3` shell would: no pragma set."""

    errors: type[Exception] = sqlite3.Error

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def unguarded(self, *statements: str) -> None:
        triggers = self.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for name, _ in triggers:
            self.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            self.execute(statement)
        for _, sql in triggers:
            self.execute(sql)


class RawPostgres:
    """As `psql` would, for the owner of the server."""

    errors: type[Exception] = psycopg.Error

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        found = self._connection.execute(sql.replace("?", "%s"), parameters or None)
        return found.fetchall() if found.description else []

    def unguarded(self, *statements: str) -> None:
        for statement in ("SET session_replication_role = replica", *statements, "SET session_replication_role = origin"):
            self.execute(statement)


@contextmanager
def by_hand(place: str) -> Iterator[Raw]:
    """The log at `place`, opened behind Vigil's back."""
    if not place.startswith("postgresql://"):
        connection = sqlite3.connect(place, isolation_level=None, timeout=5)
        try:
            yield RawSqlite(connection)
        finally:
            connection.close()
        return
    url, schema = place.split("?schema=")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"SET search_path TO {schema}")
        yield RawPostgres(server)
