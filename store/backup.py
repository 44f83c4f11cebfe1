"""A copy of a log, made while others write, proven before it gets its name.

A SQLite log is copied page by page; a PostgreSQL log is exported into a SQLite log with the same heads and anchor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agents import wall_clock
from store import sqlite
from store.errors import DamagedLog, LogUnavailable
from store.log import SqlLog
from store.records import Anchor
from store.settings import StoreSettings
from store.transfer import export, import_lines
from store.verify import verify


def backup(log: SqlLog, target: Path, on_progress: Callable[[int], None] = lambda done: None) -> Anchor:
    """Copies the log to `target` and returns where the copy ends; nothing is left at `target` unless it verified clean."""
    if os.path.lexists(target):  # unlike Path.exists, it does not raise for a path that no file can have
        raise LogUnavailable(f"{target} exists already, and a backup never overwrites. Name a new file.")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        anchor = _copy(log, unfinished, on_progress)
        os.link(unfinished, target)
    except OSError as error:
        raise LogUnavailable(f"The backup cannot be written to {target}: {error.strerror}. Check the path and the disk.") from None
    finally:
        with suppress(OSError):
            for suffix in ("", "-journal", "-wal", "-shm", "-lock"):
                unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    return anchor


def _copy(log: SqlLog, unfinished: Path, on_progress: Callable[[int], None]) -> Anchor:
    if isinstance(log.database, sqlite.SqliteDatabase):
        log.database.copy_to(unfinished)
    else:
        sqlite.create(unfinished, log.anchor().log_id, wall_clock())
    settings = StoreSettings(log=str(unfinished))
    with SqlLog(sqlite.SqliteDatabase(unfinished, settings), log.registry) as copy:
        if not isinstance(log.database, sqlite.SqliteDatabase):
            import_lines(copy, export(log), log.database.name)
        report = verify(copy, on_progress=on_progress)
        if not report.clean:
            raise DamagedLog(
                f"The copy of {log.database.name} does not verify, so it was not kept: {report.problems[0]}. Run `python sim.py log verify`."
            )
        return copy.anchor()
