"""One process writes, the others hand it their turns: the log served to processes of this machine over a local socket.

It carries the calls of `Log` as they are and keeps nothing; it is not meant to cross machines, where PostgreSQL serves.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

from agents import EventId, StreamId
from store.errors import LogUnavailable
from store.events import Event
from store.log import PAGE, Log
from store.records import Anchor, Checkpoint, Head, StoredEvent, StreamInfo

_CALLS = frozenset({"append", "open_branch", "read", "page", "head", "anchor", "streams", "children", "resolve", "checkpoint", "advance"})


@dataclass(frozen=True)
class Counter:
    """Where a log is handed over: given to the processes that shall write through it. Its key is a secret of theirs."""

    address: str
    key: bytes


@contextmanager
def handing_over(log: Log) -> Iterator[Counter]:
    """Serves `log` to other processes for as long as the block lasts."""
    with Listener(family="AF_UNIX", backlog=64) as listener:
        counter = Counter(str(listener.address), secrets.token_bytes(32))
        closing = threading.Event()
        thread = threading.Thread(target=_accept, args=(listener, counter.key, log, closing), name="log-handover", daemon=True)
        thread.start()
        try:
            yield counter
        finally:
            closing.set()
            _knock(counter.address)
            thread.join(timeout=5)


def _knock(address: str) -> None:
    """Wakes the thread that accepts. It waits for no answer: the thread may have seen by itself that it is over."""
    with socket.socket(socket.AF_UNIX) as knocking, suppress(OSError):
        knocking.settimeout(1)
        knocking.connect(address)


def _accept(listener: Listener, key: bytes, log: Log, closing: threading.Event) -> None:
    while not closing.is_set():
        try:
            connection = listener.accept()
        except OSError:
            closing.wait(0.01)  # no file descriptor is free, or a process left while it knocked: the next may be in order
            continue
        threading.Thread(target=_serve, args=(connection, key, log, closing), name="log-handover-client", daemon=True).start()


def _serve(connection: Connection[Any, Any], key: bytes, log: Log, closing: threading.Event) -> None:
    # A process that has another key gets nothing; one that ends keeps what it handed over.
    with connection, suppress(EOFError, OSError, AuthenticationError):
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
        while True:
            name, arguments = connection.recv()
            if closing.is_set():
                return
            try:
                if name not in _CALLS:
                    raise ValueError(f"{name} is not a call of the log")
                answer = (True, getattr(log, name)(*arguments))
            except Exception as error:  # noqa: BLE001
                answer = (False, error)  # raised again in the process that asked
            connection.send(answer)


class HandedLog:
    """A log that lives in another process; the same calls, the same errors."""

    def __init__(self, counter: Counter) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        try:
            self._connection: Connection[Any, Any] = Client(counter.address, authkey=counter.key)
        except (OSError, EOFError, AuthenticationError) as error:
            raise LogUnavailable(
                f"The process that writes the log does not answer at {counter.address}: {error}. Is it still running?"
            ) from None

    def close(self) -> None:
        self._connection.close()

    def _call(self, name: str, *arguments: object) -> Any:
        if os.getpid() != self._process:
            raise RuntimeError("a handed log was carried through fork(); make another from its counter in the new process")
        with self._lock:
            try:
                self._connection.send((name, arguments))
                done, answer = self._connection.recv()
            except (OSError, EOFError) as error:
                raise LogUnavailable(
                    f"The process that writes the log went away ({type(error).__name__}). "
                    "The last write is there whole or not at all; retry it with the same event ids."
                ) from None
            except BaseException:
                self._connection.close()  # the answer may still come, and the next call would take it for its own
                raise
        if not done:
            raise answer
        return answer

    def append(self, stream: StreamId, expected_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None) -> Head:
        head: Head = self._call("append", stream, expected_version, events, event_ids)
        return head

    def open_branch(
        self, branch: StreamId, parent: StreamId, at_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None
    ) -> Head:
        head: Head = self._call("open_branch", branch, parent, at_version, events, event_ids)
        return head

    def read(self, stream: StreamId, after: int = 0, upto: int | None = None) -> list[StoredEvent]:
        events: list[StoredEvent] = self._call("read", stream, after, upto)
        return events

    def page(self, after_position: int = 0, limit: int = PAGE) -> list[StoredEvent]:
        events: list[StoredEvent] = self._call("page", after_position, limit)
        return events

    def head(self, stream: StreamId) -> Head:
        head: Head = self._call("head", stream)
        return head

    def anchor(self) -> Anchor:
        anchor: Anchor = self._call("anchor")
        return anchor

    def streams(self, prefix: str = "", after: StreamId | None = None, limit: int | None = None) -> list[StreamInfo]:
        found: list[StreamInfo] = self._call("streams", prefix, after, limit)
        return found

    def children(self, stream: StreamId) -> list[StreamInfo]:
        found: list[StreamInfo] = self._call("children", stream)
        return found

    def resolve(self, wanted: str) -> StreamId:
        stream: StreamId = self._call("resolve", wanted)
        return stream

    def checkpoint(self, name: str) -> Checkpoint:
        checkpoint: Checkpoint = self._call("checkpoint", name)
        return checkpoint

    def advance(self, checkpoint: Checkpoint, position: int, rows: Mapping[str, str | None]) -> Checkpoint:
        moved: Checkpoint = self._call("advance", checkpoint, position, rows)
        return moved
