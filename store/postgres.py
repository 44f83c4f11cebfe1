"""The log in a PostgreSQL schema: the same tables, one writer at a time by an advisory lock, a new connection after a lost one.

It knows connections and locks; what the rows mean is left to the log.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, LiteralString
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import errors

from agents import MASK, redact, wall_clock
from store.database import FORMAT, ConstraintBroken, new_log_id
from store.errors import BadLogUrl, DamagedLog, LogBusy, LogNotFound, LogReadOnly, LogUnavailable, NewerLog, NotAVigilLog, StoreError
from store.settings import StoreSettings

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"(?<=://)(?P<user>[^:/?#@\s]*):(?!\d+[/?#])(?P<password>.*)(?=@)", re.DOTALL)
"""Up to the last @: a password that was not encoded for a URL may hold one. What is only digits before a / is a port."""
_NOT_FOR_A_URL = re.compile(r"[\s@/?#\[\]]|%(?![0-9A-Fa-f]{2})")


class _Transaction:
    """A session on an open connection."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._cursor = connection.cursor()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._cursor.execute(_query(sql), parameters)
        return self._cursor.fetchall() if self._cursor.description else []

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._cursor.executemany(_query(sql), rows)

    def text_from_bytes(self, parameter: str) -> str:
        return f"convert_from({parameter}, 'UTF8')"


def _query(sql: str) -> LiteralString:
    # The statements are this package's own; only their parameters come from outside.
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresDatabase:
    """One PostgreSQL schema that holds a log."""

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, url: str, settings: StoreSettings, *, create: bool = False) -> None:
        self._url, self._schema = _split(url)
        self.name = _shown(url)
        self._settings = settings
        self._thread_lock = threading.RLock()
        self._process = os.getpid()
        # Writers of one log wait for each other; logs in other schemas of the database are not held up.
        self._lock_key = int.from_bytes(hashlib.sha256(f"vigil:{self._schema}".encode()).digest()[:8], "big", signed=True)
        self._connection = self._connect()
        try:
            if create:
                self._create()
            self._look_inside()
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[_Transaction]:
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield _Transaction(self._connection)

    @contextmanager
    def writing(self) -> Iterator[_Transaction]:
        # The lock comes first and READ COMMITTED looks anew after it, so the next position is always the next.
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", f"SELECT pg_advisory_xact_lock({self._lock_key})"):
            yield _Transaction(self._connection)

    @contextmanager
    def _transaction(self, begin: LiteralString, lock: str | None = None) -> Iterator[None]:
        if os.getpid() != self._process:
            raise RuntimeError("a log was carried through fork(); open it again in the new process")
        handled = sys.exception()
        with self._thread_lock:
            try:
                self._begin(begin)
                if lock:
                    self._connection.execute(_query(lock))
                yield
                self._connection.execute("COMMIT")
            except BaseException as error:
                if interrupt := _interrupt_behind(error, handled):
                    self._connection.close()  # it may have stopped in the middle of a message; the server rolls back what it loses
                    raise interrupt from None
                self._roll_back()
                if isinstance(error, psycopg.Error):
                    raise self._translate(error) from error
                raise

    def _begin(self, begin: LiteralString) -> None:
        """Starts a transaction; a connection that broke since the last one is made anew, as nothing hangs on it."""
        try:
            self._connection.execute(begin)
        except psycopg.OperationalError:
            self._connection.close()
            self._connection = self._connect()
            self._connection.execute(begin)

    def _roll_back(self) -> None:
        if self._connection.closed or self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            return
        try:
            self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self._connection.close()  # the server rolls back what it loses

    def as_bytes(self, column: str) -> str:
        return f"convert_to({column}, 'UTF8')"

    def as_json(self, column: str) -> str:
        return column  # bytes travel as hexadecimal digits

    def size_bytes(self) -> int:
        with self.reading() as session:
            [(size,)] = session.execute(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = ? AND c.relkind = 'r'",
                (self._schema,),
            )
        return int(size or 0)

    def self_check(self) -> list[str]:
        from store.tables import ddl

        wanted = [statement.split()[2] for statement in ddl("postgresql") if statement.startswith("CREATE TRIGGER")]
        with self.reading() as session:
            found = session.execute(
                "SELECT t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = ? AND NOT t.tgisinternal",
                (self._schema,),
            )
        enabled = {name for name, state in found if state in ("O", "A", b"O", b"A")}
        return [f"missing or disabled: trigger {name}" for name in wanted if name not in enabled]

    def close(self) -> None:
        if os.getpid() == self._process:
            self._connection.close()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            connection = psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="vigil")
        except psycopg.ProgrammingError as error:
            raise BadLogUrl(
                f"{self.name} is not a PostgreSQL URL: {redact(str(error)).strip()}. Use postgresql://USER@HOST/DATABASE."
            ) from None
        except psycopg.OperationalError as error:
            reason = redact(str(error)).strip().splitlines()[-1]
            raise LogUnavailable(
                f"{self.name} cannot be reached: {reason}. Check that the server runs and that the URL is right."
            ) from None
        settings = self._settings
        for command in (
            f"SET search_path TO {self._schema}",
            f"SET lock_timeout = {int(settings.busy_timeout_s * 1000)}",
            f"SET synchronous_commit = {'on' if settings.durability == 'full' else 'off'}",
            "SET client_encoding = 'UTF8'",
        ):
            connection.execute(_query(command))
        return connection

    def _create(self) -> None:
        from store.tables import ddl

        if self._tables():
            return
        with self._transaction("BEGIN", f"SELECT pg_advisory_xact_lock({self._lock_key})"):
            session = _Transaction(self._connection)
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
            if self._tables():
                return
            for statement in ddl("postgresql"):
                session.execute(statement)
            session.execute("INSERT INTO log (one, log_id, format, created_at) VALUES (1, ?, ?, ?)", (new_log_id(), FORMAT, wall_clock()))

    def _tables(self) -> set[str]:
        found = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (self._schema,)).fetchall()
        return {name for (name,) in found}

    def _look_inside(self) -> None:
        tables = self._tables()
        if not tables:
            raise LogNotFound(f"There is no log in schema {self._schema} of {self.name}. `python sim.py run` starts one there.")
        if not {"log", "stream", "event"} <= tables:
            raise NotAVigilLog(
                f"Schema {self._schema} of {self.name} holds something else ({', '.join(sorted(tables)[:3])}). Name another with ?schema=NAME."
            )
        try:
            found = self._connection.execute("SELECT format FROM log").fetchall()
        except errors.UndefinedColumn:
            raise NotAVigilLog(
                f"Schema {self._schema} of {self.name} has a table log of something else. Name another with ?schema=NAME."
            ) from None
        except psycopg.Error as error:
            raise self._translate(error) from error
        if not found:
            raise DamagedLog(f"Schema {self._schema} of {self.name} has lost the row that names its log. Restore it from a backup.")
        if found[0][0] > FORMAT:
            raise NewerLog(f"{self.name} has format {found[0][0]}; this Vigil reads up to {FORMAT}. Update Vigil to open it.")

    def _translate(self, error: psycopg.Error) -> StoreError:
        text = redact(str(error)).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if isinstance(error, (errors.LockNotAvailable, errors.DeadlockDetected, errors.QueryCanceled)):
            return LogBusy(f"{self.name} is held by another writer for longer than the time-out. Wait for it to finish and retry.")
        if isinstance(error, errors.DiskFull):
            return LogUnavailable(f"The disk of {self.name} is full. Nothing of this write was kept; make room and retry.")
        if isinstance(error, (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
            return LogReadOnly(f"{self.name} may not be written by this user: {text}. Ask for the right, or name another log.")
        if isinstance(error, (errors.IntegrityError, errors.RaiseException)):
            return ConstraintBroken(f"{self.name} refused a row: {text}.")
        if isinstance(error, (errors.DataCorrupted, errors.IndexCorrupted)):
            return DamagedLog(f"{self.name} is damaged: {text}. Run `python sim.py log verify`, and restore it from a backup.")
        if isinstance(error, psycopg.OperationalError):
            return LogUnavailable(
                f"{self.name} went away: {text}. The last write is there whole or not at all; retry it with the same event ids once the server is back."
            )
        return StoreError(f"{self.name}: {text}. Run `python sim.py doctor`.")


def _interrupt_behind(error: BaseException, handled: BaseException | None) -> KeyboardInterrupt | None:
    """Ctrl-C in the middle of a batch makes the driver fail on its way out, which must not hide it; one handled before is none."""
    behind: BaseException | None = error
    while behind is not None and behind is not handled:
        if isinstance(behind, KeyboardInterrupt):
            return behind
        behind = behind.__context__
    return None


def _shown(url: str) -> str:
    """The URL without its password, whatever that holds."""
    return redact(_PASSWORD.sub(rf"\g<user>:{MASK}", url))


def _split(url: str) -> tuple[str, str]:
    """The URL that the server's library takes, and the schema that `?schema=` names."""
    found = _PASSWORD.search(url)
    if found and _NOT_FOR_A_URL.search(found["password"]):
        raise BadLogUrl(f"The password in {_shown(url)} has a character that a URL needs encoded: @ as %40, / as %2F, % as %25.")
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise BadLogUrl(f"{_shown(url)} is not a URL: {error}. Use postgresql://USER@HOST/DATABASE.") from None
    schema = next((value for name, value in query if name == "schema"), "vigil")
    if not _SCHEMA.fullmatch(schema):
        raise BadLogUrl(f"schema={schema!r} cannot name a schema. Use lower-case letters, digits and underscores.")
    rest = urlencode([(name, value) for name, value in query if name != "schema"])
    return urlunsplit(parts._replace(query=rest)), schema
