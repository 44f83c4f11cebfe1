"""The models of a process and what all sessions that ask them share: one client each, limits, prices, a purse, a shelf.

It belongs to one event loop. It knows no question: callers ask, one for each session.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agents.models.budget import Purse
from agents.models.caller import Caller, Connection, Exchange, Shelf
from agents.models.calls import ChatModel, Ledger
from agents.models.estimate import Estimate
from agents.models.limits import Clock, Limit, Limiter, Sleep
from agents.models.prices import Price
from agents.snapshot import Voice
from agents.values import Role

_UNLIMITED = Limit()


@dataclass(frozen=True)
class Terms:
    """How often and how persistently models are asked."""

    limits: Mapping[str, Limit] = field(default_factory=dict)
    """By the model's name."""
    default_limit: Limit = _UNLIMITED
    """For every other model."""
    per_role: Mapping[Role, int] = field(default_factory=dict)
    """How many calls of a role may be under way."""
    attempts: int = 6
    backoff_s: float = 0.5


@dataclass(frozen=True)
class Timing:
    """Where time and chance come from."""

    clock: Clock = time.monotonic
    sleep: Sleep = asyncio.sleep
    rng: Callable[[], float] = random.random


_REAL, _USUAL = Timing(), Terms()


class Switchboard:
    """Connects callers with models."""

    def __init__(
        self,
        make: Callable[[Voice], ChatModel],
        price: Callable[[str], Price | None],
        purse: Purse,
        *,
        terms: Terms = _USUAL,
        shelf: Shelf | None = None,
        stopping: Callable[[], bool] = lambda: False,
        timing: Timing = _REAL,
    ) -> None:
        """`make` is called once for each model at each place, at its first call."""
        self._make, self._price, self._terms = make, price, terms
        self._connections: dict[tuple[str, str | None], Connection] = {}
        self._exchange = Exchange(
            connect=self._connection,
            gates={role: asyncio.Semaphore(most) for role, most in terms.per_role.items()},
            purse=purse,
            shelf=shelf,
            attempts=terms.attempts,
            backoff_s=terms.backoff_s,
            stopping=stopping,
            clock=timing.clock,
            sleep=timing.sleep,
            rng=timing.rng,
        )

    def caller(self, ledger: Ledger, lineage: str) -> Caller:
        """Whom the agents of one session ask."""
        return Caller(self._exchange, ledger, lineage)

    async def close(self) -> None:
        """Closes every client, even where one of them fails at it."""
        clients = [connection.client for connection in self._connections.values()]
        self._connections.clear()
        results = await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _connection(self, voice: Voice) -> Connection:
        """The model's, whatever else voices differ in: that comes with each call."""
        key = voice.model, voice.base_url
        if (known := self._connections.get(key)) is None:
            limit = self._terms.limits.get(voice.model, self._terms.default_limit)
            limiter = Limiter(limit, clock=self._exchange.clock, sleep=self._exchange.wait)
            known = self._connections[key] = Connection(self._make(voice), limiter, Estimate(), self._price(voice.model))
        return known
