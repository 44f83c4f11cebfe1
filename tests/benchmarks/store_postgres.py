"""The same log on a PostgreSQL server of this run's own; for information, as a server's set-up decides most of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agents import Ids
from store import SqlLog, StoreSettings, open_log
from tests.benchmarks.content import PER_CONVERSATION, PER_TURN, turns
from tests.benchmarks.harness import Bench, Row, Skipped, medians
from tests.benchmarks.store_read import fill, fold

if TYPE_CHECKING:
    from tests.conftest import PostgresServer

Work = Callable[[], object]
_TURNS = 100
_CONVERSATIONS = 50


def append_and_read(_bench: Bench) -> list[Row]:
    """Turns of 8 events in, whole conversations out."""
    with _server() as server, open_log(StoreSettings(log=server.url(), durability="normal"), create=True) as log:
        appended, read = medians(lambda: _appending(log), lambda: _reading(log))
    return [
        Row("append turns of 8 events of ~1 KB on PostgreSQL, NORMAL", _TURNS * PER_TURN / appended, "events/s"),
        Row("read + validate + fold conversations of 100 events on PostgreSQL", _CONVERSATIONS * PER_CONVERSATION / read, "events/s"),
    ]


@contextmanager
def _appending(log: SqlLog) -> Iterator[Work]:
    stream, said = Ids().conversation(), turns(_TURNS)
    yield lambda: [log.append(stream, number * PER_TURN, events) for number, events in enumerate(said)]


@contextmanager
def _reading(log: SqlLog) -> Iterator[Work]:
    streams = fill(log, _CONVERSATIONS)
    yield lambda: [fold(stored.event for stored in log.read(stream)) for stream in streams]


@contextmanager
def _server() -> Iterator[PostgresServer]:
    try:
        from tests.conftest import PostgresServer, _free_port, _postgres_programs
    except ImportError as missing:
        raise Skipped(f"{missing.name} is not installed, which the tests' server needs") from None
    programs = _postgres_programs()
    if programs is None:
        raise Skipped("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    data = Path(tempfile.mkdtemp(prefix="vigil-bench-postgres-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(data, "postgres", "postgres")
        server = PostgresServer(programs, data, _free_port())
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)
