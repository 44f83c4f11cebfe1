"""What the tests of the store begin from: a few words said, ids, a branch, and the whole of a log as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from agents import DialogueAct, EventId, Ids, StreamId
from store import BranchOpened, Event, Log, SeekerSpoke, StoredEvent, StoreSettings, open_log, read_all
from tests.stories import calm

C = StreamId("c-1")
D = StreamId("c-2")
B = StreamId("b-1")


def said(*words: str) -> list[Event]:
    """A Seeker says these things, one after the other."""
    return [SeekerSpoke(turn=n, message=text, act=DialogueAct.DISCLOSE, affect=calm()) for n, text in enumerate(words, 1)]


def words(stored: Iterable[StoredEvent]) -> list[str]:
    """What was said in these events."""
    return [getattr(found.event, "message", found.event.type) for found in stored]


def some_ids(count: int) -> list[EventId]:
    return Ids().events(count)


def branching(parent: str, version: int) -> list[Event]:
    """What a branch begins with."""
    return [BranchOpened(parent=StreamId(parent), version=version, reason="another reply")]


def everything(log: Log) -> list[StoredEvent]:
    """All events of a log."""
    return list(read_all(log))


def a_tree(log: Log) -> Sequence[StreamId]:
    """Two conversations; one has a branch, which has a branch below its own fork; all go on after they were branched."""
    first, second, low = StreamId("b-first"), StreamId("b-second"), StreamId("b-low")
    log.append(C, 0, said("one", "two", "three", "four"))
    log.append(D, 0, said("uno", "dos"))
    log.open_branch(first, C, 3, [*branching(C, 3), *said("three and a half")])
    log.open_branch(second, first, 4, branching(first, 4))
    log.open_branch(low, first, 2, [*branching(first, 2), *said("below")])
    log.append(C, 4, said("five"))
    log.append(first, 5, said("six of first"))
    log.append(second, 5, said("six of second"))
    return [C, D, first, second, low]


def refused_opening(place: str, kind: type[Exception] | tuple[type[Exception], ...], words: str, *, create: bool = False) -> str:
    """The message with which a log is not opened: one line, in sentences."""
    with pytest.raises(kind, match=words) as refused:
        open_log(StoreSettings(log=place, busy_timeout_s=0.2), create=create)
    message = str(refused.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message
