"""One question to a chat model and what came of it: an answer, or a failure of a kind. It knows no server and no log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import ClassVar, Literal, Protocol

from pydantic import JsonValue

from agents.ground.errors import VigilError
from agents.ground.ids import VariantId
from agents.snapshot import Decoding, Voice
from agents.values import FailureKind, Role


@dataclass(frozen=True)
class Message:
    """One message of a request."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Call:
    """What is asked of a model, and what for."""

    role: Role
    purpose: str
    """Such as `seeker.speak`, `supporter.propose`, `judge.weigh`, or `check`."""
    voice: Voice
    messages: tuple[Message, ...]
    decoding: Decoding
    seed: int | None = None
    turn: int | None = None
    variant: VariantId | None = None
    sample: int = 0
    """Which of several answers to the same question."""
    form: Mapping[str, JsonValue] | None = field(default=None, hash=False)
    """The JSON schema of the answer, for servers that hold a model to one; None for plain words."""

    @cached_property
    def content(self) -> str:
        """The hash of everything that decides the answer but the life it is asked in. Where a server stands decides nothing."""
        decided = {
            "role": self.role,
            "purpose": self.purpose,
            "model": self.voice.model,
            "structured": self.voice.structured,
            "extra": self.voice.extra,
            "messages": [[message.role, message.content] for message in self.messages],
            "decoding": self.decoding.model_dump(exclude_none=True),
            "seed": self.seed if self.voice.seeded else None,
            "turn": self.turn,
            "variant": self.variant,
            "sample": self.sample,
        }
        return sha256(json.dumps(decided, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def request_key(lineage: str, call: Call) -> str:
    """What an answer is kept under: the life that asks, and everything that decides the answer. Siblings never share one."""
    return sha256(f"{lineage}\x1f{call.content}".encode()).hexdigest()


@dataclass(frozen=True)
class Reply:
    """What a model answered, and what it took."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float
    cut: bool = False
    """Whether the answer ends because it was as long as it may be."""
    counted: bool = True
    """Whether the server counted the tokens; otherwise they are estimated."""
    cost: float = 0.0
    """In US dollars."""
    attempt: int = 1
    kept: bool = False
    """Whether it comes from a cache and was not paid now."""


class CallFailed(VigilError):
    """An attempt at a call that brought no usable answer; the message says what the server or the network said, without secrets."""

    PASSES: ClassVar[frozenset[FailureKind]] = frozenset({"rate_limit", "timeout", "unreachable", "server", "malformed"})
    """Kinds that may be gone at the next attempt."""
    LASTS: ClassVar[frozenset[FailureKind]] = frozenset({"refusal", "context_overflow"})
    """Kinds that the same question will meet again, on any later day."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        lasting: bool = False,
    ) -> None:
        """`lasting` says of a failure whose kind may pass that this one does not."""
        super().__init__(message)
        self.kind: FailureKind = kind
        self.retry_after_s = retry_after_s
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens
        self.lasting = lasting

    @property
    def passes(self) -> bool:
        """Whether another attempt may bring an answer."""
        return self.kind in self.PASSES and not self.lasting

    @property
    def lasts(self) -> bool:
        """Whether asking again on another day is of no use."""
        return self.lasting or self.kind in self.LASTS


OnText = Callable[[str], None]
"""Told each further piece of an answer as it comes."""


class ChatModel(Protocol):
    """Answers calls, one attempt each: no retry, no limit, no record."""

    async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
        """The answer, with the tokens and the time it took, or `CallFailed`."""
        ...

    async def close(self) -> None: ...


class Asking(Protocol):
    """Whom an agent asks: somebody who retries, keeps to limits and writes down what it cost."""

    async def ask(self, call: Call) -> Reply:
        """The answer, or `CallFailed` once there is no hope."""
        ...

    def unusable(self, call: Call, failure: CallFailed) -> None:
        """Writes down that the answer to this call, though it came, cannot be used."""
        ...


class Ledger(Protocol):
    """Where every attempt is written down, and where an answer may be already."""

    def answered(self, key: str) -> Reply | None:
        """The answer to this key, if there is one."""
        ...

    def replied(self, call: Call, key: str, reply: Reply) -> None: ...

    def failed(self, call: Call, key: str, failure: CallFailed, *, attempt: int, latency_ms: float, cost: float) -> None: ...

    def unusable(self, call: Call, key: str, failure: CallFailed) -> None: ...
