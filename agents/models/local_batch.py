"""Several answers written by one model at once: each row with its own words, end, limit and listener. It knows no thread and no queue.

Prompts are padded on the left to one length. A row that has ended is delivered at once; the batch goes on until its last row ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.models.calls import Call, CallFailed, OnText, Reply
from agents.models.local_checkpoint import Checkpoint
from agents.models.local_sampling import RowSampler, Sampling
from agents.values import FailureKind

MOST_TOKENS = 512
"""How long an answer may be when nobody says."""


@dataclass(eq=False)
class Asked:
    """A call, and the one who waits for its answer on an event loop."""

    call: Call
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Reply]
    on_text: OnText | None
    asked_at: float = field(default_factory=time.monotonic)
    gone: bool = False
    """Whether nobody waits any more."""

    def tell(self, piece: str) -> None:
        self._on_loop(self._told, piece)

    def settle(self, reply: Reply) -> None:
        self._on_loop(lambda: None if self.answer.done() else self.answer.set_result(reply))

    def fail(self, error: Exception) -> None:
        self._on_loop(lambda: None if self.answer.done() else self.answer.set_exception(error))

    def _told(self, piece: str) -> None:
        if self.on_text is None or self.answer.done():
            return
        try:
            self.on_text(piece)
        except Exception as error:  # noqa: BLE001
            # Whoever gave the listener hears of it, as the outcome of the call.
            self.answer.set_exception(error)

    def _on_loop(self, what: Callable[..., None], *arguments: str) -> None:
        try:
            self.loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:  # the loop is closed, and with it whoever waited
            self.gone = True


class Row:
    """One answer as it grows."""

    def __init__(self, asked: Asked, checkpoint: Checkpoint) -> None:
        """Reads the call, and raises `CallFailed` where the model cannot take it."""
        self.asked = asked
        self.prompt = checkpoint.prompt(asked.call)
        self.sampling: Sampling = checkpoint.sampling(asked.call)
        self.most = _room(asked.call, checkpoint, len(self.prompt))
        self.ended = False
        self._checkpoint = checkpoint
        self.tokens: list[int] = []
        self._told = ""

    def take(self, token: int) -> None:
        """The next token of the answer."""
        self.tokens.append(token)
        if token in self._checkpoint.ends:
            self._finish(self._checkpoint.text(self.tokens[:-1]), cut=False)
        elif len(self.tokens) >= self.most:
            self._finish(self._checkpoint.text(self.tokens), cut=True)
        elif self.asked.on_text is not None:
            # The last bytes of a character may be still to come; until then they decode to replacement marks.
            self._tell(self._checkpoint.text(self.tokens).rstrip("\ufffd"))

    def check(self, started_at: float) -> None:
        """Ends a row that nobody waits for, or that takes too long."""
        limit = self.asked.call.voice.timeout_s
        if self.asked.gone:
            self.ended = True
        elif time.monotonic() - started_at > limit:
            self.fail("timeout", f"local:{self._checkpoint.path} had not ended its answer after {limit:g} s.")

    def fail(self, kind: FailureKind, message: str) -> None:
        self.ended = True
        self.asked.fail(CallFailed(kind, message, prompt_tokens=len(self.prompt), completion_tokens=len(self.tokens)))

    def _tell(self, text: str) -> None:
        if len(text) > len(self._told) and text.startswith(self._told):
            self.asked.tell(text[len(self._told) :])
            self._told = text

    def _finish(self, text: str, *, cut: bool) -> None:
        self.ended = True
        self._tell(text)
        latency_ms = (time.monotonic() - self.asked.asked_at) * 1000
        self.asked.settle(Reply(text, len(self.prompt), len(self.tokens), latency_ms, cut=cut))


def _room(call: Call, checkpoint: Checkpoint, prompt: int) -> int:
    """How many tokens the answer may be: what was asked for, as far as the model can read it with the prompt."""
    wanted = call.decoding.max_tokens or MOST_TOKENS
    limits = [limit for limit in (checkpoint.longest, call.voice.context) if limit is not None]
    if not limits:
        return wanted
    if prompt >= min(limits):
        message = f"The prompt is {prompt} tokens long, and local:{checkpoint.path} can read and write {min(limits)} together. Shorten it."
        raise CallFailed("context_overflow", message)
    return min(wanted, min(limits) - prompt)


def together(rows: Sequence[Row], longest: int | None) -> list[list[Row]]:
    """The rows in as few groups as can each be run at once.

    A row that has ended still takes part until the last one ends, so its longest prompt and its longest answer must fit together.
    """
    groups: list[list[Row]] = []
    for row in rows:
        for group in groups:
            joined = [*group, row]
            if longest is None or max(len(r.prompt) for r in joined) + max(r.most for r in joined) <= longest:
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


class Watch:
    """A stopping criterion: hands each new token to its row, and says which rows have ended."""

    def __init__(self, rows: Sequence[Row], closing: Callable[[], bool]) -> None:
        self._rows = rows
        self._closing = closing
        self._started_at = time.monotonic()

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        for row, token in zip(self._rows, input_ids[:, -1].tolist(), strict=True):
            if not row.ended:
                row.take(token)
            if not row.ended:
                row.check(self._started_at)
            if not row.ended and self._closing():
                row.fail("other", "The local model was closed before it had answered.")
        return torch.tensor([row.ended for row in self._rows], device=input_ids.device)


def write(rows: Sequence[Row], checkpoint: Checkpoint, closing: Callable[[], bool]) -> None:
    """Has the model write all the rows' answers; each is delivered when it ends."""
    import torch

    width = max(len(row.prompt) for row in rows)
    tokens = [[checkpoint.pad] * (width - len(row.prompt)) + row.prompt for row in rows]
    seen = [[0] * (width - len(row.prompt)) + [1] * len(row.prompt) for row in rows]
    device = checkpoint.model.device
    with torch.inference_mode():
        checkpoint.model.generate(
            input_ids=torch.tensor(tokens, device=device),
            attention_mask=torch.tensor(seen, device=device),
            generation_config=checkpoint.run_of(max(row.most for row in rows)),
            logits_processor=[RowSampler([row.sampling for row in rows], [len(row.prompt) for row in rows], width)],
            stopping_criteria=[Watch(rows, closing)],
        )
