"""What models may cost: a purse that holds back what a call may take before it is made, so that what is spent stays within the budget.

It knows amounts, not prices. It is as exact as what is held back: nobody can count a model's tokens beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol

from agents.ground.errors import VigilError

_PICO = 10**12
"""Dollars are counted in whole parts of this size: sums of floats would drift, and a process can share whole numbers."""


@dataclass(frozen=True)
class Budget:
    """The most that may be spent; None sets no limit."""

    max_cost: float | None = None
    """In US dollars."""
    max_tokens: int | None = None
    """Prompts and answers together."""


class Purse(Protocol):
    """Pays for calls; shared by all sessions that share a budget."""

    def reserve(self, cost: float, tokens: int) -> bool:
        """Holds this back for a call; False if that could exceed the budget."""
        ...

    def settle(self, reserved_cost: float, reserved_tokens: int, cost: float, tokens: int) -> None:
        """A call took this much, of what was held back for it."""
        ...

    def spent(self) -> tuple[float, int]:
        """US dollars and tokens."""
        ...


@dataclass(frozen=True)
class _Ceiling:
    """A budget in whole numbers."""

    cost: int | None
    tokens: int | None

    def allows(self, cost: int, tokens: int) -> bool:
        return (self.cost is None or cost <= self.cost) and (self.tokens is None or tokens <= self.tokens)


def _ceiling(budget: Budget) -> _Ceiling:
    return _Ceiling(None if budget.max_cost is None else _pico(budget.max_cost), budget.max_tokens)


def _pico(cost: float) -> int:
    return round(cost * _PICO)


class LocalPurse:
    """A purse of one process."""

    def __init__(self, budget: Budget, spent_before: tuple[float, int] = (0.0, 0)) -> None:
        self._ceiling = _ceiling(budget)
        self._cost, self._tokens = _pico(spent_before[0]), spent_before[1]
        self._held_cost = self._held_tokens = 0

    def reserve(self, cost: float, tokens: int) -> bool:
        held_cost, held_tokens = self._held_cost + _pico(cost), self._held_tokens + tokens
        if not self._ceiling.allows(self._cost + held_cost, self._tokens + held_tokens):
            return False
        self._held_cost, self._held_tokens = held_cost, held_tokens
        return True

    def settle(self, reserved_cost: float, reserved_tokens: int, cost: float, tokens: int) -> None:
        self._held_cost -= _pico(reserved_cost)
        self._held_tokens -= reserved_tokens
        self._cost += _pico(cost)
        self._tokens += tokens

    def spent(self) -> tuple[float, int]:
        return self._cost / _PICO, self._tokens


class SharedPurse:
    """One purse of several processes: handed to each as an argument when it is spawned.

    What a process held back when it was killed stays held back: its calls may have been paid.
    """

    def __init__(self, budget: Budget, spent_before: tuple[float, int] = (0.0, 0), patience_s: float = 30.0) -> None:
        self._ceiling, self._patience_s = _ceiling(budget), patience_s
        context = get_context("spawn")
        self._lock = context.Lock()
        self._sums = context.RawArray("q", [_pico(spent_before[0]), spent_before[1], 0, 0])
        """Spent dollars and tokens, then those held back."""

    def reserve(self, cost: float, tokens: int) -> bool:
        with self._alone():
            spent_cost, spent_tokens, held_cost, held_tokens = self._sums
            held_cost, held_tokens = held_cost + _pico(cost), held_tokens + tokens
            if not self._ceiling.allows(spent_cost + held_cost, spent_tokens + held_tokens):
                return False
            self._sums[2:] = [held_cost, held_tokens]
            return True

    def settle(self, reserved_cost: float, reserved_tokens: int, cost: float, tokens: int) -> None:
        with self._alone():
            spent_cost, spent_tokens, held_cost, held_tokens = self._sums
            self._sums[:] = [
                spent_cost + _pico(cost),
                spent_tokens + tokens,
                held_cost - _pico(reserved_cost),
                held_tokens - reserved_tokens,
            ]

    def spent(self) -> tuple[float, int]:
        with self._alone():
            return self._sums[0] / _PICO, self._sums[1]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A process that was killed within these few microseconds took the lock with it: better an error than a wait without end."""
        if not self._lock.acquire(timeout=self._patience_s):
            raise VigilError("The shared budget is locked: a worker process was killed while it paid. Stop this run and resume it.")
        try:
            yield
        finally:
            self._lock.release()
