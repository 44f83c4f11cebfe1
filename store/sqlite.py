"""The log in one SQLite file: WAL, one writer at a time, errors in Vigil's words.

It knows files, locks and pragmas; what the rows mean is left to the log.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

from store.database import FORMAT
from store.errors import DamagedLog, LogBusy, LogNotFound, LogUnavailable, NewerLog, NotAVigilLog
from store.settings import StoreSettings
from store.sqlite_errors import sqlite_errors_of, translate
from store.writer_lock import WriterLock

APPLICATION_ID = 0x5649474C  # "VIGL"
PAGE_SIZE = 8192  # events of about 1 KB fill it better than the default: measured under "bytes on disk per payload byte"
_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_SAFE_WITH_SEVERAL_WRITERS = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def several_may_write(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the WAL-reset bug, in which a commit during a second checkpoint is forgotten."""
    newest = _SAFE_WITH_SEVERAL_WRITERS[0]
    return version >= newest or any(version[:2] == fixed[:2] and version >= fixed for fixed in _SAFE_WITH_SEVERAL_WRITERS)


class _Transaction:
    """A session on an open connection: committed at the end of its block, rolled back if anything goes wrong in it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, begin: str) -> None:
        self._connection, self._path, self._begin = connection, path, begin

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)

    def text_from_bytes(self, parameter: str) -> str:
        return f"CAST({parameter} AS TEXT)"

    def __enter__(self) -> Self:
        try:
            self._roll_back()  # what an interrupt left open on the way out of an earlier block
            self._connection.execute(self._begin)
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
        except sqlite3.Error as failed:
            error = failed
        finally:
            self._roll_back()
        if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
            raise translate(error, self._path) from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class SqliteDatabase:
    """One SQLite file that holds a log."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path, settings: StoreSettings) -> None:
        self.path = path
        self.name = str(path)
        self._settings = settings
        self._thread_lock = threading.RLock()
        self._process = os.getpid()
        self._writer_lock = WriterLock(path, settings.busy_timeout_s, needed=not several_may_write())
        self._look_at_file()
        self._connection = self._connect()

    @contextmanager
    def reading(self) -> Iterator[_Transaction]:
        self._refuse_after_fork()
        with self._thread_lock:
            self._look_again()
            with _Transaction(self._connection, self.path, "BEGIN") as transaction:
                yield transaction

    @contextmanager
    def writing(self) -> Iterator[_Transaction]:
        self._refuse_after_fork()
        with self._thread_lock, self._writer_lock, _Transaction(self._connection, self.path, "BEGIN IMMEDIATE") as transaction:
            yield transaction

    def _refuse_after_fork(self) -> None:
        """Asked before any lock: a lock that came through fork() may never open, and letting it go frees the parent's."""
        if os.getpid() != self._process:
            raise RuntimeError("a log was carried through fork(); open it again in the new process")

    def as_bytes(self, column: str) -> str:
        return f"CAST({column} AS BLOB)"

    def as_json(self, column: str) -> str:
        return self.as_bytes(column)  # as text it would be decoded and encoded again: a quarter of the time of a read

    def size_bytes(self) -> int:
        return sum(f.stat().st_size for f in (self.path, self._beside("-wal")) if f.exists())

    def self_check(self) -> list[str]:
        from store.tables import ddl

        problems = []
        with self.reading() as session:
            for (line,) in session.execute("PRAGMA integrity_check(20)"):
                if line != "ok":
                    problems.append(f"SQLite: {line}")
            present = {row[0] for row in session.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
            [(application_id,)] = session.execute("PRAGMA application_id")
        problems += [f"missing or changed: {' '.join(wanted.split()[:3])}" for wanted in ddl("sqlite") if wanted not in present]
        problems += [f"not part of a log: {' '.join(found.split()[:3])}" for found in sorted(present - set(ddl("sqlite")))]
        if application_id != APPLICATION_ID:
            problems.append(f"application_id is {application_id:#x}, not {APPLICATION_ID:#x}")
        return problems

    def copy_to(self, target: Path) -> None:
        """A copy of this moment, made while others go on writing."""
        self._refuse_after_fork()
        with self._thread_lock:
            with sqlite_errors_of(target):
                copy = sqlite3.connect(target, isolation_level=None)
            try:
                with sqlite_errors_of(self.path):
                    self._connection.backup(copy)
                    copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()

    def close(self) -> None:
        """Closing the last connection also empties the WAL into the file, so it waits for its turn like a write."""
        if os.getpid() != self._process:
            return
        with self._thread_lock:
            if self._writable():
                with suppress(LogBusy), self._writer_lock:
                    self._connection.close()
            self._connection.close()
            self._writer_lock.close()

    def _beside(self, suffix: str) -> Path:
        return Path(f"{self.path}{suffix}")

    def _writable(self) -> bool:
        return os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)

    def _look_at_file(self) -> None:
        # Only asks about the file: opening it here and closing it again would drop the locks that other connections of this process
        # hold on it, and another process could then take the WAL away from under them.
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise LogNotFound(
                f"There is no log at {self.path}. `python sim.py run` starts one there; `--log PATH` names another."
            ) from None
        except OSError as error:
            raise LogUnavailable(f"{self.path} cannot be read: {error.strerror}. Check the path and its permissions.") from None
        if stat.S_ISDIR(found.st_mode):
            raise LogUnavailable(f"{self.path} is a directory, not a log. Name a file in it, such as {self.path / 'vigil.db'}.")
        if not os.access(self.path, os.R_OK):
            raise LogUnavailable(f"{self.path} cannot be read: Permission denied. Check the path and its permissions.")
        if not stat.S_ISREG(found.st_mode):
            raise NotAVigilLog(f"{self.path} is not a Vigil log: it is no file. Name another with `--log PATH`.")
        if not found.st_size:
            raise DamagedLog(f"{self.path} is empty: a log never is. Restore it from a backup, or delete the file to start a new log.")
        if found.st_size < _HEADER_BYTES and self.path.read_bytes().startswith(_MAGIC):
            raise DamagedLog(f"{self.path} is cut off after {found.st_size} bytes. Restore it from a backup.")

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=rw"
        self._resting_since: int | None = None
        if not self._writable():
            # SQLite reads a WAL log only beside files that it may write; without a WAL there is nothing to miss.
            self._resting_since = None if self._beside("-wal").exists() else self.path.stat().st_mtime_ns
            mode = "mode=ro" if self._resting_since is None else "mode=ro&immutable=1"
        with sqlite_errors_of(self.path):
            connection = connect(f"file:{quote(str(self.path))}?{mode}", self._settings.busy_timeout_s)
            try:
                self._look_inside(connection)
                if mode == "mode=rw":
                    connection.execute("PRAGMA journal_mode = WAL")  # a backup comes without
                connection.execute(f"PRAGMA synchronous = {'NORMAL' if self._settings.durability == 'normal' else 'FULL'}")
                # REPLACE deletes rows without asking their triggers unless triggers may recurse.
                for pragma in ("recursive_triggers = ON", "foreign_keys = ON", "trusted_schema = OFF"):
                    connection.execute(f"PRAGMA {pragma}")
            except BaseException:
                connection.close()
                raise
            return connection

    def _look_again(self) -> None:
        """A file that was taken for one that nobody writes is opened anew once somebody did: its pages changed underneath."""
        if self._resting_since is None:
            return
        self._look_at_file()
        if self._beside("-wal").exists() or self._resting_since != self.path.stat().st_mtime_ns:
            self._connection.close()
            self._connection = self._connect()

    def _look_inside(self, connection: sqlite3.Connection) -> None:
        [(application_id,)] = connection.execute("PRAGMA application_id")
        [(version,)] = connection.execute("PRAGMA user_version")
        if application_id != APPLICATION_ID:
            raise NotAVigilLog(f"{self.path} is a SQLite database of something else, not a Vigil log. Name another file with `--log PATH`.")
        if version > FORMAT:
            raise NewerLog(f"{self.path} has format {version}; this Vigil reads up to {FORMAT}. Update Vigil to open it.")
        # A page that cannot be read shows here rather than in the middle of a session.
        connection.execute("SELECT log_id, format FROM log").fetchall()
        connection.execute("SELECT * FROM event ORDER BY position DESC LIMIT 1").fetchall()
        connection.execute("SELECT * FROM stream ORDER BY id DESC LIMIT 1").fetchall()


def connect(target: str, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that leaves transactions to us."""
    return sqlite3.connect(target, uri=target.startswith("file:"), isolation_level=None, timeout=busy_timeout_s, check_same_thread=False)


def create(path: Path, log_id: str, now: int) -> None:
    """Makes an empty log beside its final place and moves it there whole; a log that is there already stays."""
    from store.tables import ddl

    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        with sqlite_errors_of(path):
            connection = connect(str(unfinished), 5)
            try:
                connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                for statement in ddl("sqlite"):
                    connection.execute(statement)
                connection.execute("INSERT INTO log (one, log_id, format, created_at) VALUES (1, ?, ?, ?)", (log_id, FORMAT, now))
                connection.execute("COMMIT")
            finally:
                connection.close()
        with suppress(FileExistsError):
            os.link(unfinished, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise LogUnavailable(f"A log cannot be made at {path}: {error.strerror}. Check the path, the permissions and the disk.") from None
    finally:
        with suppress(OSError):
            for suffix in ("", "-journal", "-wal", "-shm"):
                unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """A new name in a folder survives a power cut only after this."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
