"""SQLite's errors in Vigil's words: what happened, where, what to do. It knows codes and nothing of what was tried."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.database import ConstraintBroken
from store.errors import DamagedLog, LogBusy, LogReadOnly, LogUnavailable, NotAVigilLog, StoreError


@contextmanager
def sqlite_errors_of(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into Vigil's."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> StoreError:
    """SQLite's error in Vigil's words; where it quotes damaged text, its message itself cannot be decoded."""
    code = getattr(error, "sqlite_errorname", "")
    text = str(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LogBusy(f"{path} is held by another process for longer than the time-out. Wait for it to finish, or end it, and retry.")
    if code == "SQLITE_FULL":
        return LogUnavailable(f"The disk that holds {path} is full. Nothing of this write was kept; make room and retry.")
    if code.startswith("SQLITE_READONLY") or (code.startswith("SQLITE_CANTOPEN") and not os.access(path.parent, os.W_OK)):
        return LogReadOnly(f"{path} may not be written by this user. Change the permissions, or name another log with `--log PATH`.")
    if code.startswith("SQLITE_CORRUPT"):
        return DamagedLog(f"{path} is damaged: {text}. Run `python sim.py log verify`, and restore it from a backup.")
    if code == "SQLITE_NOTADB":
        return NotAVigilLog(f"{path} is not a Vigil log: {text}. Name another file with `--log PATH`, or restore it from a backup.")
    if code.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")):
        return LogUnavailable(f"{path} cannot be read or written: {text}. Nothing of this write was kept; check the disk and retry.")
    if code.startswith("SQLITE_CONSTRAINT"):
        return ConstraintBroken(f"{path} refused a row: {text}.")
    if "no such table" in text or "no such column" in text or "decode" in text:
        return DamagedLog(f"{path} is damaged: {text}. Run `python sim.py log verify`, and restore it from a backup.")
    return StoreError(f"{path}: {text}. Run `python sim.py doctor`.")
