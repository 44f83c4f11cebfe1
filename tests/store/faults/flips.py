"""Single bits changed behind the log's back: in a value of a row, by SQL, and in a byte of the file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store import SqlLog
from tests.store.raw import Raw

_BITS = {"recorded_at": 50, "position": 40, "version": 40, "schema_version": 30, "stream": 40, "id": 40, "parent": 40, "fork_version": 40}
"""How many low bits of a number are tried."""


@contextmanager
def flipped(log: SqlLog, raw: Raw, table: str, column: str, chance: random.Random) -> Iterator[str]:
    """One random bit of one random value of a column is another one for as long as the block lasts; gives what was done."""
    key = "position" if table == "event" else "id"
    keys = [found for (found,) in raw.execute(f"SELECT {key} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key}")]
    for _ in range(200):
        row = chance.choice(keys)
        old, new, what = _flip(log, raw, f"SELECT {{}} FROM {table} WHERE {key} = {row}", column, chance)
        renamed = new if column == key else str(row)
        if _set(raw, f"UPDATE {table} SET {column} = {new} WHERE {key} = {row}"):
            break
    else:
        raise AssertionError(f"the database takes no flip of {table}.{column}")
    try:
        yield f"{table}.{column} of {key} {row}: {what}"
    finally:
        assert _set(raw, f"UPDATE {table} SET {column} = {old} WHERE {key} = {renamed}")


def _flip(log: SqlLog, raw: Raw, select: str, column: str, chance: random.Random) -> tuple[str, str, str]:
    """The old and the new value as SQL, and in words."""
    if column in _BITS:
        [(number,)] = raw.execute(select.format(column))
        bit = chance.randrange(_BITS[column])
        return str(number), str(number ^ 1 << bit), f"bit {bit} of {number}"
    text = column in ("type", "payload", "name")
    [(value,)] = raw.execute(select.format(log.database.as_bytes(column) if text else column))
    old, bit = bytes(value), chance.randrange(8 * len(value))
    return _literal(log, old, text), _literal(log, flip_bit(old, bit), text), f"bit {bit % 8} of byte {bit // 8} of {old[:40]!r}"


def _literal(log: SqlLog, value: bytes, text: bool) -> str:
    if log.database.dialect == "sqlite":
        return f"CAST(X'{value.hex()}' AS TEXT)" if text else f"X'{value.hex()}'"
    return f"convert_from('\\x{value.hex()}'::bytea, 'UTF8')" if text else f"'\\x{value.hex()}'::bytea"


def _set(raw: Raw, statement: str) -> bool:
    """Whether the database took it: two rows may not share a key, and PostgreSQL keeps no text that is none."""
    raw.execute("BEGIN")
    try:
        raw.unguarded(statement)
        raw.execute("COMMIT")
    except raw.errors:
        raw.execute("ROLLBACK")
        return False
    return True


def flip_bit(data: bytes, bit: int) -> bytes:
    """The bytes with one bit turned."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def places_of(needle: bytes, path: Path) -> list[int]:
    """Where bytes stand in a file."""
    data, places, start = path.read_bytes(), [], 0
    while (start := data.find(needle, start)) >= 0:
        places.append(start)
        start += 1
    return places
