"""A log handed over to other processes: what ends, breaks in or is refused at the border between them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from agents import StreamId
from store import (
    Counter,
    EventIdReused,
    EventRefused,
    HandedLog,
    LogUnavailable,
    SqlLog,
    StoreSettings,
    UnknownId,
    VersionConflict,
    handing_over,
    open_log,
    verify,
)
from tests.conftest import wait_until
from tests.store.faults.ledger import Ledger, ids_of, turn_of
from tests.store.faults.writers import append, append_from, append_many, finish, running, start
from tests.stories import turn

STREAM = StreamId("c-handed")


@pytest.fixture
def counter(sqlite_log: SqlLog) -> Iterator[Counter]:
    with handing_over(sqlite_log) as counter:
        yield counter


def test_errors_cross_the_border_with_their_fields(counter: Counter) -> None:
    handed = HandedLog(counter)
    handed.append(STREAM, 0, turn(1), ids_of("w", 1))
    with pytest.raises(VersionConflict) as conflict:
        handed.append(STREAM, 0, turn(2))
    assert (conflict.value.stream, conflict.value.actual, conflict.value.expected) == (STREAM, 4, 0)
    assert "is at version 4, but this write expected 0" in str(conflict.value)
    with pytest.raises(EventIdReused, match="is already in the log as version 1"):
        handed.append(STREAM, 4, turn(2), ids_of("w", 1))
    with pytest.raises(EventRefused, match="is not 32 lower-case hexadecimal digits"):
        handed.append(STREAM, 4, turn(2)[:1], ["no-id"])  # type: ignore[list-item]
    with pytest.raises(UnknownId, match="There is no stream c-none"):
        handed.read(StreamId("c-none"))
    with pytest.raises(ValueError, match="at least one event"):
        handed.append(STREAM, 4, [])
    handed.close()


def test_a_call_that_is_none_of_the_logs_is_refused(counter: Counter) -> None:
    with Client(counter.address, authkey=counter.key) as connection:
        connection.send(("close", ()))
        done, error = connection.recv()
    assert not done
    assert "close is not a call of the log" in str(error)


def test_a_wrong_key_is_refused_and_the_next_client_is_served(counter: Counter) -> None:
    with pytest.raises(LogUnavailable, match="does not answer"):
        HandedLog(Counter(counter.address, b"a guess"))
    assert HandedLog(counter).append(STREAM, 0, turn(1)).version == 4


def _call_and_die(counter: Counter, ledger: Path) -> None:
    """Hands over one turn and ends before it hears the answer."""
    with Client(counter.address, authkey=counter.key) as connection:
        connection.send(("append", (STREAM, 0, turn_of("w", 1), ids_of("w", 1))))
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_client_killed_in_mid_call_leaves_its_turn_whole_and_the_others_served(
    counter: Counter, sqlite_log: SqlLog, tmp_path: Path
) -> None:
    killed = start(_call_and_die, counter, tmp_path / "ledger.txt")
    killed.join()
    handed = HandedLog(counter)
    wait_until(lambda: handed.anchor().position == 4)
    handed.append(STREAM, 0, turn_of("w", 1), ids_of("w", 1))
    assert handed.append(STREAM, 4, turn(2)).version == 8
    assert verify(sqlite_log).clean


@pytest.mark.slow
def test_clients_killed_at_random_moments_lose_no_acknowledged_turn(counter: Counter, sqlite_log: SqlLog, tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path / f"{n}.txt") for n in range(15)]
    for n, ledger in enumerate(ledgers):
        with running(append_many, counter, ledger.path, StreamId(f"c-{n}"), 10_000):
            time.sleep(0.04 + 0.01 * n)
    survivor = Ledger(tmp_path / "survivor.txt")
    finish([start(append_many, counter, survivor.path, StreamId("c-survivor"), 10)])
    together = Ledger(tmp_path / "together.txt")
    for ledger in (*ledgers, survivor):
        for line in ledger.lines():
            together.note(line)
    assert len(together.told()) > 50
    together.hold_against(sqlite_log, in_flight=len(ledgers))


def _serve_until_killed(settings: StoreSettings, where: Path) -> None:
    """Hands a log over and says where."""
    with open_log(settings, create=True) as log, handing_over(log) as counter:
        unfinished = where.with_suffix(".new")
        unfinished.write_text(f"{counter.address} {counter.key.hex()}")
        unfinished.rename(where)
        time.sleep(60)


def test_a_serving_process_that_is_killed_is_a_clear_error_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    settings, where = StoreSettings(log=str(tmp_path / "vigil.db")), tmp_path / "counter"
    ledger = Ledger(tmp_path / "ledger.txt")
    with running(_serve_until_killed, settings, where) as server:
        wait_until(where.exists)
        address, key = where.read_text().split()
        handed = HandedLog(Counter(address, bytes.fromhex(key)))
        threading.Timer(0.2, server.kill).start()
        with pytest.raises(LogUnavailable, match=r"went away .* retry it with the same event ids"):
            append_from(handed, ledger, STREAM, 1)
        with pytest.raises(LogUnavailable, match="does not answer"):
            HandedLog(Counter(address, bytes.fromhex(key)))
    assert ledger.told()
    with open_log(settings) as log:
        ledger.hold_against(log, in_flight=1)
        append(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
        ledger.hold_against(log)


def test_nothing_is_written_for_a_client_after_the_handing_over_ended(sqlite_log: SqlLog) -> None:
    with handing_over(sqlite_log) as counter:
        handed = HandedLog(counter)
        handed.append(STREAM, 0, turn(1))
    with pytest.raises(LogUnavailable, match="went away"):
        handed.append(STREAM, 4, turn(2))
    assert sqlite_log.head(STREAM).version == 4


class _Interrupted(Exception):
    """What a signal's handler raises."""


def test_an_answer_that_comes_after_an_interrupted_call_is_not_taken_for_that_of_the_next(
    counter: Counter, sqlite_log: SqlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    anchor = sqlite_log.anchor
    monkeypatch.setattr(sqlite_log, "anchor", lambda: release.wait(10) and anchor())

    def interrupt(*_: object) -> None:
        raise _Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    handed = HandedLog(counter)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(_Interrupted):
            handed.anchor()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        release.set()
    with pytest.raises(LogUnavailable, match="went away"):
        handed.streams()
    assert HandedLog(counter).streams() == []
