"""How many tokens a call may take, thought before it is made. It knows no tokeniser: it learns from what servers counted."""

from __future__ import annotations

from agents.models.calls import Call, Reply

_BYTES_PER_TOKEN = 3.5
"""On the safe side for English, whose tokens are about 4 characters, and by bytes for scripts whose tokens are shorter."""
_TOKENS_PER_MESSAGE = 8
"""What a chat template puts around each message."""
_USUAL_COMPLETION = 512
"""For an answer whose length nothing limits."""
_TELLING = 400
"""Bytes; a shorter prompt tells more about the template than about the tokeniser."""


class Estimate:
    """What is thought of one model's calls; never less than what any of them took per byte so far."""

    def __init__(self) -> None:
        self._tokens_per_byte = 1 / _BYTES_PER_TOKEN

    def of(self, call: Call) -> tuple[int, int]:
        """The prompt's tokens and the answer's."""
        return _around(call) + int(_size(call) * self._tokens_per_byte) + 1, call.decoding.max_tokens or _USUAL_COMPLETION

    def learn(self, call: Call, reply: Reply) -> None:
        """A server counted; no tokeniser makes more than one token of a byte."""
        if reply.counted and (size := _size(call)) >= _TELLING:
            self._tokens_per_byte = min(1.0, max(self._tokens_per_byte, (reply.prompt_tokens - _around(call)) / size))


def _size(call: Call) -> int:
    return sum(len(message.content) if message.content.isascii() else len(message.content.encode()) for message in call.messages)


def _around(call: Call) -> int:
    return _TOKENS_PER_MESSAGE * len(call.messages)
