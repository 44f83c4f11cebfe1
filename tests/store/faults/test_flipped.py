"""One flipped bit, wherever it is, is found by `verify`; the untouched log is not blamed."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from store import Anchor, SqlLog, StoreError, StoreSettings, open_log, verify
from tests.store.faults.flips import flip_bit, flipped, places_of
from tests.store.given import a_tree
from tests.store.raw import Raw, by_hand

EVENT = ("position", "event_id", "stream", "version", "type", "schema_version", "recorded_at", "payload", "hash", "chain")
STREAM = ("id", "name", "fork_version")


def _chance() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.mark.parametrize(("table", "column"), [*(("event", name) for name in EVENT), *(("stream", name) for name in STREAM)])
def test_a_flipped_bit_in_any_column_is_found(log: SqlLog, raw: Raw, table: str, column: str) -> None:
    a_tree(log)
    chance = _chance()
    for _ in range(20):
        with flipped(log, raw, table, column, chance) as what:
            assert not verify(log).clean, what
    assert verify(log, [log.anchor()]).problems == []


def test_a_flipped_bit_in_the_parent_of_a_branch_is_found_unless_the_branch_reads_the_same_from_both(log: SqlLog, raw: Raw) -> None:
    untouched = {name: log.read(name) for name in a_tree(log)}
    chance, found = _chance(), 0
    for _ in range(20):
        with flipped(log, raw, "stream", "parent", chance) as what:
            if verify(log).clean:
                assert {name: log.read(name) for name in untouched} == untouched, what
            else:
                found += 1
    assert found > 10


def test_a_log_under_another_name_is_found_by_its_anchor(log: SqlLog, raw: Raw) -> None:
    a_tree(log)
    anchor = log.anchor()
    raw.unguarded("UPDATE log SET log_id = 'log-of-somebody-else'")
    assert f"anchor {anchor.position} was taken of {anchor.log_id}" in verify(log, [anchor]).problems[0]


@pytest.fixture
def closed_log(tmp_path: Path) -> tuple[Path, Anchor]:
    """A log in one file, rebuilt by SQLite so that no byte of it is a dead copy of another."""
    path = tmp_path / "vigil.db"
    with open_log(StoreSettings(log=str(path)), create=True) as log:
        a_tree(log)
        anchor = log.anchor()
    with by_hand(str(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("VACUUM")
    return path, anchor


def _problems(path: Path, anchor: Anchor) -> list[str]:
    """What Vigil says of a file: on opening it, or in its verification."""
    try:
        with open_log(StoreSettings(log=str(path))) as log:
            return verify(log, [anchor]).problems
    except StoreError as error:
        return [str(error)]


def _needles(path: Path) -> list[bytes]:
    """The bytes of every payload, hash, chain, event id and stream name."""
    with by_hand(str(path)) as raw:
        events = raw.execute("SELECT CAST(payload AS BLOB), hash, chain, event_id FROM event")
        return [value for row in events for value in row] + [name for (name,) in raw.execute("SELECT CAST(name AS BLOB) FROM stream")]


@pytest.mark.slow
def test_200_flipped_bits_in_the_bytes_of_the_events_in_the_file_are_all_found(closed_log: tuple[Path, Anchor], tmp_path: Path) -> None:
    path, anchor = closed_log
    needles, chance, broken = _needles(path), _chance(), tmp_path / "broken.db"
    for _ in range(200):
        needle = chance.choice(needles)
        bit = 8 * chance.choice(places_of(needle, path)) + chance.randrange(8 * len(needle))
        broken.write_bytes(flip_bit(path.read_bytes(), bit))
        assert _problems(broken, anchor), f"bit {bit} in {needle[:40]!r}"
        broken.with_name("broken.db-wal").unlink(missing_ok=True)
    assert _problems(path, anchor) == []


@pytest.mark.slow
def test_a_flipped_bit_anywhere_in_the_file_is_found_or_changes_no_event(closed_log: tuple[Path, Anchor], tmp_path: Path) -> None:
    path, anchor = closed_log
    untouched, chance = _rows(path), _chance()
    for number in range(200):
        broken = tmp_path / f"{number}" / "vigil.db"
        broken.parent.mkdir()
        bit = chance.randrange(8 * path.stat().st_size)
        broken.write_bytes(flip_bit(path.read_bytes(), bit))
        if not _problems(broken, anchor):
            assert _rows(broken) == untouched, f"bit {bit}"
        shutil.rmtree(broken.parent)


def _rows(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    rows = [*connection.execute("SELECT * FROM event ORDER BY position"), *connection.execute("SELECT * FROM stream ORDER BY id")]
    connection.close()
    return rows
