"""`local:PATH`: a transformers checkpoint in this process as a chat model. Calls that come together are answered together.

One thread owns the model: it loads it at the first call, gathers what arrives within a moment, and has the answers written
side by side. An answer depends on its call and seed, not on its company: on a processor in float32 the words are the same alone
and in a batch, but for near-ties within rounding; in half precision, sums over a padded row round visibly otherwise and words may
differ, so whoever needs them exact sets `most_at_once=1`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence

from agents.models.calls import Call, CallFailed, OnText, Reply
from agents.models.local_batch import Asked, Row, together, write
from agents.models.local_checkpoint import Checkpoint, load_checkpoint
from agents.values import FailureKind


class LocalModel:
    """A `ChatModel` that needs no server; safe to ask from many tasks and loops at once."""

    def __init__(
        self, path: str, *, device: str | None = None, dtype: str | None = None, most_at_once: int = 16, wait_ms: float = 10
    ) -> None:
        """`device` and `dtype` are chosen by what the machine has; nothing is loaded before the first call."""
        self._path = path
        self._device = device
        self._dtype = dtype
        self._most_at_once = most_at_once
        self._wait_s = wait_ms / 1000
        self._asked: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._starting = threading.Lock()

    async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
        """The answer; who stops waiting leaves the batch without harm to the others."""
        if call.voice.structured != "prompt":
            raise CallFailed("other", f"local:{self._path} can be held to a form by words alone. Set structured to 'prompt'.")
        loop = asyncio.get_running_loop()
        asked = Asked(call, loop, loop.create_future(), on_text)
        self._submit(asked)
        try:
            return await asked.answer
        finally:
            asked.gone = True

    async def close(self) -> None:
        """Fails what is unanswered, frees the model and ends its thread."""
        with self._starting:
            self._closed = True
            thread = self._thread
        if thread is not None:
            self._asked.put(None)
            await asyncio.to_thread(thread.join)

    def _submit(self, asked: Asked) -> None:
        with self._starting:
            if self._closed:
                raise CallFailed("other", f"local:{self._path} was closed. Make a new one to ask it again.")
            self._asked.put(asked)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"local:{self._path}", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        checkpoint: Checkpoint | None = None
        unusable: CallFailed | None = None
        while batch := self._gather():
            if checkpoint is None and unusable is None:
                try:
                    checkpoint = load_checkpoint(self._path, self._device, self._dtype)
                except CallFailed as error:
                    unusable = error
            if checkpoint is not None:
                self._answer(batch, checkpoint)
            elif unusable is not None:
                for asked in batch:
                    asked.fail(CallFailed(unusable.kind, unusable.message))

    def _gather(self) -> list[Asked]:
        """What came within a moment of the first call, and nothing once the model is closed."""
        batch: list[Asked] = []
        until: float | None = None
        while not self._closed and len(batch) < self._most_at_once:
            try:
                asked = self._asked.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if asked is not None and not asked.gone:
                batch.append(asked)
                until = until or time.monotonic() + self._wait_s
        return self._turned_away(batch) if self._closed else batch

    def _turned_away(self, batch: list[Asked]) -> list[Asked]:
        waiting = list(batch)
        while not self._asked.empty():
            waiting += [asked for asked in [self._asked.get()] if asked is not None]
        for asked in waiting:
            asked.fail(CallFailed("other", "The local model was closed before it had answered."))
        return []

    def _answer(self, batch: Sequence[Asked], checkpoint: Checkpoint) -> None:
        rows: list[Row] = []
        for asked in batch:
            try:
                rows.append(Row(asked, checkpoint))
            except CallFailed as error:
                asked.fail(error)
            except Exception as error:  # noqa: BLE001
                # A template or tokenizer may raise anything: it is this call's outcome.
                asked.fail(self._broke(error, "other"))
        for group in together(rows, checkpoint.longest):
            try:
                write(group, checkpoint, lambda: self._closed)
            except Exception as error:  # noqa: BLE001
                # Whatever breaks is the outcome of these calls, and the thread lives on for others.
                for row in group:
                    row.asked.fail(self._broke(error, "server"))

    def _broke(self, error: Exception, kind: FailureKind) -> CallFailed:
        said = (str(error).strip() or "no reason given").splitlines()[0]
        return CallFailed(kind, f"local:{self._path} broke while answering: {type(error).__name__}: {said}")
