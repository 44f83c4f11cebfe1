"""The two hash chains: one along each stream, which travels with it, and one along the whole log, which anchors it."""

from __future__ import annotations

from hashlib import sha256

from store.records import Row

GENESIS = bytes(32)
"""What comes before the first event of a root stream, and before the first event of a log."""


def event_hash(previous: bytes, row: Row) -> bytes:
    """sha256 of the previous hash and every column of the event, each with its length before it."""
    stream, name, payload = row.stream.encode(), row.type.encode(), row.payload.encode()
    numbers = b"%d %d %d" % (row.version, row.schema_version, row.recorded_at)
    lengths = b"%d %d %d %d %d:" % (len(row.event_id), len(stream), len(name), len(numbers), len(payload))
    return sha256(b"".join((previous, lengths, row.event_id, stream, name, numbers, payload))).digest()


def chain_hash(previous: bytes, position: int, hash_: bytes) -> bytes:
    """The log-wide chain: it covers each event's hash and its place, so order and completeness up to an anchor."""
    return sha256(b"%b%d:%b" % (previous, position, hash_)).digest()
