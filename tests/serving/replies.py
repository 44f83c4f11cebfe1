"""The shapes of OpenAI's replies: a completion, a stream of one, an error, a list of models. It knows no connection and no fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from tests.serving.connection import reply

CREATED = 1_700_000_000
"""The time that every answer bears, so that the same question gets the same bytes."""
WORDS_AT_ONCE = 4
"""How many words a piece of a stream has."""
_WORD = re.compile(r"\s*\S+\s*")


@lru_cache(maxsize=1024)
def tokens(text: str) -> int:
    """How many tokens a text has: as many as it has words, parted by white space."""
    return len(text.split())


def prompt_tokens(messages: list[dict[str, Any]]) -> int:
    """How many tokens a prompt has: the words of all its messages, and nothing for their roles."""
    return sum(tokens(text_of(message)) for message in messages)


def text_of(message: dict[str, Any]) -> str:
    """The words of a message, given as a text or as parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def first_words(text: str, count: int) -> str:
    """So many words of a text, as they stand."""
    ends = [match.end() for match, _ in zip(_WORD.finditer(text), range(count), strict=False)]
    return text[: ends[-1]].rstrip() if ends else ""


@dataclass(frozen=True)
class Answer:
    """What is said in answer to a chat request, and how it ends."""

    id: str
    model: str
    text: str
    prompt_tokens: int
    finish: Literal["stop", "length", "content_filter"] = "stop"
    refusal: str | None = None

    @property
    def completion_tokens(self) -> int:
        return tokens(self.refusal or self.text)

    def usage(self) -> dict[str, int]:
        """What OpenAI calls usage."""
        taken = self.completion_tokens
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": taken, "total_tokens": self.prompt_tokens + taken}

    def whole(self, *, usage: bool, choices: bool = True) -> bytes:
        """The answer in one piece."""
        message = {"role": "assistant", "content": None if self.refusal else self.text, "refusal": self.refusal}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish}
        told = self._frame("chat.completion", [choice] if choices else [])
        return _json({**told, "usage": self.usage()} if usage else told)

    def streamed(self, *, usage: bool, choices: bool = True) -> Iterator[bytes]:
        """The answer as server-sent events, a few words at a time, without the line that ends the stream."""
        begun = _json(self._frame("chat.completion.chunk", []))[:-2]
        if choices:
            yield _event(begun, {"role": "assistant", "content": ""})
            field, said = ("refusal", self.refusal) if self.refusal else ("content", self.text)
            words = _WORD.findall(said)
            for at in range(0, len(words), WORDS_AT_ONCE):
                yield _event(begun, {field: "".join(words[at : at + WORDS_AT_ONCE])})
            yield _event(begun, {}, self.finish)
        if usage:
            yield b'data: %b],"usage":%b}\n\n' % (begun, _json(self.usage()))

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": CREATED, "model": self.model, "choices": choices}


END_OF_STREAM = b"data: [DONE]\n\n"


def models(names: tuple[str, ...]) -> bytes:
    """The list of models."""
    listed = [{"id": name, "object": "model", "created": CREATED, "owned_by": "tests"} for name in names]
    return reply(200, _json({"object": "list", "data": listed}))


def error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error", **headers: str) -> bytes:
    """An error as OpenAI words it."""
    return reply(status, _json({"error": {"message": message, "type": kind, "param": None, "code": code}}), **headers)


def _event(begun: bytes, delta: dict[str, str], finish: str | None = None) -> bytes:
    """One event of a stream, from its JSON up to where the choices are listed."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: %b%b]}\n\n" % (begun, _json(choice))


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _json(told: Any) -> bytes:
    return _ENCODER.encode(told).encode()
