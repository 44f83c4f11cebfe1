"""A model behind an OpenAI-compatible server, asked through langchain-openai: one attempt a call, all its failures of a known kind.

The whole request travels as `extra_body`, which the openai client sends as it is: its own walk over every message costs more CPU than
the rest of a call. `_agenerate` and `_astream` are langchain's own seams below callbacks, caches and tracers, so that no setting of
the environment can send a conversation to a tracing service.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, SecretStr

from agents.models.calls import Call, CallFailed, OnText, Reply
from agents.models.connections import Pool, hold, release
from agents.models.endpoints import longest_of, name_of, needs_key
from agents.models.failures import Where, failure_of, malformed
from agents.snapshot import Voice

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_openai import ChatOpenAI

_NO_KEY = SecretStr("no-key")
"""Sent where there is none: without a key, the client would look for one in the environment and show it to any server."""
_CHARACTERS_PER_TOKEN = 3.5
_BUSY, _LINES = 8, 24
"""Calls under way on one line before another is opened, and the most lines."""
_SEEDS = 2**31
"""Servers take seeds of 31 bits at least."""


@dataclass
class _Answer:
    """What came so far."""

    text: list[str] = field(default_factory=list)
    refusal: str = ""
    finish: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    def take(self, message: BaseMessage, info: Mapping[str, Any] | None) -> str:
        """Adds a message, or a piece of one; returns its words."""
        words = message.content if isinstance(message.content, str) else str(message.text)
        if words:
            self.text.append(words)
        self.refusal += message.additional_kwargs.get("refusal") or ""
        self.finish = (info or {}).get("finish_reason") or self.finish
        if usage := getattr(message, "usage_metadata", None):
            self.prompt_tokens, self.completion_tokens = usage["input_tokens"], usage["output_tokens"]
        self.cost = message.additional_kwargs.get("cost") or self.cost
        return words


@dataclass
class _Line:
    """A client with its connections."""

    chat: ChatOpenAI
    pool: Pool
    under_way: int = 0


class OpenAIModel:
    """A `ChatModel` that asks a server; all calls are to be made in one event loop."""

    def __init__(self, voice: Voice, base_url: str, key: SecretStr | None) -> None:
        self._where = Where(voice.model, base_url, key)
        placed = voice.model_copy(update={"base_url": base_url})
        self._longest, self._own = longest_of(placed), needs_key(placed)
        self._lines: list[_Line] = []

    async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
        """The answer, or `CallFailed`."""
        line = self._line()
        began, answer = time.perf_counter(), _Answer()
        line.under_way += 1
        try:
            async with asyncio.timeout(call.voice.timeout_s):
                if call.voice.stream:
                    await self._stream(line.chat, call, answer, on_text)
                else:
                    await self._whole(line.chat, call, answer)
        except Exception as error:  # noqa: BLE001 - whatever a client library raises is a failed call of some kind
            raise self._with_tokens(failure_of(error, self._where), call, answer) from None
        finally:
            line.under_way -= 1
        reply = self._read(call, answer, (time.perf_counter() - began) * 1000)
        if on_text is not None and not call.voice.stream:
            on_text(reply.text)
        return reply

    async def close(self) -> None:
        """Closes the connections that nobody else uses."""
        lines, self._lines = self._lines, []
        for line in lines:
            await release(line.pool)

    def _line(self) -> _Line:
        """The line with the fewest calls under way; a further one where all are busy."""
        least = min(self._lines, key=lambda line: line.under_way, default=None)
        if least is None or (least.under_way >= _BUSY and len(self._lines) < _LINES):
            pool = hold(self._where.base_url, len(self._lines))
            least = _Line(self._client(pool), pool)
            self._lines.append(least)
        return least

    def _client(self, pool: Pool) -> ChatOpenAI:
        chat = _chat_class()(
            model=name_of(self._where.model),
            base_url=self._where.base_url,
            api_key=self._where.key or _NO_KEY,
            http_client=pool.unused,
            http_async_client=pool.client,
            max_retries=0,
            timeout=None,
            stream_chunk_timeout=None,
            use_responses_api=False,
        )
        if not self._own:
            # The client reads these from the environment; they are OpenAI's business alone.
            chat.root_async_client.organization = chat.root_async_client.project = None
        return chat

    async def _whole(self, chat: ChatOpenAI, call: Call, answer: _Answer) -> None:
        result = await chat._agenerate([], extra_body=self._body(call))
        usage = (result.llm_output or {}).get("token_usage") or {}
        if not result.generations:
            answer.prompt_tokens, answer.completion_tokens = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
            raise malformed(self._where, "what came holds no choice")
        made = result.generations[0]
        answer.take(made.message, made.generation_info)
        answer.cost = _stated_cost(usage)

    async def _stream(self, chat: ChatOpenAI, call: Call, answer: _Answer, on_text: OnText | None) -> None:
        async for piece in chat._astream([], stream_usage=True, extra_body=self._body(call)):
            words = answer.take(piece.message, piece.generation_info)
            if words and on_text is not None:
                on_text(words)
        if answer.finish is None:
            raise malformed(self._where, "the stream stopped before its end" if answer.text else "what came holds no choice")

    def _body(self, call: Call) -> dict[str, JsonValue]:
        body: dict[str, JsonValue] = dict(call.decoding.model_dump(exclude_none=True))
        if (most := body.pop("max_tokens", None)) is not None:
            body[self._longest] = most
        if call.seed is not None and call.voice.seeded:
            body["seed"] = call.seed % _SEEDS
        if (held := _response_format(call)) is not None:
            body["response_format"] = held
        messages: list[JsonValue] = [{"role": message.role, "content": message.content} for message in call.messages]
        return {**body, **call.voice.extra, "messages": messages}

    def _read(self, call: Call, answer: _Answer, latency_ms: float) -> Reply:
        text, counted = "".join(answer.text), answer.prompt_tokens > 0
        if answer.finish == "content_filter" or (answer.refusal and not text.strip()):
            why = self._where.safe(answer.refusal) or "its content filter stopped it"
            raise self._with_tokens(CallFailed("refusal", f"{self._where.model} refused to answer: {why}"), call, answer)
        if answer.finish == "error":
            raise self._with_tokens(CallFailed("server", f"{self._where.host} broke off {self._where.model}'s answer."), call, answer)
        if not text.strip():
            spent = answer.finish == "length"
            hint = "; all its tokens were spent before a word came: raise max_tokens" if spent else ""
            raise self._with_tokens(malformed(self._where, f"it answered nothing{hint}", lasting=spent), call, answer)
        prompt, completion = (answer.prompt_tokens, answer.completion_tokens) if counted else estimated(call, text)
        return Reply(text, prompt, completion, latency_ms, cut=answer.finish == "length", counted=counted, cost=answer.cost)

    def _with_tokens(self, failure: CallFailed, call: Call, answer: _Answer) -> CallFailed:
        """The failure with what was counted; where words came but no count, with an estimate."""
        if answer.prompt_tokens:
            failure.prompt_tokens, failure.completion_tokens = answer.prompt_tokens, answer.completion_tokens
        elif answer.text:
            failure.prompt_tokens, failure.completion_tokens = estimated(call, "".join(answer.text))
        return failure


def estimated(call: Call, text: str) -> tuple[int, int]:
    """The tokens of a prompt and of an answer that nobody counted."""
    asked = sum(len(message.content) for message in call.messages)
    return round(asked / _CHARACTERS_PER_TOKEN) + 1, round(len(text) / _CHARACTERS_PER_TOKEN) + 1


def _stated_cost(usage: Mapping[str, Any]) -> float:
    """The US dollars that a server such as OpenRouter says it took; 0 where it says none."""
    stated = usage.get("cost")
    return float(stated) if isinstance(stated, int | float) and math.isfinite(stated) and stated > 0 else 0.0


def _response_format(call: Call) -> JsonValue:
    """How the server is asked to hold the model to a form; None leaves it to the prompt."""
    if call.form is None or call.voice.structured == "prompt":
        return None
    if call.voice.structured == "json_object":
        return {"type": "json_object"}
    form = dict(call.form)
    name = "".join(c if c.isalnum() else "_" for c in call.purpose) or "answer"
    # `strict` is only for schemas that leave nothing open; a server refuses it for others.
    return {"type": "json_schema", "json_schema": {"name": name, "schema": form, "strict": form.get("additionalProperties") is False}}


@cache
def _chat_class() -> type[ChatOpenAI]:
    from langchain_openai import ChatOpenAI

    class Listening(ChatOpenAI):
        """The client, with the refusals and the costs in a stream that it would drop."""

        def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *rest: Any) -> Any:
            made = super()._convert_chunk_to_generation_chunk(chunk, *rest)
            choices = chunk.get("choices") or [{}]
            if made is not None and (refusal := (choices[0].get("delta") or {}).get("refusal")):
                made.message.additional_kwargs["refusal"] = refusal
            if made is not None and (cost := _stated_cost(chunk.get("usage") or {})):
                made.message.additional_kwargs["cost"] = cost
            return made

    return Listening
