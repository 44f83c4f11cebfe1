"""When it is time to leave: a flag that every process sees, and Ctrl-C that raises it. It knows nothing of what is being done."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

_TOLD = b"\nStopping: what is in hand is finished and kept. Ctrl-C once more leaves at once.\n"


class Flag(Protocol):
    """Something that is raised to say that it is time to leave."""

    def is_set(self) -> bool: ...

    def set(self) -> None: ...


class SharedFlag:
    """A flag for this process and those that it starts: one byte without a lock, which a signal or a killed process could leave locked."""

    def __init__(self) -> None:
        self._byte = multiprocessing.get_context("spawn").RawValue("b", 0)

    def is_set(self) -> bool:
        return bool(self._byte.value)

    def set(self) -> None:
        self._byte.value = 1


@dataclass
class Interrupted:
    """Whether a person asked to stop."""

    yes: bool = False


@contextmanager
def interruptible(flag: Flag) -> Iterator[Interrupted]:
    """Within the block the first Ctrl-C (or TERM) raises the flag, so that what is in hand is kept; the second one leaves at once."""
    interrupted = Interrupted()

    def leave(number: int, frame: FrameType | None) -> None:
        if interrupted.yes:
            raise KeyboardInterrupt
        interrupted.yes = True
        flag.set()
        os.write(2, _TOLD)  # a signal may come in the middle of a print

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
