"""From the place that a person names to an open log: a path, a SQLite URL or a PostgreSQL URL."""

from __future__ import annotations

import os
from pathlib import Path

from agents import wall_clock
from store.database import Database, new_log_id
from store.errors import BadLogUrl, StoreError
from store.log import SqlLog
from store.settings import StoreSettings


def open_log(settings: StoreSettings, *, create: bool = False) -> SqlLog:
    """The log at `settings.log`; with `create` a new one is made if nothing is there."""
    return SqlLog(_database(settings, create))


def _database(settings: StoreSettings, create: bool) -> Database:
    place = settings.log
    if place.startswith(("postgresql://", "postgres://")):
        try:
            from store.postgres import PostgresDatabase
        except ImportError as error:
            raise StoreError(f"A log in PostgreSQL needs psycopg ({error}). Run pip install -e '.[postgres]' -c constraints.txt") from None
        return PostgresDatabase(place, settings, create=create)
    from store import sqlite

    path = _path(place)
    if create and not os.path.exists(path):  # unlike Path.exists, it does not raise for a path that no file can have
        sqlite.create(path, new_log_id(), wall_clock())
    return sqlite.SqliteDatabase(path, settings)


def _path(place: str) -> Path:
    try:
        return Path(sqlite_path(place)).expanduser()
    except RuntimeError:
        raise BadLogUrl(f"{place} names the home of a user who has none. Write the whole path.") from None


def sqlite_path(place: str) -> str:
    """The path in a SQLite place."""
    if place.startswith("sqlite:///"):
        path = place.removeprefix("sqlite:///")
    elif "://" in place:
        scheme = place.partition("://")[0]
        raise BadLogUrl(f"{scheme}:// is no place for a log. Use a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE.")
    else:
        path = place
    if not path.strip() or "\0" in path:
        raise BadLogUrl("The log's place is empty. Use a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE.")
    return path
