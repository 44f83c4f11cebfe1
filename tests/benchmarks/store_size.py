"""What a log's size does: to the cost of working on one conversation, and to the disk."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from agents import StreamId
from store import SqlLog, StoreSettings, open_log
from tests.benchmarks.content import PER_CONVERSATION, PER_TURN, turns
from tests.benchmarks.harness import TIMES_IF_SHORT, Bench, Row, at_most, medians
from tests.benchmarks.store_branch import open_branches, read_all_of
from tests.benchmarks.store_read import fill

Work: TypeAlias = Callable[[], object]
Act: TypeAlias = Callable[[SqlLog, Sequence[StreamId]], AbstractContextManager[Work]]
_SMALL = 20_000
_TIMES = 100
"""How often one round does the same."""


def in_a_big_log(bench: Bench) -> list[Row]:
    """What is done to one conversation must not feel the others; what goes from one to another meets pages that nobody holds."""
    with ExitStack() as stack:
        big, small = (
            _Filled(stack.enter_context(_open(bench.folder / f"{name}.db")), count)
            for name, count in (("big", bench.events), ("small", _SMALL))
        )
        rows = []
        for floors, suffix, again in (((at_most(1.3),), "", True), ((), ", another one each time", False)):
            for what, act in (("append", _appending), ("branch", open_branches), ("read", _reading)):
                took = medians(partial(_round, act, big, again), partial(_round, act, small, again), times=TIMES_IF_SHORT)
                name = f"{what} one conversation with {bench.events:,} events in the log{suffix}"
                values = [seconds / _TIMES * 1e6 for seconds in took]
                rows.append(Row(name, values[0], "µs", f"with {_SMALL:,}", values[1], floors))
        return rows


def on_disk(bench: Bench) -> list[Row]:
    """All files of a log after it was closed, over the payloads alone."""
    with _open(bench.folder / "vigil.db") as log:
        fill(log, 1_000)
        payload = log.info().payload_bytes
    on_disk_bytes = sum(file.stat().st_size for file in bench.folder.iterdir())
    return [Row("bytes on disk per payload byte", on_disk_bytes / payload, "bytes", floors=(at_most(1.35, "bytes"),))]


def _open(path: Path) -> SqlLog:
    return open_log(StoreSettings(log=str(path), durability="normal"), create=True)


class _Filled:
    """A log with so many events, in conversations of 100."""

    def __init__(self, log: SqlLog, events: int) -> None:
        self.log = log
        self._streams = fill(log, events // PER_CONVERSATION)
        self._random = random.Random(events)

    def pick(self, count: int) -> list[StreamId]:
        return self._random.sample(self._streams, count)


def _round(act: Act, filled: _Filled, again: bool) -> AbstractContextManager[Work]:
    return act(filled.log, filled.pick(1) * _TIMES if again else filled.pick(_TIMES))


@contextmanager
def _reading(log: SqlLog, streams: Sequence[StreamId]) -> Iterator[Work]:
    yield lambda: read_all_of(log, streams)


@contextmanager
def _appending(log: SqlLog, streams: Sequence[StreamId]) -> Iterator[Work]:
    """Each of these conversations goes on for a turn, as often as it is named."""
    [said] = turns(1)
    versions = {stream: log.head(stream).version for stream in streams}
    planned = []
    for stream in streams:
        planned.append((stream, versions[stream], said))
        versions[stream] += PER_TURN
    yield lambda: [log.append(*one) for one in planned]
