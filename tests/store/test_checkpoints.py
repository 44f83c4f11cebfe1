"""Projections: a place in the log and the rows made of it, which move together or not at all."""

from __future__ import annotations

import dataclasses

import pytest

from store import CheckpointMoved, DamagedLog, SqlLog, StoreError
from tests.store.given import C, everything, said
from tests.store.raw import Raw


def test_a_projection_that_never_ran_is_at_position_0(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    checkpoint = log.checkpoint("words")
    assert (checkpoint.name, checkpoint.position, dict(checkpoint.rows)) == ("words", 0, {})


def test_rows_and_position_move_together(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b", "c"))
    moved = log.advance(log.checkpoint("words"), 2, {"a": "1", "b": "1"})
    assert (moved.position, dict(moved.rows)) == (2, {"a": "1", "b": "1"})
    assert log.checkpoint("words") == moved
    chain = log.chain_at(2)
    assert chain is not None
    assert moved.chain == chain.hex()


def test_a_later_advance_changes_adds_and_removes_rows(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b", "c"))
    first = log.advance(log.checkpoint("words"), 1, {"a": "1", "b": "1"})
    second = log.advance(first, 3, {"a": "2", "b": None, "c": "1", "never there": None})
    assert (second.position, dict(second.rows)) == (3, {"a": "2", "c": "1"})


def test_projections_do_not_see_each_other(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    log.advance(log.checkpoint("words"), 1, {"a": "words"})
    log.advance(log.checkpoint("turns"), 1, {"a": "turns"})
    assert dict(log.checkpoint("words").rows) == {"a": "words"}
    assert dict(log.checkpoint("turns").rows) == {"a": "turns"}


def test_of_two_projectors_the_slower_is_told_and_changes_nothing(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b", "c"))
    mine = log.checkpoint("words")
    theirs = log.checkpoint("words")
    faster = log.advance(theirs, 3, {"a": "theirs"})
    with pytest.raises(CheckpointMoved, match=r"words is at position 3, not 0: .*Read the checkpoint again"):
        log.advance(mine, 2, {"a": "mine", "b": "mine"})
    assert log.checkpoint("words") == faster


def test_a_projection_cannot_be_ahead_of_the_log(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    with pytest.raises(CheckpointMoved, match="cannot be at position 2: the log is shorter"):
        log.advance(log.checkpoint("words"), 2, {"a": "1"})
    assert log.checkpoint("words").position == 0


def test_a_projection_never_goes_back(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b"))
    at_two = log.advance(log.checkpoint("words"), 2, {})
    with pytest.raises(ValueError, match="never goes back: 2 to 1"):
        log.advance(at_two, 1, {"a": "1"})
    assert log.checkpoint("words") == at_two


def test_a_failure_in_the_middle_leaves_place_and_rows_as_they_were(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b"))
    before = log.advance(log.checkpoint("words"), 1, {"a": "1"})
    with pytest.raises((StoreError, UnicodeEncodeError)):
        log.advance(before, 2, {"a": "2", "b": "\ud800"})
    assert log.checkpoint("words") == before
    assert log.advance(before, 2, {"b": "1"}).position == 2


def test_a_log_that_changed_underneath_is_noticed(log: SqlLog, raw: Raw) -> None:
    log.append(C, 0, said("a", "b"))
    checkpoint = log.advance(log.checkpoint("words"), 2, {"a": "1"})
    raw.unguarded("DELETE FROM event WHERE position = 2")
    with pytest.raises(DamagedLog, match="not the one that projection words read: its event at position 2 changed or is gone"):
        log.checkpoint("words")
    log.append(C, 1, said("another b"))
    with pytest.raises(DamagedLog, match="position 2"):
        log.advance(checkpoint, 2, {})


def test_a_checkpoint_of_another_log_is_not_taken(log: SqlLog) -> None:
    log.append(C, 0, said("a", "b"))
    checkpoint = log.advance(log.checkpoint("words"), 1, {})
    elsewhere = dataclasses.replace(checkpoint, chain="ab" * 32)
    with pytest.raises(CheckpointMoved):
        log.advance(elsewhere, 2, {"a": "1"})
    assert log.checkpoint("words") == checkpoint


def test_projecting_adds_nothing_to_the_log(log: SqlLog) -> None:
    log.append(C, 0, said("a"))
    before, anchor = everything(log), str(log.anchor())
    log.advance(log.checkpoint("words"), 1, {"a": "1"})
    assert (everything(log), str(log.anchor())) == (before, anchor)
