"""Finding things: pages of the whole log, streams, children, heads, anchors, and what a prefix means."""

from __future__ import annotations

import pytest

from agents import StreamId
from store import RunPlanned, SqlLog, UnknownId, VariantChosen, read_all
from tests.store.given import C, D, a_tree, branching, everything, said, words


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_from_any_position_follow_each_other_without_gap_or_overlap(log: SqlLog, start: int, limit: int) -> None:
    log.append(C, 0, said("1", "2"))
    log.append(D, 0, said("3"))
    log.append(C, 2, said("4", "5"))
    found: list[int] = []
    position = start
    while page := log.page(position, limit):
        assert len(page) <= limit
        found += [event.position for event in page]
        position = page[-1].position
    assert found == list(range(start + 1, 6))


def test_everything_is_read_though_it_does_not_fit_into_one_page(log: SqlLog, monkeypatch: pytest.MonkeyPatch) -> None:
    for start in range(0, 2_100, 300):
        log.append(C, start, said(*(str(number) for number in range(start + 1, start + 301))))
    assert [event.position for event in read_all(log)] == list(range(1, 2_101))
    assert words(read_all(log, 999, 1_003)) == ["1000", "1001", "1002", "1003"]


def test_an_empty_log_has_no_pages_and_its_anchor_stands_at_0(log: SqlLog) -> None:
    assert log.page() == []
    assert everything(log) == []
    anchor = log.anchor()
    assert (anchor.position, anchor.chain) == (0, "00" * 32)


def test_the_anchor_names_the_log_and_moves_with_every_append(log: SqlLog) -> None:
    anchors = [log.anchor()]
    for version in range(3):
        log.append(C, version, said("the same words"))
        anchors.append(log.anchor())
    assert [anchor.position for anchor in anchors] == [0, 1, 2, 3]
    assert len({anchor.chain for anchor in anchors}) == 4
    assert {anchor.log_id for anchor in anchors} == {log.info().log_id}
    chain = log.chain_at(2)
    assert chain is not None
    assert chain.hex() == anchors[2].chain
    assert log.chain_at(4) is None


def test_streams_are_listed_oldest_first_with_where_they_stand(log: SqlLog) -> None:
    a_tree(log)
    found = {info.id: info for info in log.streams()}
    assert list(found) == ["c-1", "c-2", "b-first", "b-second", "b-low"]
    assert [(info.parent, info.fork_version, info.version) for info in found.values()] == [
        (None, 0, 5),
        (None, 0, 2),
        ("c-1", 3, 6),
        ("b-first", 4, 6),
        ("b-first", 2, 4),
    ]
    assert (found[C].first_position, found[C].last_position) == (1, 12)
    assert [log.head(id_).version for id_ in found] == [info.version for info in found.values()]


def test_streams_can_be_listed_by_prefix_and_page_by_page(log: SqlLog) -> None:
    a_tree(log)
    assert [info.id for info in log.streams("b-")] == ["b-first", "b-second", "b-low"]
    assert [info.id for info in log.streams("c-1")] == ["c-1"]
    assert log.streams("x") == []
    assert [info.id for info in log.streams(limit=2)] == ["c-1", "c-2"]
    assert [info.id for info in log.streams(after=D, limit=2)] == ["b-first", "b-second"]
    assert [info.id for info in log.streams("b-", after=StreamId("b-first"))] == ["b-second", "b-low"]
    assert log.streams(limit=0) == []


def test_prefixes_are_compared_letter_by_letter_and_not_by_a_language(log: SqlLog) -> None:
    for name in ("c-a", "c-B", "c-b_", "c-b0"):
        log.append(StreamId(name), 0, said("a"))
    assert [info.id for info in log.streams("c-b")] == ["c-b_", "c-b0"]
    assert [info.id for info in log.streams("c-_")] == []
    assert log.resolve("c-B") == "c-B"


def test_the_children_of_a_stream_are_its_own_branches_only(log: SqlLog) -> None:
    a_tree(log)
    assert [info.id for info in log.children(C)] == ["b-first"]
    assert [info.id for info in log.children(StreamId("b-first"))] == ["b-second", "b-low"]
    assert log.children(D) == []


@pytest.mark.parametrize("wanted", ["c-12", "c-12ab", "b-12", "b"])
def test_an_id_or_a_unique_prefix_of_it_is_enough(log: SqlLog, wanted: str) -> None:
    log.append(StreamId("c-12ab"), 0, said("a"))
    log.append(StreamId("c-9"), 0, said("a"))
    log.open_branch(StreamId("b-12"), StreamId("c-9"), 1, branching("c-9", 1))
    assert log.resolve(wanted) == ("b-12" if wanted.startswith("b") else "c-12ab")


def test_an_exact_id_wins_over_longer_ones(log: SqlLog) -> None:
    for name in ("c-1", "c-12", "c-123"):
        log.append(StreamId(name), 0, said("a"))
    assert log.resolve("c-12") == "c-12"


def test_an_ambiguous_prefix_names_some_that_it_could_be(log: SqlLog) -> None:
    for name in ("c-a1", "c-a2"):
        log.append(StreamId(name), 0, said("a"))
    with pytest.raises(UnknownId, match=r"'c-a' could be c-a1, c-a2\. Give more of the id"):
        log.resolve("c-a")
    for name in ("c-a3", "c-a4"):
        log.append(StreamId(name), 0, said("a"))
    with pytest.raises(UnknownId, match=r"'c-a' could be c-a1, c-a2, c-a3, …"):
        log.resolve("c-a")


@pytest.mark.parametrize("wanted", ["x-9", "", "c-1%", "_-1", "c-11", "ü", "\udcff", "c-\0", " c-1"])
def test_what_names_no_stream_is_one_clear_sentence(log: SqlLog, wanted: str) -> None:
    log.append(C, 0, said("a"))
    with pytest.raises(UnknownId, match="Nothing in this log is called"):
        log.resolve(wanted)


def test_last_is_the_conversation_that_was_written_last(log: SqlLog) -> None:
    with pytest.raises(UnknownId, match="holds no conversation yet"):
        log.resolve("last")
    log.append(C, 0, said("a"))
    log.append(D, 0, said("b"))
    assert log.resolve("last") == D
    log.append(C, 1, said("c"))
    assert log.resolve("last") == C
    log.append(StreamId("run-1"), 0, [RunPlanned(conversations=(C, D))])
    assert log.resolve("last") == C


def test_the_info_of_a_log_counts_what_it_holds(log: SqlLog) -> None:
    a_tree(log)
    log.append(D, 2, [VariantChosen(turn=1, variant="1a", chooser="Zoë")])
    info = log.info()
    assert (info.events, info.streams, info.branches, info.format) == (15, 5, 3, 1)
    assert dict(info.types) == {"branch_opened": 3, "seeker_spoke": 11, "variant_chosen": 1}
    assert info.payload_bytes == sum(len(log.registry.encode(found.event).encode()) for found in everything(log))
    assert info.size_bytes > info.payload_bytes
    assert info.first_at is not None
    assert info.last_at is not None
    assert info.created_at <= info.first_at <= info.last_at
