"""Verifying: clean logs are clean, anchors hold them to their past, and every change of their structure is found and named."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from agents import StreamId
from store import Anchor, SqlLog, parse_anchor, verify
from tests.store.given import C, a_tree, everything, said
from tests.store.raw import Raw
from tests.stories import conversation


@pytest.fixture
def tree(log: SqlLog) -> SqlLog:
    """1 to 4 are c-1; 5, 6 c-2; 7, 8 b-first; 9 b-second; 10, 11 b-low; 12 c-1; 13 b-first; 14 b-second."""
    a_tree(log)
    return log


def _problems(log: SqlLog, anchors: list[Anchor] | None = None) -> str:
    report = verify(log, anchors or [])
    assert report.problem_count >= len(report.problems)
    assert report.clean == (report.problem_count == 0)
    return "\n".join(report.problems)


def test_an_empty_log_is_clean(log: SqlLog) -> None:
    report = verify(log, [log.anchor()])
    assert (report.clean, report.events, report.streams, report.anchors) == (True, 0, 0, 1)


def test_a_tree_of_branches_is_clean_and_counted(tree: SqlLog) -> None:
    report = verify(tree)
    assert (report.problems, report.events, report.streams) == ([], 14, 5)


def test_a_log_of_several_pages_is_clean_and_says_how_far_it_is(log: SqlLog) -> None:
    log.append(C, 0, conversation(300))
    seen: list[int] = []
    assert verify(log, on_progress=seen.append).clean
    assert seen == [1_000, 1_201]


def test_anchors_of_every_moment_hold(log: SqlLog) -> None:
    anchors = [log.anchor()]
    for version in range(5):
        log.append(C, version, said("a"))
        anchors.append(log.anchor())
    report = verify(log, anchors)
    assert (report.problems, report.anchors) == ([], 6)


def test_a_log_that_grows_meanwhile_is_clean(log: SqlLog) -> None:
    log.append(C, 0, conversation(300))
    anchor = log.anchor()

    def grow(done: int) -> None:
        if len(log.streams()) < 5:
            log.append(StreamId(f"c-new-{done}"), 0, said("more"))

    report = verify(log, [anchor], on_progress=grow)
    assert (report.problems, report.events) == ([], 1_201)
    assert len(log.streams()) == 3


def test_a_lost_tail_is_seen_only_by_an_anchor(tree: SqlLog, raw: Raw) -> None:
    anchor = tree.anchor()
    raw.unguarded("DELETE FROM event WHERE position > 12")
    assert _problems(tree) == ""
    assert _problems(tree, [anchor]) == "events 13 to 14 are lost: an anchor saw the log at position 14"


def test_a_tail_that_was_lost_and_written_anew_is_seen_by_an_anchor(tree: SqlLog, raw: Raw) -> None:
    anchor = tree.anchor()
    raw.unguarded("DELETE FROM event WHERE position > 12")
    tree.append(C, 5, said("another past", "another past"))
    assert _problems(tree, [anchor]) == "the log up to position 14 is not the one that was anchored there"


def test_an_anchor_of_another_log_is_told_apart(tree: SqlLog) -> None:
    anchor = replace(tree.anchor(), log_id="log-elsewhere")
    own = tree.anchor().log_id
    assert _problems(tree, [anchor]) == (f"anchor 14 was taken of log-elsewhere, but this is {own}: another log, or one that was made anew")


def test_an_anchor_of_another_chain_is_told_apart(tree: SqlLog) -> None:
    assert "not the one that was anchored there" in _problems(tree, [replace(tree.anchor(), chain="ab" * 32)])


def test_an_anchor_in_its_short_form_is_the_same_anchor(tree: SqlLog) -> None:
    short = parse_anchor(str(tree.anchor()))
    assert _problems(tree, [short]) == ""


_SWAP = "UPDATE event SET {0} = -{0} WHERE position IN (3, 4)", "UPDATE event SET {0} = 7 + {0} WHERE {0} IN (-3, -4)"

_HARM: dict[str, tuple[tuple[str, ...], str]] = {
    "a deleted row": (("DELETE FROM event WHERE position = 3",), "position 4 follows 2: events are lost"),
    "a deleted row of a stream": (
        ("DELETE FROM event WHERE position = 3",),
        "position 4 (c-1, version 4): follows version 2 of its stream",
    ),
    "the first row": (("DELETE FROM event WHERE position = 1",), "position 2 follows 0: events are lost"),
    "a row at a fork": (
        ("DELETE FROM event WHERE position = 3",),
        "position 7 (b-first, version 4): the version that it branches from is not",
    ),
    "two positions swapped": (tuple(part.format("position") for part in _SWAP), "position 3 (c-1, version 4): follows version 2"),
    "two versions swapped": (tuple(part.format("version") for part in _SWAP), "position 3 (c-1, version 4): follows version 2"),
    "rows of two streams swapped": (
        (
            "UPDATE event SET position = -1 WHERE position = 6",
            "UPDATE event SET position = 6 WHERE position = 7",
            "UPDATE event SET position = 7 WHERE position = -1",
        ),
        "position 6 (b-first, version 4): it does not continue the chain of the log",
    ),
    "a row moved to the end": (("UPDATE event SET position = 15 WHERE position = 5",), "position 6 follows 4: events are lost"),
    "an impossible position": (("UPDATE event SET position = -9 WHERE position = 14",), "position -9 follows 0: an event moved"),
    "a row given to another stream": (
        ("UPDATE event SET stream = 1, version = 6 WHERE position = 14",),
        "position 14 (c-1, version 6): its columns do not give its hash",
    ),
    "a row of no stream": (("UPDATE event SET stream = 99 WHERE position = 14",), "position 14: its stream is not in the log"),
    "a changed word": (
        ("UPDATE event SET payload = replace(payload, 'two', 'too') WHERE position = 2",),
        "position 2 (c-1, version 2): its columns do not give its hash",
    ),
    "a changed chain": (
        ("UPDATE event SET chain = hash WHERE position = 9",),
        "position 9 (b-second, version 5): it does not continue the chain",
    ),
    "a changed hash": (
        ("UPDATE event SET hash = chain WHERE position = 9",),
        "position 9 (b-second, version 5): its columns do not give its hash",
    ),
    "a payload that is no event": (
        ("UPDATE event SET payload = '{}' WHERE position = 2",),
        "position 2 (c-1, version 2): seeker_spoke version 3 is not valid: turn: Field required",
    ),
    "a payload that is no JSON": (
        ("UPDATE event SET payload = '{\"\\u0000' WHERE position = 2",),
        "position 2 (c-1, version 2): seeker_spoke version 3 is not valid: the payload: Invalid JSON",
    ),
    "an endless payload": (
        (f"UPDATE event SET payload = '{'[' * 300_001}' WHERE position = 2",),
        "position 2 (c-1, version 2): seeker_spoke version 3 is not valid",
    ),
    "a huge payload that is no JSON": (
        (f"UPDATE event SET payload = '{'x' * 1_000_001}' WHERE position = 2",),
        "position 2 (c-1, version 2): seeker_spoke: it makes the payload 1,000,001",
    ),
    "an unknown type": (
        ("UPDATE event SET type = 'seeker_sang' WHERE position = 2",),
        "position 2 (c-1, version 2): 'seeker_sang' is not an event",
    ),
    "a newer version": (
        ("UPDATE event SET schema_version = 9 WHERE position = 2",),
        "position 2 (c-1, version 2): seeker_spoke has version 9",
    ),
    "a short hash": (
        ("UPDATE event SET hash = event_id WHERE position = 4",),
        "position 4 (c-1, version 4): its columns do not give its hash",
    ),
    "a renamed stream": (("UPDATE stream SET name = 'c-9' WHERE id = 1",), "position 1 (c-9, version 1): its columns do not give its hash"),
    "another parent": (("UPDATE stream SET parent = 2 WHERE id = 5",), "position 10 (b-low, version 3): its columns do not give its hash"),
    "another fork": (
        ("UPDATE stream SET fork_version = 2 WHERE id = 3",),
        "position 7 (b-first, version 4): follows version 2 of its stream",
    ),
    "a branch made a root": (
        ("UPDATE stream SET parent = NULL, fork_version = 0 WHERE id = 5",),
        "position 10 (b-low, version 3): follows version 0",
    ),
    "a root made a branch": (
        ("UPDATE stream SET parent = 1, fork_version = 1 WHERE id = 2",),
        "position 5 (c-2, version 1): follows version 1",
    ),
    "its own parent": (("UPDATE stream SET parent = 3 WHERE id = 3",), "stream b-first branches from a stream that is not there before it"),
    "a circle of parents": (
        ("UPDATE stream SET parent = 4, fork_version = 9 WHERE id = 3",),
        "stream b-first branches from a stream that is not there before it",
    ),
    "a parent that is not there": (
        ("UPDATE stream SET parent = 99 WHERE id = 5",),
        "stream b-low branches from a stream that is not there before it",
    ),
    "a lost stream": (("DELETE FROM stream WHERE id = 2",), "stream b-first has number 3 where 2 is due: a row of stream is lost or moved"),
    "a stream without events": (
        ("INSERT INTO stream (id, name, parent, fork_version) VALUES (6, 'c-none', NULL, 0)",),
        "stream c-none has no event of its own",
    ),
    "a lost name": (("DELETE FROM log",), "the log cannot be read to its end: the row that names the log is gone"),
}


@pytest.mark.parametrize("harm", _HARM)
def test_what_was_done_behind_its_back_is_found_and_named(tree: SqlLog, raw: Raw, harm: str) -> None:
    statements, words = _HARM[harm]
    raw.unguarded(*statements)
    assert words in _problems(tree)


def test_one_change_is_reported_once_and_not_at_every_event_after_it(tree: SqlLog, raw: Raw) -> None:
    raw.unguarded("UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 2")
    assert _problems(tree) == "position 2 (c-1, version 2): its columns do not give its hash; one of them, or what came before, was changed"


def test_many_problems_are_counted_and_the_first_ones_kept(log: SqlLog, raw: Raw) -> None:
    log.append(C, 0, conversation(30))
    raw.unguarded("UPDATE event SET recorded_at = recorded_at + 1")
    report = verify(log)
    assert (report.problem_count, len(report.problems)) == (121, 50)


def test_verifying_changes_nothing(tree: SqlLog, raw: Raw) -> None:
    raw.unguarded("UPDATE event SET recorded_at = 7 WHERE position = 2")
    before = everything(tree)
    verify(tree)
    assert everything(tree) == before


def test_a_missing_guard_is_found(tree: SqlLog, raw: Raw) -> None:
    postgres = tree.database.dialect == "postgresql"
    trigger = "event_refuses_change" if postgres else "event_refuses_update"
    raw.execute(f"DROP TRIGGER {trigger}{' ON event' if postgres else ''}")
    found = _problems(tree)
    assert found.startswith("missing or ")
    assert "trigger" in found.lower()
    assert trigger in found


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_guard_that_sleeps_is_found(tree: SqlLog, raw: Raw) -> None:
    raw.execute("ALTER TABLE stream DISABLE TRIGGER stream_refuses_insert")
    assert _problems(tree) == "missing or disabled: trigger stream_refuses_insert"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE TABLE extra (x)", "not part of a log: CREATE TABLE extra"),
        ("CREATE TRIGGER extra AFTER INSERT ON event BEGIN SELECT 1; END", "not part of a log: CREATE TRIGGER extra"),
        ("DROP VIEW timeline", "missing or changed: CREATE VIEW timeline"),
        ("PRAGMA application_id = 7", "application_id is 0x7, not 0x5649474c"),
    ],
)
def test_what_does_not_belong_to_a_log_is_found(tree: SqlLog, raw: Raw, sql: str, words: str) -> None:
    raw.execute(sql)
    assert _problems(tree) == words


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_text_that_is_none_any_more_is_found(tree: SqlLog, raw: Raw) -> None:
    raw.unguarded("UPDATE event SET payload = CAST(x'7bff7d' AS TEXT) WHERE position = 2")
    assert "position 2 (c-1, version 2): a text column is no text any more" in _problems(tree)


def test_several_may_verify_at_once(tree: SqlLog) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(verify(tree).clean)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [True] * 3
