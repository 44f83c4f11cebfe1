"""A process that is interrupted (Ctrl-C) at any moment of its appends: the same log goes on, with every turn once."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agents import StreamId
from store import SqlLog, StoreSettings, VersionConflict, open_log
from tests.store.faults.ledger import Ledger, turn_of
from tests.store.faults.writers import append

STREAM = StreamId("c-interrupted")
MOST = 50
"""Turns between two interrupts: one that comes in a callback of the interpreter or the driver is swallowed by it."""


@pytest.fixture
def _the_alarm_interrupts() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, before)


@contextmanager
def _alarm_after(seconds: float) -> Iterator[None]:
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_an_error_of_a_write_while_an_interrupt_is_handled_stays_that_error(log: SqlLog) -> None:
    log.append(STREAM, 0, turn_of(STREAM, 1))
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with pytest.raises(VersionConflict):
            log.append(STREAM, 0, turn_of(STREAM, 2))


# The interrupt may strike inside a garbage collector's callback of some plug-in, where nobody can catch it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.usefixtures("_the_alarm_interrupts")
def test_a_log_that_is_interrupted_at_random_moments_goes_on_from_the_last_acknowledged_turn(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments, ledger = random.Random(seed), Ledger(tmp_path / "ledger.txt")
    with open_log(StoreSettings(log=str(tmp_path / "vigil.db"), durability="normal", busy_timeout_s=5), create=True) as log:
        for _ in range(100):
            with suppress(KeyboardInterrupt), _alarm_after(moments.uniform(0.0005, 0.02)):
                for number in range(ledger.last_number(STREAM) + 1, ledger.last_number(STREAM) + MOST):
                    append(log, ledger, STREAM, number)
        append(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
        assert len(ledger.told()) > 20
        ledger.hold_against(log)
