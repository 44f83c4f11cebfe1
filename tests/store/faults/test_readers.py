"""Readers while others write: they see whole turns, and one that follows the log skips nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from agents import StreamId
from store import SqlLog, StoreSettings, open_log, verify
from tests.store.faults.ledger import Ledger, assert_whole_turns
from tests.store.faults.writers import append_many, compete, finish, start

TURNS = 60
EVERYTHING = 1_000_000


@pytest.fixture
def settings(place: str) -> StoreSettings:
    return StoreSettings(log=place, durability="normal", busy_timeout_s=60)


@contextmanager
def _writing(settings: StoreSettings, processes: list[BaseProcess]) -> Iterator[SqlLog]:
    """A log that processes write."""
    with open_log(settings) as log:
        yield log
        finish(processes)


def _at_work(processes: list[BaseProcess]) -> bool:
    return any(process.is_alive() for process in processes)


@pytest.mark.slow
def test_a_reader_never_sees_part_of_a_turn(settings: StoreSettings, tmp_path: Path) -> None:
    ledger, stream = Ledger(tmp_path / "ledger.txt"), StreamId("c-1")
    open_log(settings, create=True).close()
    writers = [start(append_many, settings, ledger.path, stream, TURNS), start(append_many, settings, ledger.path, StreamId("c-2"), TURNS)]
    seen: set[int] = set()
    with _writing(settings, writers) as log:
        while _at_work(writers):
            if log.streams("c-1"):
                of_stream, of_log, head = log.read(stream), log.page(0, EVERYTHING), log.head(stream)
                assert_whole_turns(of_stream)
                assert_whole_turns(of_log)
                assert head.version % 4 == 0
                seen.add(len(of_log))
        assert verify(log).clean
    assert len(seen) > 3, "the reader was never there while the writers wrote"
    with open_log(settings) as log:
        ledger.hold_against(log)


@pytest.mark.slow
def test_a_reader_that_follows_the_log_skips_no_position_while_four_processes_write(settings: StoreSettings, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.txt")
    open_log(settings, create=True).close()
    writers = [start(append_many, settings, ledger.path, StreamId(f"c-{n}"), TURNS) for n in range(2)]
    writers += [start(compete, settings, ledger.path, StreamId("c-shared"), f"w{n}", TURNS) for n in range(2)]
    followed: list[int] = []
    pages = 0
    with _writing(settings, writers) as log:
        while True:
            last = not _at_work(writers)
            page = log.page(followed[-1] if followed else 0, EVERYTHING)
            assert_whole_turns(page)
            followed += [stored.position for stored in page]
            pages += bool(page)
            if last and not page:
                break
            time.sleep(0.001)
    assert followed == list(range(1, 4 * TURNS * 4 + 1))
    assert pages > 3, "the reader was never there while the writers wrote"
    with open_log(settings) as log:
        ledger.hold_against(log)
