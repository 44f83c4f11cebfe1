"""How often a model may be asked: starts and tokens in any window of time, calls at once, and a pause where its server wants one.

One limiter is shared by all sessions of a process. It knows no call and no clock of its own; what a call takes is told to it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agents.ground.errors import UsageError

Clock = Callable[[], float]
"""Seconds that only ever rise."""
Sleep = Callable[[float], Awaitable[None]]

MINUTE = 60.0
_LOOK_AGAIN_S = 0.25
"""A waiting call looks this often whether an answer took less than was thought, or somebody wants to leave."""
_AT_LEAST_S = 0.001
"""Waits shorter than a clock can tell would turn in circles."""


@dataclass(frozen=True)
class Limit:
    """What one model allows; None sets no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    at_once: int | None = None
    """How many calls may be under way."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; a limit below 1 lets nothing through")


def share(limit: Limit, workers: int) -> Limit:
    """What each of several worker processes may use, so that together they never exceed the limit."""
    return Limit(**{name: value if value is None else _part(name.replace("_", " "), value, workers) for name, value in vars(limit).items()})


def _part(name: str, value: int, workers: int) -> int:
    if value < workers:
        raise UsageError(
            f"A limit of {value} {name} cannot be divided among {workers} workers. Use at most {value} workers, or a higher limit."
        )
    return value // workers


class Start:
    """A call that was let through, with what it counts for."""

    __slots__ = ("at", "over", "tokens")

    def __init__(self, at: float, tokens: int) -> None:
        self.at, self.tokens = at, tokens
        self.over = False
        """Whether it left the window already."""


class Limiter:
    """Lets calls of one model through, first come, first served."""

    def __init__(self, limit: Limit, *, window_s: float = MINUTE, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._limit, self._window_s, self._clock, self._sleep = limit, window_s, clock, sleep
        self._places = asyncio.Semaphore(limit.at_once) if limit.at_once else None
        self._head = asyncio.Lock()
        self._starts: deque[Start] = deque()
        self._tokens = 0
        self._paused_until = float("-inf")
        self._counts = limit.requests_per_minute is not None or limit.tokens_per_minute is not None

    async def start(self, tokens: int) -> Start:
        """Waits until a call that may take so many tokens fits.

        One that is larger than the limit itself goes when nothing else counts: whether it is too large is for its server to say.
        """
        if self._places is not None:
            await self._places.acquire()
        try:
            async with self._head:
                while (wait_s := self._wait_s(tokens)) > 0:
                    await self._sleep(max(_AT_LEAST_S, min(wait_s, _LOOK_AGAIN_S)))
                return self._let_through(tokens)
        except BaseException:
            self._free()
            raise

    def end(self, start: Start, tokens: int | None) -> None:
        """The call came back and took so many tokens; None where nobody knows, and what was thought stands."""
        self._free()
        if tokens is not None and not start.over:
            self._tokens += tokens - start.tokens
            start.tokens = tokens

    def pause(self, seconds: float) -> None:
        """Lets nobody through for so long, or longer if a longer pause was asked for."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _free(self) -> None:
        if self._places is not None:
            self._places.release()

    def _wait_s(self, tokens: int) -> float:
        """How long at most until a call of so many tokens fits; 0 if it fits now."""
        now = self._clock()
        self._forget(now)
        wait_s = max(0.0, self._paused_until - now)
        if not self._starts:
            return wait_s
        requests, most = self._limit.requests_per_minute, self._limit.tokens_per_minute
        full = (requests is not None and len(self._starts) >= requests) or (most is not None and self._tokens + tokens > most)
        return max(wait_s, self._starts[0].at + self._window_s - now) if full else wait_s

    def _let_through(self, tokens: int) -> Start:
        start = Start(self._clock(), tokens)
        if self._counts:
            self._starts.append(start)
            self._tokens += tokens
        else:
            start.over = True
        return start

    def _forget(self, now: float) -> None:
        while self._starts and self._starts[0].at + self._window_s <= now:
            left = self._starts.popleft()
            left.over = True
            self._tokens -= left.tokens
