"""Where the sessions of one process are played: its event loop and its models, for as long as a command or a worker lasts.

Limits and budget hold over all that is played here, and a checkpoint is loaded once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from agents import Purse, SessionSnapshot, Switchboard
from graphs.line import Line, asks_models
from graphs.person import Person
from graphs.session import Shown, Stage
from store import Log

T = TypeVar("T")


def unwatched(events: object) -> None:
    """Shows nothing."""


def never() -> bool:
    """It is never time to leave."""
    return False


class Table:
    """Plays what is brought to it, one thing after another."""

    def __init__(self, line: Line, log: Log, runner: asyncio.Runner, purse: Purse | None, stopping: Callable[[], bool]) -> None:
        self._line, self._log, self._runner, self._purse, self._stopping = line, log, runner, purse, stopping
        self._switchboard: Switchboard | None = None
        self._stack = ExitStack()

    def do(
        self,
        settings: SessionSnapshot,
        work: Callable[[Stage], Coroutine[Any, Any, T]],
        show: Shown = unwatched,
        person: Person | None = None,
    ) -> T:
        """Does some work on a stage with a switchboard, where these settings ask models."""
        if asks_models(settings) and self._switchboard is None:
            self._switchboard = self._stack.enter_context(self._line.switchboard(self._purse, self._stopping))
        return self._runner.run(work(Stage(self._log, show, self._switchboard, person, self._stopping)))

    def close(self) -> None:
        """Lets the models go."""
        if self._switchboard is not None:
            self._runner.run(self._switchboard.close())
        self._stack.close()


@contextmanager
def table(line: Line, log: Log, purse: Purse | None = None, stopping: Callable[[], bool] = never) -> Iterator[Table]:
    """A table for the length of a block."""
    with asyncio.Runner() as runner:
        laid = Table(line, log, runner, purse, stopping)
        try:
            yield laid
        finally:
            laid.close()
