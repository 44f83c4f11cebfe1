"""Several processes that write one log at once: no gap, no loss, and conflicts that are clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import StreamId
from store import Counter, SqlLog, StoreSettings, handing_over, open_log, verify
from tests.store.faults.ledger import EVENTS_OF_A_TURN, Ledger, ids_of, turn_of
from tests.store.faults.writers import append_many, compete, finish, start

TURNS = 25


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.txt")


@pytest.fixture(params=["sqlite, each by itself", "sqlite, handed over", "postgresql, each by itself", "postgresql, handed over"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SqlLog, StoreSettings | Counter]]:
    """An open log, and how other processes reach it."""
    database, _, how = request.param.partition(", ")
    place = str(tmp_path / "vigil.db") if database == "sqlite" else request.getfixturevalue("postgres").url()
    settings = StoreSettings(log=place, durability="normal", busy_timeout_s=60)
    with open_log(settings, create=True) as log:
        if how == "handed over":
            with handing_over(log) as counter:
                yield log, counter
        else:
            yield log, settings


@pytest.mark.slow
def test_eight_processes_on_streams_of_their_own_leave_no_gap_and_lose_nothing(
    shared: tuple[SqlLog, StoreSettings | Counter], ledger: Ledger
) -> None:
    log, place = shared
    finish([start(append_many, place, ledger.path, StreamId(f"c-{n}"), TURNS) for n in range(8)])
    assert len(ledger.told()) == 8 * TURNS
    ledger.hold_against(log, anchors=[log.anchor()])


@pytest.mark.slow
def test_four_processes_on_one_stream_lose_nothing_and_each_conflict_is_clear(
    shared: tuple[SqlLog, StoreSettings | Counter], ledger: Ledger
) -> None:
    log, place = shared
    stream = StreamId("c-shared")
    finish([start(compete, place, ledger.path, stream, f"w{n}", TURNS) for n in range(4)])
    assert log.head(stream).version == 4 * TURNS * EVENTS_OF_A_TURN
    assert "conflict" in ledger.lines()
    ledger.hold_against(log)


def _see(settings: StoreSettings, stream: StreamId, version: int) -> None:
    """Opens the log, looks where a stream ends, and closes it, as a command does that only reads."""
    with open_log(settings) as log:
        assert log.head(stream).version == version


def test_a_log_opened_twice_in_one_process_keeps_what_both_append_when_others_come_and_go(sqlite_log: SqlLog, tmp_path: Path) -> None:
    # Closing any handle of a file drops the locks that the process holds on it; the WAL would then be deleted under the writers.
    stream, settings = StreamId("c-twice"), StoreSettings(log=str(tmp_path / "vigil.db"), busy_timeout_s=10)
    sqlite_log.append(stream, 0, turn_of(stream, 1), ids_of(stream, 1))
    with open_log(settings) as second:
        for number, log in enumerate((sqlite_log, second, sqlite_log), 2):
            finish([start(_see, settings, stream, EVENTS_OF_A_TURN * (number - 1))])
            log.append(stream, EVENTS_OF_A_TURN * (number - 1), turn_of(stream, number), ids_of(stream, number))
        finish([start(_see, settings, stream, EVENTS_OF_A_TURN * 4)])
        assert verify(sqlite_log, [second.anchor()]).clean
