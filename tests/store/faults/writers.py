"""Writers in processes of their own, forked from one that has imported the store and opened no log, so that they start fast."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from agents import StreamId
from store import Counter, HandedLog, Log, StoreSettings, VersionConflict, open_log
from tests.store.faults.ledger import EVENTS_OF_A_TURN, Ledger, ids_of, turn_of

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", "store.tables", "store.postgres", "tests.stories", "tests.store.faults.ledger"])
REOPEN_AFTER = 25
"""Turns; a writer closes and opens its log again now and then, so that it can be killed while it does."""


def start(work: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Starts a process."""
    process = _FORKS.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def finish(processes: list[BaseProcess], seconds: float = 60) -> None:
    """Waits until all have ended well."""
    for process in processes:
        process.join(seconds)
    assert [process.exitcode for process in processes] == [0] * len(processes)


@contextmanager
def running(work: Callable[..., None], *arguments: Any) -> Iterator[BaseProcess]:
    """A process that is killed at the end of the block."""
    process = start(work, *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.join()


def go_on(settings: StoreSettings, ledger: Path, stream: StreamId) -> None:
    """Appends turns after the last acknowledged one until it is killed."""
    number = Ledger(ledger).last_number(stream)
    while True:
        with open_log(settings, create=True) as log:
            for _ in range(REOPEN_AFTER):
                number += 1
                append(log, Ledger(ledger), stream, number)


def append(log: Log, ledger: Ledger, stream: StreamId, number: int) -> None:
    """Appends turn `number` of a stream with one writer and acknowledges it."""
    head = log.append(stream, EVENTS_OF_A_TURN * (number - 1), turn_of(stream, number), ids_of(stream, number))
    ledger.acknowledge(head, stream, number)


def append_from(log: Log, ledger: Ledger, stream: StreamId, number: int) -> None:
    """Appends turns from `number` on until an error ends it."""
    while True:
        append(log, ledger, stream, number)
        number += 1


def append_many(place: StoreSettings | Counter, ledger: Path, stream: StreamId, turns: int) -> None:
    """Appends turns to a stream that nobody else writes."""
    with reached(place) as log:
        for number in range(1, turns + 1):
            append(log, Ledger(ledger), stream, number)


def compete(place: StoreSettings | Counter, ledger: Path, stream: StreamId, writer: str, turns: int) -> None:
    """Appends turns to a stream that others write too, and looks again after each conflict."""
    version = 0
    with reached(place) as log:
        for number in range(1, turns + 1):
            while True:
                try:
                    head = log.append(stream, version, turn_of(writer, number), ids_of(writer, number))
                    break
                except VersionConflict as conflict:
                    _must_be_clear(conflict, stream, version)
                    Ledger(ledger).note("conflict")
                    version = log.head(stream).version
            Ledger(ledger).acknowledge(head, writer, number)
            version = head.version
            time.sleep(0)


def _must_be_clear(conflict: VersionConflict, stream: StreamId, expected: int) -> None:
    assert (conflict.stream, conflict.expected) == (stream, expected)
    assert conflict.actual > expected
    assert "Read it again and retry" in str(conflict)


@contextmanager
def reached(place: StoreSettings | Counter) -> Iterator[Log]:
    """The log at a place, opened here or handed over."""
    if isinstance(place, Counter):
        handed = HandedLog(place)
        yield handed
        handed.close()
    else:
        with open_log(place) as log:
            yield log
