"""An event loop whose clock does not wait: when nothing is left to do but sleep, the sleep is over."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):
    """Waits for no file, and moves the clock instead."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise AssertionError("everybody waits, and nothing is left that could happen")
        self.now += max(0.0, timeout)
        return super().select(0)


class TimelessLoop(asyncio.SelectorEventLoop):
    """For code that sleeps and looks at the clock by way of asyncio."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, in no time."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Seconds, by the clock of the loop that runs."""
    return asyncio.get_running_loop().time()
