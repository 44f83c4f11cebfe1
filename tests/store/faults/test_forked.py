"""An open log that is carried through fork() is refused at once, and the process that opened it is not harmed."""

from __future__ import annotations

import fcntl
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from agents import StreamId
from store import HandedLog, SqlLog, StoreSettings, handing_over, open_log, verify
from store.sqlite import several_may_write
from tests.conftest import wait_until
from tests.store.faults.ledger import ids_of, turn_of
from tests.stories import turn

STREAM = StreamId("c-forked")


def in_a_fork(work: Callable[[], None]) -> None:
    """Runs something in a fork of this process, which must end well and soon."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    ended: list[int] = []

    def has_ended() -> bool:
        pid, status = os.waitpid(child, os.WNOHANG)
        ended.extend([status] if pid else [])
        return bool(ended)

    wait_until(has_ended, 20)
    assert ended == [0], "the fork failed; its traceback is above"


def _refused(log: SqlLog | HandedLog) -> None:
    """Each call is refused; closing is harmless."""
    calls: list[Callable[[], object]] = [
        lambda: log.read(STREAM),
        lambda: log.head(STREAM),
        lambda: log.append(STREAM, 4, turn(2)),
        log.anchor,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="carried through fork"):
            call()
    log.close()


def test_a_log_carried_through_a_fork_is_refused_and_goes_on_in_the_process_that_opened_it(log: SqlLog) -> None:
    log.append(STREAM, 0, turn_of(STREAM, 1), ids_of(STREAM, 1))
    in_a_fork(lambda: _refused(log))
    log.append(STREAM, 4, turn_of(STREAM, 2), ids_of(STREAM, 2))
    assert log.head(STREAM).version == 8
    assert verify(log).clean


def test_a_fork_may_open_the_log_anew(log: SqlLog, place: str) -> None:
    log.append(STREAM, 0, turn(1))

    def anew() -> None:
        with open_log(StoreSettings(log=place)) as own:
            own.append(STREAM, 4, turn(2))

    in_a_fork(anew)
    log.append(STREAM, 8, turn(3))
    assert verify(log).clean


def test_a_fork_in_the_middle_of_a_write_is_refused_at_once(log: SqlLog) -> None:
    log.append(STREAM, 0, turn(1))
    with log.database.writing():
        in_a_fork(lambda: _refused(log))
    assert log.append(STREAM, 4, turn(2)).version == 8


@pytest.mark.skipif(several_may_write(), reason="this SQLite needs no lock file")
def test_a_fork_does_not_free_the_lock_that_its_parent_writes_under(sqlite_log: SqlLog, tmp_path: Path) -> None:
    with sqlite_log.database.writing():
        in_a_fork(lambda: _refused(sqlite_log))
        with (tmp_path / "vigil.db-lock").open("r+") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_handed_log_carried_through_a_fork_is_refused(sqlite_log: SqlLog) -> None:
    sqlite_log.append(STREAM, 0, turn(1))
    with handing_over(sqlite_log) as counter:
        handed = HandedLog(counter)
        in_a_fork(lambda: _refused(handed))
        assert handed.append(STREAM, 4, turn(2)).version == 8
