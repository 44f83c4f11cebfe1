"""Branches: a row that points at its parent, read as if the shared part were its own, however deep and wherever it forks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import StreamId
from store import EventIdReused, SqlLog, StreamExists, UnknownId, VersionConflict
from tests.store.given import B, C, D, a_tree, branching, everything, said, some_ids, words

_NUMBERS = itertools.count()


def test_a_branch_shares_its_prefix_exactly(log: SqlLog) -> None:
    log.append(C, 0, said(*"abcde"))
    head = log.open_branch(B, C, 3, [*branching(C, 3), *said("x")])
    assert head.version == 5
    shared = log.read(B)[:3]
    assert shared == log.read(C, 0, 3)
    assert {found.stream for found in shared} == {C}
    assert words(log.read(B)) == ["a", "b", "c", "branch_opened", "x"]
    assert [found.version for found in log.read(B)] == [1, 2, 3, 4, 5]


def test_opening_a_branch_copies_nothing(log: SqlLog) -> None:
    log.append(C, 0, said(*"abcde"))
    log.open_branch(B, C, 5, branching(C, 5))
    assert len(everything(log)) == 6


def test_a_parent_that_goes_on_after_the_fork_does_not_change_the_branch(log: SqlLog) -> None:
    log.append(C, 0, said(*"abc"))
    log.open_branch(B, C, 3, branching(C, 3))
    before, head = log.read(B), log.head(B)
    log.append(C, 3, said(*"defg"))
    assert (log.read(B), log.head(B)) == (before, head)
    assert words(log.read(C)) == list("abcdefg")


def test_a_branch_goes_on_from_its_own_head(log: SqlLog) -> None:
    log.append(C, 0, said(*"abc"))
    log.open_branch(B, C, 2, branching(C, 2))
    assert log.append(B, 3, said("x")).version == 4
    assert words(log.read(B)) == ["a", "b", "branch_opened", "x"]
    with pytest.raises(VersionConflict, match="b-1 is at version 4, but this write expected 2"):
        log.append(B, 2, said("y"))


def test_a_branch_may_start_below_the_fork_of_its_parent(log: SqlLog) -> None:
    log.append(C, 0, said(*"abcd"))
    log.open_branch(B, C, 3, branching(C, 3))
    low = StreamId("b-low")
    log.open_branch(low, B, 1, said("x"))
    log.append(B, 4, said("y"))
    assert words(log.read(low)) == ["a", "x"]
    deeper = StreamId("b-deeper")
    log.open_branch(deeper, low, 2, said("z"))
    assert words(log.read(deeper)) == ["a", "x", "z"]


def test_the_first_event_of_a_branch_hangs_on_the_event_that_it_forks_from(log: SqlLog) -> None:
    log.append(C, 0, said(*"ab"))
    ids = [some_ids(1), some_ids(1)]
    at_noon = SqlLog(log.database, clock=lambda: 0)
    first = at_noon.open_branch(B, C, 1, said("x"), ids[0])
    second = at_noon.open_branch(StreamId("b-2"), C, 2, said("x"), ids[1])
    assert first.hash != second.hash
    assert len({found.hash for found in everything(log)}) == 4


@pytest.mark.parametrize(
    ("after", "upto", "expected"), [(0, 2, "ab"), (1, 4, "bcx"), (3, None, "xy"), (2, 3, "c"), (5, None, ""), (4, 99, "y")]
)
def test_a_window_may_lie_on_either_side_of_the_fork(log: SqlLog, after: int, upto: int | None, expected: str) -> None:
    log.append(C, 0, said(*"abcde"))
    log.open_branch(B, C, 3, said(*"xy"))
    assert "".join(words(log.read(B, after, upto))) == expected


def test_a_chain_of_60_branches_reads_as_one_conversation(log: SqlLog) -> None:
    log.append(C, 0, said("0"))
    parent = C
    for depth in range(1, 61):
        branch = StreamId(f"b-{depth}")
        log.open_branch(branch, parent, depth, said(str(depth), "not taken"))
        parent = branch
    found = log.read(parent)
    assert words(found) == [*(str(n) for n in range(61)), "not taken"]
    assert [event.version for event in found] == list(range(1, 63))
    assert words(log.read(parent, 29, 32)) == ["29", "30", "31"]


def test_a_branch_of_a_stream_that_is_not_there_is_refused(log: SqlLog) -> None:
    with pytest.raises(UnknownId, match="There is no stream c-2 to branch from"):
        log.open_branch(B, D, 1, branching(D, 1))
    assert log.streams() == []


@pytest.mark.parametrize("version", [0, -1, 4, 1_000])
def test_a_branch_at_a_version_that_is_not_there_is_refused(log: SqlLog, version: int) -> None:
    log.append(C, 0, said(*"abc"))
    with pytest.raises(UnknownId, match=rf"c-1 has versions 1 to 3; it cannot be branched at {version}"):
        log.open_branch(B, C, version, said("x"))
    assert [info.id for info in log.streams()] == [C]


@pytest.mark.parametrize("taken", [B, C, D])
def test_a_branch_cannot_take_an_id_that_exists(log: SqlLog, taken: StreamId) -> None:
    log.append(C, 0, said(*"abc"))
    log.append(D, 0, said(*"abc"))
    log.open_branch(B, C, 2, branching(C, 2))
    before = everything(log)
    with pytest.raises(StreamExists, match=f"{taken} exists already"):
        log.open_branch(taken, C, 2, branching(C, 2))
    assert everything(log) == before


def test_a_retry_of_the_same_opening_succeeds_and_writes_nothing(log: SqlLog) -> None:
    log.append(C, 0, said(*"abc"))
    ids = some_ids(1)
    head = log.open_branch(B, C, 2, branching(C, 2), ids)
    log.append(B, 3, said("x"))
    before = everything(log)
    assert log.open_branch(B, C, 2, branching(C, 2), ids) == head
    assert everything(log) == before


def test_an_opening_with_known_ids_and_other_content_is_an_error(log: SqlLog) -> None:
    log.append(C, 0, said(*"abc"))
    ids = some_ids(1)
    log.open_branch(B, C, 2, branching(C, 2), ids)
    before = everything(log)
    with pytest.raises(EventIdReused):
        log.open_branch(B, C, 2, said("x"), ids)
    with pytest.raises(EventIdReused):
        log.open_branch(B, C, 3, branching(C, 2), ids)
    with pytest.raises(EventIdReused):
        log.open_branch(StreamId("b-2"), C, 2, branching(C, 2), ids)
    assert everything(log) == before


def test_a_retry_of_an_opening_from_another_parent_is_an_error(log: SqlLog) -> None:
    log.append(C, 0, said(*"abc"))
    log.append(D, 0, said(*"xyz"))
    ids = some_ids(1)
    log.open_branch(B, C, 2, said("on"), ids)
    with pytest.raises(StreamExists):
        log.open_branch(B, D, 2, said("on"), ids)


def test_a_branch_needs_events_of_its_own(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    with pytest.raises(ValueError, match="at least one event"):
        log.open_branch(B, C, 1, [])
    assert [info.id for info in log.streams()] == [C]


def test_whole_trees_read_back_branch_by_branch(log: SqlLog) -> None:
    a_tree(log)
    assert {id_: words(log.read(StreamId(id_))) for id_ in ("c-1", "b-first", "b-second", "b-low")} == {
        "c-1": ["one", "two", "three", "four", "five"],
        "b-first": ["one", "two", "three", "branch_opened", "three and a half", "six of first"],
        "b-second": ["one", "two", "three", "branch_opened", "branch_opened", "six of second"],
        "b-low": ["one", "two", "branch_opened", "below"],
    }


_STEP = st.tuples(st.sampled_from(["append", "branch", "start"]), st.integers(0, 99), st.integers(0, 99), st.integers(1, 4))


@given(steps=st.lists(_STEP, min_size=1, max_size=14), window=st.tuples(st.integers(0, 12), st.none() | st.integers(0, 12)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_of_branches_reads_like_plain_lists(
    log: SqlLog, steps: list[tuple[str, int, int, int]], window: tuple[int, int | None]
) -> None:
    lists: dict[StreamId, list[str]] = {}
    for kind, which, where, count in steps:
        new = StreamId(f"c-{next(_NUMBERS)}")
        spoken = [f"{new} says {n}" for n in range(count)]
        stream = sorted(lists)[which % len(lists)] if lists else new
        if kind == "append" and lists:
            log.append(stream, len(lists[stream]), said(*spoken))
            lists[stream] += spoken
        elif kind == "branch" and lists:
            fork = 1 + where % len(lists[stream])
            log.open_branch(new, stream, fork, said(*spoken))
            lists[new] = lists[stream][:fork] + spoken
        else:
            log.append(new, 0, said(*spoken))
            lists[new] = spoken
    after, upto = window
    for stream, expected in lists.items():
        found = log.read(stream)
        assert words(found) == expected
        assert [event.version for event in found] == list(range(1, len(expected) + 1))
        assert log.head(stream) == (stream, len(expected), found[-1].hash)
        assert log.read(stream, after, upto) == [
            event for event in found if after < event.version and (upto is None or event.version <= upto)
        ]
