"""Fakes to ask: a chat model that answers by a script, a ledger and a shelf in memory, and the calls and switchboards of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from agents.models.budget import Budget, LocalPurse
from agents.models.calls import Call, CallFailed, Message, OnText, Reply
from agents.models.prices import Price
from agents.models.switchboard import Switchboard, Terms, Timing
from agents.snapshot import Decoding, Voice
from agents.values import Role
from tests.agents.models.timeless import now

PRICE = Price(prompt=1.0, completion=10.0)
"""US dollars per million tokens."""


def a_call(words: str = "How are you tonight?", **changed: Any) -> Call:
    """A call that may take 14 tokens for its words and what is around them, and 20 for the answer."""
    usual: dict[str, Any] = {
        "role": Role.SEEKER,
        "purpose": "seeker.speak",
        "voice": Voice(model="openai:m"),
        "messages": (Message("user", words),),
        "decoding": Decoding(max_tokens=20),
    }
    return Call(**(usual | changed))


def a_reply(text: str = "Tired.", prompt_tokens: int = 9, completion_tokens: int = 4) -> Reply:
    return Reply(text, prompt_tokens, completion_tokens, latency_ms=-1.0)


class FakeModel:
    """Answers with what its script says next, and with the last of it again and again."""

    def __init__(self, *script: Reply | BaseException | Callable[[Call], Reply], takes_s: float = 0.0) -> None:
        self._script = list(script) or [a_reply()]
        self._takes_s = takes_s
        self.asked: list[tuple[float, Call]] = []
        self.at_once = self.most_at_once = 0
        self.closed = 0

    async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
        self.asked.append((now(), call))
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self._takes_s)
        finally:
            self.at_once -= 1
        if isinstance(said, BaseException):
            raise said
        return said if isinstance(said, Reply) else said(call)

    async def close(self) -> None:
        await asyncio.sleep(0.1)
        self.closed += 1

    @property
    def times(self) -> list[float]:
        """When it was asked, counted from the first time."""
        return [round(at - self.asked[0][0], 6) for at, _ in self.asked]


class FakeLedger:
    """Remembers all that it is told."""

    def __init__(self, answers: dict[str, Reply] | None = None) -> None:
        self.answers = dict(answers or {})
        self.replies: list[tuple[str, Reply]] = []
        self.failures: list[tuple[str, CallFailed, int, float]] = []
        self.useless: list[str] = []

    def answered(self, key: str) -> Reply | None:
        return self.answers.get(key)

    def replied(self, call: Call, key: str, reply: Reply) -> None:
        self.replies.append((key, reply))
        self.answers[key] = reply

    def failed(self, call: Call, key: str, failure: CallFailed, *, attempt: int, latency_ms: float, cost: float) -> None:
        self.failures.append((key, failure, attempt, cost))

    def unusable(self, call: Call, key: str, failure: CallFailed) -> None:
        self.useless.append(key)

    @property
    def cost(self) -> float:
        return sum(reply.cost for _, reply in self.replies) + sum(cost for *_, cost in self.failures)


class FakeShelf:
    """A cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Reply] = {}

    def get(self, key: str) -> Reply | None:
        return self.kept.get(key)

    def put(self, key: str, call: Call, reply: Reply) -> None:
        self.kept[key] = reply


def a_switchboard(model: FakeModel, **changed: Any) -> Switchboard:
    """A switchboard with one model, without limits, that waits as long as it may; to be made where a loop runs."""
    usual: dict[str, Any] = {
        "price": lambda name: PRICE,
        "limits": {},
        "purse": LocalPurse(Budget()),
        "clock": asyncio.get_running_loop().time,
        "rng": lambda: 1.0,
    }
    given = usual | changed
    terms = Terms(**{field.name: given.pop(field.name) for field in fields(Terms) if field.name in given})
    timing = Timing(**{field.name: given.pop(field.name) for field in fields(Timing) if field.name in given})
    return Switchboard(lambda voice: model, terms=terms, timing=timing, **given)


async def outcomes(asked: Iterable[Any]) -> list[Any]:
    """What came of each, an error or a value."""
    return await asyncio.gather(*asked, return_exceptions=True)
