"""Rows that are gone or moved, and a WAL that was cut: what `verify` sees, and what only an anchor kept outside can see."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from agents import StreamId
from store import Anchor, SqlLog, StoreSettings, UnknownId, open_log, verify
from tests.conftest import wait_until
from tests.store.faults.flips import flip_bit
from tests.store.faults.ledger import EVENTS_OF_A_TURN, Ledger
from tests.store.faults.writers import append_many, running
from tests.store.given import a_tree, said
from tests.store.raw import Raw

STREAM = StreamId("c-cut")


def test_a_deleted_event_is_found(log: SqlLog, raw: Raw) -> None:
    a_tree(log)
    last = log.anchor().position
    for position in range(1, last):
        raw.execute("CREATE TABLE kept AS SELECT * FROM event")
        raw.unguarded(f"DELETE FROM event WHERE position = {position}")
        problems = verify(log).problems
        assert any(f"position {position + 1} follows {position - 1}: events are lost" in problem for problem in problems), problems
        raw.unguarded("DELETE FROM event", "INSERT INTO event SELECT * FROM kept ORDER BY position", "DROP TABLE kept")
        assert verify(log).clean


@pytest.mark.parametrize("count", [1, 3])
def test_deleted_events_at_the_end_are_found_by_an_anchor(log: SqlLog, raw: Raw, count: int) -> None:
    a_tree(log)
    anchor = log.anchor()
    raw.unguarded(f"DELETE FROM event WHERE position > {anchor.position - count}")
    assert verify(log, [anchor]).problems[-1].startswith(f"events {anchor.position - count + 1} to {anchor.position} are lost")


def test_an_end_that_was_rewritten_is_found_by_an_anchor(log: SqlLog, raw: Raw) -> None:
    a_tree(log)
    anchor = log.anchor()
    [last] = log.page(anchor.position - 1)
    raw.unguarded(f"DELETE FROM event WHERE position = {anchor.position}")
    log.append(last.stream, last.version - 1, said("something else"))
    assert verify(log).clean
    assert "is not the one that was anchored there" in verify(log, [anchor]).problems[0]


@pytest.mark.parametrize("table", ["event", "stream", "log"])
def test_an_emptied_table_is_found(log: SqlLog, raw: Raw, table: str) -> None:
    a_tree(log)
    anchor = log.anchor()
    raw.execute("BEGIN")
    if table != "event":
        raw.unguarded(f"DELETE FROM {table}")
    else:
        raw.unguarded("DELETE FROM event", "DELETE FROM stream")
    raw.execute("COMMIT")
    assert not verify(log, [anchor]).clean


@pytest.mark.parametrize("columns", ["position", "version", "stream, version", "payload", "hash", "chain", "payload, hash, chain"])
def test_two_events_in_each_others_place_are_found(log: SqlLog, raw: Raw, columns: str) -> None:
    a_tree(log)
    key = [found for (found,) in raw.execute("SELECT event_id FROM event WHERE stream = 1 ORDER BY position")]
    raw.unguarded(*_moves(columns, bytes(key[1]).hex(), bytes(key[2]).hex(), log.database.dialect))
    assert not verify(log).clean


def _moves(columns: str, one: str, other: str, dialect: str) -> list[str]:
    """Statements that let two events change places in some columns, by way of places that nobody uses."""
    literal = "X'{}'" if dialect == "sqlite" else "'\\x{}'::bytea"
    first, second = literal.format(one), literal.format(other)
    moves = [f"CREATE TABLE moved AS SELECT * FROM event WHERE event_id IN ({first}, {second})"]
    numbers = [column for column in columns.split(", ") if column in ("position", "version")]
    moves += [f"UPDATE event SET {column} = {column} + 1000 WHERE event_id IN ({first}, {second})" for column in numbers]
    for to, source in ((first, second), (second, first)):
        taken = ", ".join(f"{column} = (SELECT {column} FROM moved WHERE event_id = {source})" for column in columns.split(", "))
        moves.append(f"UPDATE event SET {taken} WHERE event_id = {to}")
    return [*moves, "DROP TABLE moved"]


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, Anchor]:
    """A log whose writer was killed before anything of its WAL was in the file, and the anchor of its end."""
    folder = tmp_path / "killed"
    settings, ledger = StoreSettings(log=str(folder / "vigil.db")), Ledger(tmp_path / "ledger.txt")
    open_log(settings, create=True).close()
    with running(append_many, settings, ledger.path, STREAM, 10_000):
        wait_until(lambda: len(ledger.lines()) >= 20)
    assert (folder / "vigil.db-wal").stat().st_size > 100_000
    with open_log(_copied(folder, tmp_path / "whole")) as log:
        ledger.hold_against(log, in_flight=1)
        return folder, log.anchor()


def _copied(folder: Path, to: Path) -> StoreSettings:
    to.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(folder / f"vigil.db{suffix}", to)
    return StoreSettings(log=str(to / "vigil.db"))


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_cut_or_flipped_wal_loses_turns_silently_and_the_anchor_finds_it(killed: tuple[Path, Anchor], tmp_path: Path, harm: str) -> None:
    folder, anchor = killed
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, before = random.Random(seed), anchor.position
    for number in range(60):
        settings = _copied(folder, tmp_path / str(number))
        wal = tmp_path / str(number) / "vigil.db-wal"
        data = wal.read_bytes()
        data = data[: _end_of_last_commit(data)]
        wal.write_bytes(data[: chance.randrange(len(data))] if harm == "cut" else flip_bit(data, chance.randrange(8 * len(data))))
        with open_log(settings) as log:
            left = _version(log)
            assert left < before
            assert left % EVENTS_OF_A_TURN == 0
            assert verify(log).clean
            assert f"events {left + 1} to {before} are lost" in verify(log, [anchor]).problems[0]


def _end_of_last_commit(wal: bytes) -> int:
    """Where a WAL's last committed transaction ends: what a killed writer had begun after it was never in the log, nor can it be missed."""
    header, of_frame = 32, 24
    frame = of_frame + int.from_bytes(wal[8:12], "big")
    whole = range(header, len(wal) - frame + 1, frame)
    return max(start + frame for start in whole if wal[start + 4 : start + 8] != bytes(4))


def _version(log: SqlLog) -> int:
    try:
        return log.head(STREAM).version
    except UnknownId:
        return 0
