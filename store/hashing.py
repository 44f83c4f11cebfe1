"""The two hash chains: one along each stream, which travels with it, and one along the whole log, which anchors it."""

from __future__ import annotations

from hashlib import sha256

from store.records import Row

GENESIS = bytes(32)
"""What comes before the first event of a root stream, and before the first event of a log."""


def event_hash(previous: bytes, row: Row) -> bytes:
    """sha256 of the previous hash and every column of the event, each with its length before it or a mark after it."""
    head = kind_frame(row.type, row.schema_version)
    return framed_hash(previous, row.event_id, row.version, head + place_frame(row.stream, row.recorded_at), row.payload.encode())


def framed_hash(previous: bytes, event_id: bytes, version: int, frames: bytes, payload: bytes) -> bytes:
    """The same, from what differs between the events of a turn and the frames of what does not."""
    return sha256(b"%b%d:%b%d %b%d:%b" % (previous, len(event_id), event_id, version, frames, len(payload), payload)).digest()


def kind_frame(type_: str, schema_version: int) -> bytes:
    """Type and schema version as they are hashed."""
    name = type_.encode()
    return b"%d:%b%d " % (len(name), name, schema_version)


def place_frame(stream: str, recorded_at: int) -> bytes:
    """Stream and time as they are hashed."""
    name = stream.encode()
    return b"%d:%b%d " % (len(name), name, recorded_at)


def chain_hash(previous: bytes, position: int, hash_: bytes) -> bytes:
    """The log-wide chain: it covers each event's hash and its place, so order and completeness up to an anchor."""
    return sha256(b"%b%d:%b" % (previous, position, hash_)).digest()
