"""The two chains, recomputed here from the raw rows by the formula that the log documents."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from agents import Ids
from store import SqlLog
from store.hashing import GENESIS, chain_hash, event_hash
from store.records import Row
from tests.store.given import B, C, D, a_tree, branching, said
from tests.store.raw import Raw

_ROW = Row(bytes(range(16)), "c-1", 7, "seeker_spoke", 1, 1_700_000_000_000_000, '{"turn":1}')


def _by_the_formula(previous: bytes, row: tuple[Any, ...]) -> bytes:
    """The formula of docs/log.md: texts and bytes with their length before them, numbers with a space after them."""
    event_id, stream, version, type_, schema_version, recorded_at, payload = row

    def framed(column: bytes) -> bytes:
        return str(len(column)).encode() + b":" + column

    def marked(number: int) -> bytes:
        return str(number).encode() + b" "

    columns = (
        framed(bytes(event_id)),
        marked(version),
        framed(type_.encode()),
        marked(schema_version),
        framed(stream.encode()),
        marked(recorded_at),
        framed(payload.encode()),
    )
    return sha256(previous + b"".join(columns)).digest()


def test_every_stored_hash_follows_from_its_row_and_the_hash_before_it(log: SqlLog, raw: Raw) -> None:
    a_tree(log)
    rows = raw.execute(
        "SELECT e.event_id, s.name, e.version, e.type, e.schema_version, e.recorded_at, e.payload, e.hash FROM event e "
        "JOIN stream s ON s.id = e.stream ORDER BY e.position"
    )
    forks = {
        name: (parent, fork)
        for name, parent, fork in raw.execute("SELECT s.name, p.name, s.fork_version FROM stream s JOIN stream p ON p.id = s.parent")
    }
    hashes: dict[tuple[str, int], bytes] = {}
    for *row, stored in rows:
        stream, version = row[1], row[2]
        previous = hashes.get((stream, version - 1), bytes(32))
        while (stream, version - 1) not in hashes and stream in forks:
            stream = forks[stream][0]
            previous = hashes.get((stream, version - 1), bytes(32))
        assert bytes(stored) == _by_the_formula(previous, tuple(row))
        hashes[row[1], version] = bytes(stored)
    assert len(hashes) == 14


def test_the_chain_of_the_log_follows_from_every_hash_and_its_position(log: SqlLog, raw: Raw) -> None:
    a_tree(log)
    chain = bytes(32)
    for position, hash_, stored in raw.execute("SELECT position, hash, chain FROM event ORDER BY position"):
        chain = sha256(chain + f"{position}:".encode() + bytes(hash_)).digest()
        assert bytes(stored) == chain
    assert log.anchor().chain == chain.hex()


@pytest.mark.parametrize(
    "changed",
    [
        _ROW._replace(event_id=bytes(16)),
        _ROW._replace(stream="c-2"),
        _ROW._replace(version=8),
        _ROW._replace(type="seeker_spoken"),
        _ROW._replace(schema_version=2),
        _ROW._replace(recorded_at=_ROW.recorded_at + 1),
        _ROW._replace(payload='{"turn":2}'),
        _ROW._replace(version=71, schema_version=1),
        _ROW._replace(stream="c-1s", type="eeker_spoke"),
        _ROW._replace(type='seeker_spoke{"turn"', payload=":1}"),
        _ROW._replace(type="", stream="c-1seeker_spoke"),
    ],
)
def test_a_change_of_any_column_changes_the_hash(changed: Row) -> None:
    assert event_hash(GENESIS, changed) != event_hash(GENESIS, _ROW)


def test_what_came_before_changes_the_hash() -> None:
    assert event_hash(bytes([1] * 32), _ROW) != event_hash(GENESIS, _ROW)
    assert chain_hash(GENESIS, 1, bytes(32)) != chain_hash(GENESIS, 2, bytes(32))
    assert chain_hash(GENESIS, 1, bytes(32)) != chain_hash(bytes([1] * 32), 1, bytes(32))


def test_words_beyond_ascii_are_measured_in_bytes() -> None:
    row = _ROW._replace(payload='{"message":"Straße, 雨, 🙂"}')
    assert event_hash(GENESIS, row) == _by_the_formula(GENESIS, row)


def test_the_same_facts_give_the_same_hashes_in_every_log(log: SqlLog, other: SqlLog) -> None:
    for each in (log, other):
        plain = SqlLog(each.database, ids=Ids(lambda: 5_000_000, lambda bits: 7), clock=lambda: 1_700_000_000_000_000)
        plain.append(C, 0, said("a", "b"))
        plain.open_branch(B, C, 1, branching(C, 1))
        plain.append(D, 0, said("d"))
    assert [log.head(stream) for stream in (C, B, D)] == [other.head(stream) for stream in (C, B, D)]
    assert log.anchor().chain == other.anchor().chain
