"""Handing over: one process writes, and others use the same log through it, with the same answers and the same errors."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agents import StreamId
from store import (
    CheckpointMoved,
    Counter,
    EventIdReused,
    EventRefused,
    HandedLog,
    LogUnavailable,
    SqlLog,
    UnknownId,
    VersionConflict,
    handing_over,
    read_all,
    verify,
)
from tests.store.given import B, C, a_tree, branching, everything, said, some_ids, words


@pytest.fixture
def handed(log: SqlLog) -> Iterator[HandedLog]:
    with handing_over(log) as counter:
        client = HandedLog(counter)
        yield client
        client.close()


def test_what_is_handed_over_is_written(log: SqlLog, handed: HandedLog) -> None:
    ids = some_ids(2)
    head = handed.append(C, 0, said("a", "b"), ids)
    assert head == log.head(C)
    assert handed.append(C, 0, said("a", "b"), ids) == head
    branch = handed.open_branch(B, C, 1, branching(C, 1))
    assert branch == log.head(B)
    assert words(log.read(B)) == ["a", "branch_opened"]
    assert verify(log).clean


def test_every_question_has_the_same_answer_as_the_log_itself(log: SqlLog, handed: HandedLog) -> None:
    streams = a_tree(handed)
    assert list(read_all(handed)) == everything(log)
    for stream in streams:
        assert handed.read(stream) == log.read(stream)
        assert handed.read(stream, 1, 3) == log.read(stream, 1, 3)
        assert handed.head(stream) == log.head(stream)
        assert handed.children(stream) == log.children(stream)
    assert handed.streams("b-", limit=2) == log.streams("b-", limit=2)
    assert handed.page(3, 2) == log.page(3, 2)
    assert str(handed.anchor()) == str(log.anchor())
    assert handed.resolve("b-l") == "b-low"
    moved = handed.advance(handed.checkpoint("words"), 3, {"a": "1"})
    assert handed.checkpoint("words") == log.checkpoint("words") == moved


def test_errors_arrive_as_they_were_raised(handed: HandedLog) -> None:
    ids = some_ids(1)
    handed.append(C, 0, said("a"), ids)
    with pytest.raises(VersionConflict, match="c-1 is at version 1, but this write expected 7") as conflict:
        handed.append(C, 7, said("b"))
    assert (conflict.value.stream, conflict.value.actual, conflict.value.expected) == (C, 1, 7)
    with pytest.raises(EventIdReused, match="version 1 of c-1"):
        handed.append(C, 1, said("b"), ids)
    with pytest.raises(EventRefused, match="message holds a NUL"):
        handed.append(C, 1, [said("b")[0].model_copy(update={"message": "a\0b"})])
    with pytest.raises(UnknownId, match="There is no stream c-9"):
        handed.read(StreamId("c-9"))
    with pytest.raises(ValueError, match="at least one event"):
        handed.append(C, 1, [])
    stale = handed.checkpoint("words")
    handed.advance(stale, 1, {})
    with pytest.raises(CheckpointMoved):
        handed.advance(stale, 1, {})
    assert handed.head(C).version == 1


def test_only_the_calls_of_the_log_are_served(handed: HandedLog) -> None:
    with pytest.raises(ValueError, match="close is not a call of the log"):
        handed._call("close")
    assert handed.anchor().position == 0


def test_without_the_key_nothing_is_served(log: SqlLog) -> None:
    with handing_over(log) as counter:
        with pytest.raises(LogUnavailable, match="does not answer"):
            HandedLog(Counter(counter.address, b"guessed"))
        client = HandedLog(counter)
        assert client.append(C, 0, said("still served")).version == 1
        client.close()


def test_after_the_block_nobody_answers(log: SqlLog) -> None:
    with handing_over(log) as counter:
        pass
    with pytest.raises(LogUnavailable, match=r"does not answer at .* Is it still running\?"):
        HandedLog(counter)


def _say_three_times(counter: Counter, stream: str) -> None:
    client = HandedLog(counter)
    for version in range(3):
        client.append(StreamId(stream), version, said(f"{stream} says {version}"))
    client.close()


def test_several_processes_write_through_one(log: SqlLog) -> None:
    spawn = multiprocessing.get_context("spawn")
    with handing_over(log) as counter:
        writers = [spawn.Process(target=_say_three_times, args=(counter, f"c-{number}")) for number in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [event.position for event in everything(log)] == [1, 2, 3, 4, 5, 6]
    for number in range(2):
        assert words(log.read(StreamId(f"c-{number}"))) == [f"c-{number} says {version}" for version in range(3)]


def test_handing_over_ends_at_once_whoever_knocked_last(log: SqlLog) -> None:
    for _ in range(40):
        with handing_over(log) as counter, pytest.raises(LogUnavailable):
            HandedLog(replace(counter, key=bytes(32)))


def test_a_silent_stranger_keeps_nobody_waiting(log: SqlLog) -> None:
    with handing_over(log) as counter, socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(counter.address)
        handed = HandedLog(counter)
        assert handed.append(C, 0, said("a")).version == 1
        handed.close()
