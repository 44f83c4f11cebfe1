"""What the tests of the store share besides the logs themselves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import SqlLog, StoreSettings, open_log
from tests.store.raw import Raw, by_hand


@pytest.fixture(scope="session")
def an_empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite log as it is made, for copies: making one waits for the disk several times."""
    path = tmp_path_factory.mktemp("empty") / "vigil.db"
    open_log(StoreSettings(log=str(path)), create=True).close()
    return path


@pytest.fixture
def log(place: str, an_empty_log: Path) -> Iterator[SqlLog]:
    """An empty log on each kind of database; on SQLite it does not wait for the disk after each turn."""
    postgres = place.startswith("postgresql://")
    if not postgres:
        shutil.copy(an_empty_log, place)
    settings = StoreSettings(log=place, busy_timeout_s=10, durability="full" if postgres else "normal")
    with open_log(settings, create=postgres) as opened:
        yield opened


@pytest.fixture
def raw(log: SqlLog, place: str) -> Iterator[Raw]:
    """A second way into `log`, past everything but the database."""
    with by_hand(place) as connection:
        yield connection


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SqlLog]:
    """A second empty log, in a SQLite file of its own."""
    with open_log(StoreSettings(log=str(tmp_path / "other.db")), create=True) as opened:
        yield opened
