"""Ids: short, prefixed and, for events, ordered in time. It knows no log; clock and randomness are handed in."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import NewType

StreamId = NewType("StreamId", str)
"""A stream of the log: a conversation `c-…`, a branch `b-…` or a run `run-…`."""
ConversationId = NewType("ConversationId", StreamId)
"""A conversation that started from nothing: `c-…`."""
BranchId = NewType("BranchId", StreamId)
"""A conversation that continues another one from one of its versions: `b-…`."""
RunId = NewType("RunId", StreamId)
"""A batch of conversations: `run-…`."""
VariantId = NewType("VariantId", str)
"""One of the replies that the Supporter might give in a turn; unique within its turn."""
EventId = NewType("EventId", str)
"""32 hexadecimal digits; the first twelve are milliseconds, so ids sort roughly by time."""

Clock = Callable[[], int]
"""Microseconds since 1970, UTC."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS_OF_A_STREAM_ID = 12


def wall_clock() -> int:
    """The time now, in microseconds."""
    return time.time_ns() // 1000


class Ids:
    """A source of new ids. Event ids rise within one source, which keeps the log's index on them dense and fast."""

    def __init__(self, clock: Clock = wall_clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._last = 0

    def conversation(self) -> ConversationId:
        return ConversationId(StreamId(f"c-{self._digits()}"))

    def branch(self) -> BranchId:
        return BranchId(StreamId(f"b-{self._digits()}"))

    def run(self) -> RunId:
        return RunId(StreamId(f"run-{self._digits()}"))

    def events(self, count: int) -> list[EventId]:
        """`count` new event ids, rising: 48 bits of milliseconds, 80 random bits, plus one for each further id."""
        return [EventId(raw.hex()) for raw in self.event_bytes(count)]

    def event_bytes(self, count: int) -> list[bytes]:
        """The same as the 16 bytes that the log keeps."""
        with self._lock:
            first = (self._clock() // 1000 << 80) | self._random_bits(79)
            # Two ids of one millisecond start at random places: keep the order of this source all the same.
            first = max(first, self._last + 1)
            self._last = first + count - 1
        return [number.to_bytes(16, "big") for number in range(first, first + count)]

    def _digits(self) -> str:
        bits = self._random_bits(5 * _DIGITS_OF_A_STREAM_ID)
        return "".join(_ALPHABET[bits >> 5 * i & 31] for i in range(_DIGITS_OF_A_STREAM_ID))
