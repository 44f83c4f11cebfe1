"""The models of a process and what all sessions that ask them share: one client each, limits, prices, a purse, a shelf.

It belongs to one event loop. It knows no question: callers ask, one for each session.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping

from agents.models.budget import Purse
from agents.models.caller import Caller, Connection, Exchange, Shelf
from agents.models.calls import ChatModel, Ledger
from agents.models.estimate import Estimate
from agents.models.limits import Clock, Limit, Limiter, Sleep
from agents.models.prices import Price
from agents.snapshot import Voice
from agents.values import Role

_UNLIMITED = Limit()


class Switchboard:
    """Connects callers with models."""

    def __init__(
        self,
        make: Callable[[Voice], ChatModel],
        *,
        price: Callable[[str], Price | None],
        limits: Mapping[str, Limit],
        purse: Purse,
        default_limit: Limit = _UNLIMITED,
        per_role: Mapping[Role, int] | None = None,
        shelf: Shelf | None = None,
        attempts: int = 6,
        backoff_s: float = 0.5,
        stopping: Callable[[], bool] = lambda: False,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        """`limits` go by the model's name; `make` is called once for each model at each place, at its first call."""
        self._make, self._price, self._limits, self._default_limit = make, price, limits, default_limit
        self._connections: dict[tuple[str, str | None], Connection] = {}
        self._exchange = Exchange(
            connect=self._connection,
            gates={role: asyncio.Semaphore(most) for role, most in (per_role or {}).items()},
            purse=purse,
            shelf=shelf,
            attempts=attempts,
            backoff_s=backoff_s,
            stopping=stopping,
            clock=clock,
            sleep=sleep,
            rng=rng,
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
            limit = self._limits.get(voice.model, self._default_limit)
            limiter = Limiter(limit, clock=self._exchange.clock, sleep=self._exchange.wait)
            known = self._connections[key] = Connection(self._make(voice), limiter, Estimate(), self._price(voice.model))
        return known
