"""Appending and reading one stream: the contract of the log, the same on every database."""

from __future__ import annotations

import threading

import pytest

from agents import EventId, StreamId
from store import EventIdReused, EventRefused, SeekerSpoke, SqlLog, StoreSettings, UnknownId, VersionConflict, open_log
from tests.store.given import C, D, everything, said, some_ids, words
from tests.stories import conversation, turn


def test_an_append_at_version_0_creates_the_stream(log: SqlLog) -> None:
    head = log.append(C, 0, said("hello", "again"))
    assert (head.stream, head.version) == (C, 2)
    assert log.head(C) == head
    assert words(log.read(C)) == ["hello", "again"]


def test_what_is_read_is_what_was_appended(log: SqlLog) -> None:
    story = conversation(3)
    log.append(C, 0, story)
    assert [found.event for found in log.read(C)] == list(story)


def test_versions_of_a_stream_follow_each_other_over_many_appends(log: SqlLog) -> None:
    for count in range(5):
        log.append(C, 2 * count, said("a", "b"))
    assert [found.version for found in log.read(C)] == list(range(1, 11))


def test_positions_are_gapless_and_in_commit_order_over_all_streams(log: SqlLog) -> None:
    log.append(C, 0, said("c1", "c2"))
    log.append(D, 0, said("d1"))
    log.append(C, 2, said("c3"))
    log.append(D, 1, said("d2", "d3"))
    found = everything(log)
    assert [event.position for event in found] == [1, 2, 3, 4, 5, 6]
    assert words(found) == ["c1", "c2", "d1", "c3", "d2", "d3"]


def test_an_event_keeps_the_id_and_the_time_that_it_was_given(log: SqlLog) -> None:
    at_noon = SqlLog(log.database, clock=lambda: 1_234_567_890_123_456)
    ids = some_ids(2)
    at_noon.append(C, 0, said("a", "b"), ids)
    assert [(found.event_id, found.recorded_at) for found in log.read(C)] == [(id_, 1_234_567_890_123_456) for id_ in ids]


def test_ids_that_nobody_gave_are_all_different(log: SqlLog) -> None:
    for version in range(5):
        log.append(C, version, said("again"))
    assert len({found.event_id for found in log.read(C)}) == 5


@pytest.mark.parametrize("expected", [0, 1, 3, -1, 2**40])
def test_a_wrong_expected_version_is_a_conflict_that_names_both_and_writes_nothing(log: SqlLog, expected: int) -> None:
    log.append(C, 0, said("a", "b"))
    before = everything(log)
    with pytest.raises(VersionConflict, match=rf"c-1 is at version 2, but this write expected {expected}\. .*retry") as refused:
        log.append(C, expected, said("late"))
    assert (refused.value.stream, refused.value.actual, refused.value.expected) == (C, 2, expected)
    assert everything(log) == before


def test_a_stream_that_does_not_exist_is_at_version_0(log: SqlLog) -> None:
    with pytest.raises(VersionConflict, match="c-1 is at version 0, but this write expected 3"):
        log.append(C, 3, said("late"))
    assert log.streams() == []


@pytest.mark.parametrize("place_in_turn", [0, 1, 2])
def test_a_turn_with_one_event_that_is_refused_leaves_none(log: SqlLog, place_in_turn: int) -> None:
    log.append(D, 0, said("before"))
    before = everything(log)
    batch = said("a", "b", "c")
    batch[place_in_turn] = batch[place_in_turn].model_copy(update={"message": "a\0b"})
    with pytest.raises(EventRefused, match="message holds a NUL"):
        log.append(C, 0, batch)
    assert everything(log) == before
    assert [info.id for info in log.streams()] == [D]


def test_an_id_that_the_database_refuses_in_the_middle_of_a_turn_leaves_none(log: SqlLog) -> None:
    ids = some_ids(3)
    log.append(D, 0, said("before"), ids[1:2])
    before = everything(log)
    with pytest.raises(EventIdReused, match=r"already in the log as version 1 of c-2 \(seeker_spoke\)"):
        log.append(C, 0, said("a", "b", "c"), ids)
    assert everything(log) == before
    assert [info.id for info in log.streams()] == [D]


def test_a_retry_with_the_same_ids_and_content_succeeds_and_writes_nothing(log: SqlLog) -> None:
    ids = some_ids(4)
    head = log.append(C, 0, turn(1), ids)
    before = everything(log)
    assert log.append(C, 0, turn(1), ids) == head
    assert everything(log) == before


def test_a_retry_returns_the_head_of_that_time_even_after_later_appends(log: SqlLog) -> None:
    ids = some_ids(4)
    log.append(C, 0, said("zero"))
    head = log.append(C, 1, turn(1), ids)
    log.append(C, 5, turn(2))
    log.append(D, 0, said("elsewhere"))
    before = everything(log)
    assert log.append(C, 1, turn(1), ids) == head
    assert everything(log) == before


def test_a_retry_may_come_from_another_process(log: SqlLog, place: str) -> None:
    ids = some_ids(1)
    head = log.append(C, 0, said("once"), ids)
    with open_log(StoreSettings(log=place)) as other:
        assert other.append(C, 0, said("once"), ids) == head
        assert words(everything(other)) == ["once"]


@pytest.mark.parametrize("expected", [0, 2], ids=["as a retry", "as something new"])
@pytest.mark.parametrize(
    "batch",
    [said("a", "other"), said("b", "a"), said("a", "b", "c"), said("a")],
    ids=["other content", "another order", "known and new", "a part with another id"],
)
def test_known_ids_with_anything_else_are_an_error(log: SqlLog, batch: list[SeekerSpoke], expected: int) -> None:
    ids = some_ids(3)
    log.append(C, 0, said("a", "b"), ids[:2])
    before = everything(log)
    given = ids[: len(batch)] if len(batch) > 1 else ids[1:2]
    with pytest.raises(EventIdReused, match=r"already in the log as version [12] of c-1"):
        log.append(C, expected, batch, given)
    assert everything(log) == before


def test_known_ids_on_another_stream_are_an_error(log: SqlLog) -> None:
    ids = some_ids(1)
    log.append(C, 0, said("a"), ids)
    with pytest.raises(EventIdReused, match="version 1 of c-1"):
        log.append(D, 0, said("a"), ids)
    assert [info.id for info in log.streams()] == [C]


def test_a_retry_at_another_version_is_an_error(log: SqlLog) -> None:
    ids = some_ids(1)
    log.append(C, 0, said("a", "b"))
    log.append(C, 2, said("c"), ids)
    with pytest.raises(EventIdReused, match="version 3 of c-1"):
        log.append(C, 1, said("c"), ids)


def test_an_empty_batch_is_an_error(log: SqlLog) -> None:
    with pytest.raises(ValueError, match="at least one event"):
        log.append(C, 0, [])


@pytest.mark.parametrize("ids", [some_ids(1), some_ids(3), some_ids(1) * 2], ids=["too few", "too many", "twice the same"])
def test_every_event_of_a_batch_needs_an_id_of_its_own(log: SqlLog, ids: list[EventId]) -> None:
    with pytest.raises(ValueError, match="2 events need as many different event ids"):
        log.append(C, 0, said("a", "b"), ids)
    assert log.streams() == []


@pytest.mark.parametrize("id_", ["", "7", "g" * 32, "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", "\u0663" * 32])
def test_an_event_id_that_is_not_32_hexadecimal_digits_is_refused(log: SqlLog, id_: str) -> None:
    with pytest.raises(EventRefused, match="32 lower-case hexadecimal digits"):
        log.append(C, 0, said("a"), [EventId(id_)])
    assert log.streams() == []


@pytest.mark.parametrize("name", ["", "c", "c-", "7", "C-1", "c-ü", "c-a b", "c-/etc", "-c", "c-" + "x" * 90, "c-1\n"])
def test_a_name_that_cannot_name_a_stream_is_refused(log: SqlLog, name: str) -> None:
    with pytest.raises(UnknownId, match="cannot name a stream"):
        log.append(StreamId(name), 0, said("a"))
    assert log.streams() == []


def test_a_stream_that_is_not_there_cannot_be_read(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    with pytest.raises(UnknownId, match="There is no stream c-2 in this log"):
        log.read(D)
    with pytest.raises(UnknownId, match="There is no stream c-2 in this log"):
        log.head(D)


@pytest.mark.parametrize(
    ("after", "upto", "expected"),
    [
        (0, None, "abcde"),
        (2, None, "cde"),
        (0, 3, "abc"),
        (1, 4, "bcd"),
        (4, 5, "e"),
        (5, None, ""),
        (3, 3, ""),
        (4, 2, ""),
        (0, 99, "abcde"),
    ],
)
def test_a_window_holds_the_versions_after_one_and_up_to_another(log: SqlLog, after: int, upto: int | None, expected: str) -> None:
    log.append(C, 0, said(*"abcde"))
    log.append(D, 0, said(*"xyz"))
    assert "".join(words(log.read(C, after, upto))) == expected


def test_of_many_writers_at_the_same_version_exactly_one_wins(log: SqlLog, place: str) -> None:
    log.append(C, 0, said("before"))
    start = threading.Barrier(6)
    outcomes: list[str] = []

    def write(name: str) -> None:
        with open_log(StoreSettings(log=place, busy_timeout_s=10)) as mine:
            start.wait(10)
            try:
                mine.append(C, 1, said(name))
                outcomes.append(name)
            except VersionConflict as conflict:
                outcomes.append(f"conflict at {conflict.actual}")

    threads = [threading.Thread(target=write, args=(f"writer {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes)[:5] == ["conflict at 2"] * 5
    assert words(log.read(C)) == ["before", sorted(outcomes)[5]]
