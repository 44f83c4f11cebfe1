"""What a branch costs: opened on a long conversation, read through a hundred ancestors, as against the plain case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agents import Ids, StreamId
from store import BranchOpened, SqlLog, StoreSettings, open_log
from tests.benchmarks.content import PER_TURN, turns
from tests.benchmarks.harness import TIMES_IF_SHORT, Bench, Row, at_most, medians

Work = Callable[[], object]
_LONG, _SHORT = 2_000, 20
_OPENED = 200
_DEPTH = 100
_READ = 20


def opening(bench: Bench) -> list[Row]:
    """A branch is a pointer: how much lies before the fork does not matter."""
    with _new_log(bench) as log:
        long, short = (_told(log, count) for count in (_LONG, _SHORT))
        long_seconds, short_seconds = medians(
            lambda: open_branches(log, [long] * _OPENED), lambda: open_branches(log, [short] * _OPENED), times=TIMES_IF_SHORT
        )
    return [
        Row(
            "open a branch on a 2,000-turn conversation",
            long_seconds / _OPENED * 1e6,
            "µs",
            "on a 20-turn one",
            short_seconds / _OPENED * 1e6,
            (at_most(1.5),),
        )
    ]


def reading_deep(bench: Bench) -> list[Row]:
    """A branch of a branch of a branch reads as one conversation."""
    with _new_log(bench) as log:
        flat, deep = _told(log, _DEPTH + 1), _nested(log, _DEPTH)
        flat_events, deep_events = ([stored.event for stored in log.read(stream)] for stream in (flat, deep))
        if flat_events != deep_events:
            raise RuntimeError("the branch and the flat conversation do not read alike")
        deep_seconds, flat_seconds = medians(lambda: _reading(log, deep), lambda: _reading(log, flat), times=TIMES_IF_SHORT)
    return [
        Row(
            "read a conversation at branch depth 100",
            deep_seconds / _READ * 1e3,
            "ms",
            "a flat one of the same length",
            flat_seconds / _READ * 1e3,
            (at_most(2.0),),
        )
    ]


def _new_log(bench: Bench) -> SqlLog:
    return open_log(StoreSettings(log=str(bench.folder / "vigil.db"), durability="normal"), create=True)


def _told(log: SqlLog, count: int) -> StreamId:
    stream = Ids().conversation()
    for number, events in enumerate(turns(count)):
        log.append(stream, number * PER_TURN, events)
    return stream


def _nested(log: SqlLog, depth: int) -> StreamId:
    """The same turns, each in a branch of the one before: the last has `depth` ancestors."""
    ids, said = Ids(), turns(depth + 1)
    stream: StreamId = ids.conversation()
    log.append(stream, 0, said[0])
    for number, events in enumerate(said[1:], 1):
        branch = ids.branch()
        log.open_branch(branch, stream, number * PER_TURN, events)
        stream = branch
    return stream


@contextmanager
def open_branches(log: SqlLog, parents: Sequence[StreamId]) -> Iterator[Work]:
    """Opens a branch in the middle of each of these conversations."""
    ids = Ids()
    wanted = []
    for parent in parents:
        version = log.head(parent).version // 2
        wanted.append((ids.branch(), parent, version, [BranchOpened(parent=parent, version=version, reason="another reply")]))
    yield lambda: [log.open_branch(*one) for one in wanted]


@contextmanager
def _reading(log: SqlLog, stream: StreamId) -> Iterator[Work]:
    yield lambda: read_all_of(log, [stream] * _READ)


def read_all_of(log: SqlLog, streams: Sequence[StreamId]) -> None:
    """Reads one conversation after the other and keeps none."""
    for stream in streams:
        log.read(stream)
