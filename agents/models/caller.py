"""Whom the agents of one session ask: each question is paid once, tried again where that may help, and written down at once.

It knows the way of a call from question to record. Clients, limits and prices come from the switchboard; where records go, it leaves to the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal, Protocol

from agents.ground.errors import VigilError
from agents.models.budget import Purse
from agents.models.calls import Call, CallFailed, ChatModel, Ledger, Reply, request_key
from agents.models.endpoints import base_url_of, origin
from agents.models.estimate import Estimate
from agents.models.limits import Clock, Limiter, Sleep
from agents.models.prices import Price, cost
from agents.snapshot import Voice
from agents.values import Role

LONGEST_WAIT_S = 300.0
"""A server that asks for a longer pause is not waited for."""
_LONGEST_BACKOFF_S = 30.0
_LOOK_AGAIN_S = 1.0
"""Whoever waits looks this often whether it is time to leave."""
_SHORTEST_WAIT_S = 0.001
_GRACE_S = 1.0
"""A client that keeps the time itself may still tell what was billed."""


class Halted(VigilError):
    """No further call is made, though nothing is wrong: somebody wants to stop, or the budget is spent."""

    def __init__(self, reason: Literal["stopped", "budget"], message: str = "") -> None:
        super().__init__(message or _WHY[reason])
        self.reason: Literal["stopped", "budget"] = reason


_WHY = {
    "stopped": "Stopped before the next call, as asked.",
    "budget": "The budget does not allow another call. Raise --max-cost or --max-tokens to go on.",
}


class Shelf(Protocol):
    """Answers that runs share."""

    def get(self, key: str) -> Reply | None: ...

    def put(self, key: str, call: Call, reply: Reply) -> None: ...


@dataclass(frozen=True)
class Connection:
    """What is known of one model by all who ask it."""

    client: ChatModel
    limiter: Limiter
    estimate: Estimate
    price: Price | None

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """In US dollars; 0 where no price is known."""
        return cost(self.price, prompt_tokens, completion_tokens) if self.price else 0.0


@dataclass(frozen=True)
class Exchange:
    """What all callers of a process share."""

    connect: Callable[[Voice], Connection]
    gates: Mapping[Role, asyncio.Semaphore]
    """How many calls of a role may be under way; a role without one has no limit of its own."""
    purse: Purse
    shelf: Shelf | None
    attempts: int
    backoff_s: float
    stopping: Callable[[], bool]
    clock: Clock
    sleep: Sleep
    rng: Callable[[], float]
    origins: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """Where each model was when it was first asked: a checkpoint stays as it was loaded."""

    def shelf_key(self, call: Call, key: str) -> str:
        """What an answer is shared under: its request key, and where the model is, for others may have one of the same name."""
        place = call.voice.model, call.voice.base_url
        if place not in self.origins:
            self.origins[place] = origin(call.voice)
        return sha256(f"{key}\x1f{self.origins[place]}".encode()).hexdigest()

    def check_stop(self) -> None:
        """Raises `Halted` if it is time to leave."""
        if self.stopping():
            raise Halted("stopped")

    async def wait(self, seconds: float) -> None:
        """Sleeps, but not through a wish to stop."""
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:
            self.check_stop()
            await self.sleep(max(_SHORTEST_WAIT_S, min(left, _LOOK_AGAIN_S)))


class Caller:
    """Asks for one session."""

    def __init__(self, exchange: Exchange, ledger: Ledger, lineage: str) -> None:
        """`lineage` names the life in which the questions are asked: a branch is another life than its parent."""
        self._exchange, self._ledger, self._lineage = exchange, ledger, lineage
        self._under_way: dict[str, asyncio.Future[Reply | Exception | None]] = {}
        """By key, for whoever asks the same thing meanwhile; None comes of a call that was cancelled."""

    async def ask(self, call: Call) -> Reply:
        """The answer that is written down already, or a new one; `Halted` where no call may be made."""
        key = request_key(self._lineage, call)
        while True:
            if (kept := self._kept(call, key)) is not None:
                return kept
            if (under_way := self._under_way.get(key)) is None:
                return await self._alone(call, key)
            outcome = await asyncio.shield(under_way)
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:
                return outcome

    def unusable(self, call: Call, failure: CallFailed) -> None:
        """Writes down that the answer to this call, though it came, cannot be used."""
        self._ledger.unusable(call, request_key(self._lineage, call), failure)

    def _kept(self, call: Call, key: str) -> Reply | None:
        if (answered := self._ledger.answered(key)) is not None:
            return answered
        shelf = self._exchange.shelf
        if shelf is None or key in self._under_way or (found := shelf.get(self._exchange.shelf_key(call, key))) is None:
            return None
        reply = replace(found, kept=True, cost=0.0)
        self._ledger.replied(call, key, reply)
        return reply

    async def _alone(self, call: Call, key: str) -> Reply:
        """Calls, while others who ask the same wait for what comes of it."""
        under_way = self._under_way[key] = asyncio.get_running_loop().create_future()
        outcome: Reply | Exception | None = None
        try:
            outcome = await self._try(call, key)
            return outcome
        except Exception as error:
            outcome = error
            raise
        finally:
            del self._under_way[key]
            under_way.set_result(outcome)

    async def _try(self, call: Call, key: str) -> Reply:
        """Attempts until there is an answer, or no hope."""
        exchange = self._exchange
        attempt = 1
        while True:
            try:
                return await self._attempt(call, key, attempt)
            except CallFailed as failure:
                asked_s = max(0.0, failure.retry_after_s or 0.0)
                if not failure.passes or attempt >= exchange.attempts or asked_s > LONGEST_WAIT_S:
                    raise _final(failure, attempt) from failure
            most_s = min(_LONGEST_BACKOFF_S, exchange.backoff_s * 2 ** (attempt - 1))
            # On top of what the server asks for: whoever was sent away at the same moment should not come back at the same moment.
            await exchange.wait(asked_s + most_s * exchange.rng())
            attempt += 1

    async def _attempt(self, call: Call, key: str, attempt: int) -> Reply:
        """One attempt, when its turn comes."""
        connection = self._exchange.connect(call.voice)
        expected = connection.estimate.of(call)
        async with self._exchange.gates.get(call.role) or nullcontext():
            start = await connection.limiter.start(sum(expected))
            used: int | None = None
            try:
                self._exchange.check_stop()
                reply = await self._paid(call, key, attempt, connection, expected)
                used = reply.prompt_tokens + reply.completion_tokens
            except CallFailed as failure:
                # What a server is still at when nobody waits any more counts there.
                used = None if failure.kind == "timeout" else failure.prompt_tokens + failure.completion_tokens
                if failure.kind == "rate_limit" and failure.retry_after_s is not None and failure.retry_after_s <= LONGEST_WAIT_S:
                    connection.limiter.pause(failure.retry_after_s)
                raise
            finally:
                connection.limiter.end(start, used)
        connection.estimate.learn(call, reply)
        if self._exchange.shelf is not None:
            self._exchange.shelf.put(self._exchange.shelf_key(call, key), call, reply)
        return reply

    async def _paid(self, call: Call, key: str, attempt: int, connection: Connection, expected: tuple[int, int]) -> Reply:
        """One attempt within the budget. What came of it is written down before anything else can happen.

        Servers bill a prompt though nobody waits for the answer any more, so a time-out takes at least the prompt's estimate out of the
        purse. The ledger is told what the client knows, which may be nothing: a purse that is filled anew from it knows of no more.
        """
        purse, clock = self._exchange.purse, self._exchange.clock
        held = connection.cost(*expected), sum(expected)
        if not purse.reserve(*held):
            spent, tokens = purse.spent()
            raise Halted("budget", f"{_WHY['budget']} So far: ${spent:.4f}, {tokens} tokens.")
        paid, tokens = 0.0, 0
        began = clock()
        try:
            reply = await _answer(connection.client, call)
            # A server that says what it took knows better than a table.
            paid = reply.cost or connection.cost(reply.prompt_tokens, reply.completion_tokens)
            tokens = reply.prompt_tokens + reply.completion_tokens
            reply = replace(reply, cost=paid, attempt=attempt, latency_ms=(clock() - began) * 1000)
            self._ledger.replied(call, key, reply)
            return reply
        except CallFailed as failure:
            paid = connection.cost(failure.prompt_tokens, failure.completion_tokens)
            tokens = failure.prompt_tokens + failure.completion_tokens
            self._ledger.failed(call, key, failure, attempt=attempt, latency_ms=(clock() - began) * 1000, cost=paid)
            if failure.kind == "timeout":
                paid, tokens = max(paid, connection.cost(expected[0], 0)), max(tokens, expected[0])
            raise
        finally:
            purse.settle(*held, paid, tokens)


async def _answer(client: ChatModel, call: Call) -> Reply:
    """What the model says, in the time that it has, whether or not its client looks at the clock.

    A model in this process looks at it, from when it begins: the time until then is spent in its queue.
    """
    try:
        async with asyncio.timeout(None if base_url_of(call.voice) is None else call.voice.timeout_s + _GRACE_S):
            return await client.reply(call)
    except TimeoutError:
        raise CallFailed("timeout", f"{call.voice.model} did not answer within {call.voice.timeout_s:g} s.") from None


def _final(failure: CallFailed, attempt: int) -> CallFailed:
    """The failure as whoever asked is told."""
    said = str(failure)
    if (failure.retry_after_s or 0.0) > LONGEST_WAIT_S:
        said = f"{_sentence(said)} Its server wants a pause of {failure.retry_after_s:.0f} s, longer than is waited for. Resume later."
    if attempt > 1:
        said = f"{_sentence(said)} Gave up after {attempt} attempts."
    return CallFailed(
        failure.kind,
        said,
        retry_after_s=failure.retry_after_s,
        prompt_tokens=failure.prompt_tokens,
        completion_tokens=failure.completion_tokens,
        lasting=failure.lasting,
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
