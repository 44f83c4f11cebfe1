"""The statements that add: how events, streams and checkpoints get in, always within the one writing transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agents import EventId, StreamId
from store.database import Session
from store.errors import EventIdReused, EventRefused, UnknownId
from store.hashing import GENESIS, chain_hash, event_hash, framed_hash, place_frame
from store.lookup import end_of, end_of_log, hash_at
from store.records import Draft, End, Head, Known, LogEnd, Row

_STREAM_ID = re.compile(r"[a-z]+-[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_EVENT_ID = re.compile(r"[0-9a-f]{32}")


def id_bytes(event_id: EventId) -> bytes:
    """The 16 bytes that the log keeps of an event id."""
    if not _EVENT_ID.fullmatch(event_id):
        raise EventRefused(f"event id {event_id!r} is not 32 lower-case hexadecimal digits. Take one from `Ids`.")
    return bytes.fromhex(event_id)


def create_stream(session: Session, stream: StreamId, parent: StreamId | None = None, fork_version: int = 0) -> End:
    """A new stream, ready for its first event; a branch starts from its parent's hash at the fork."""
    if not _STREAM_ID.fullmatch(stream):
        raise UnknownId(f"{stream!r} cannot name a stream. Use a prefix and letters or digits, such as c-7f3a21.")
    [(key,)] = session.execute("SELECT coalesce(max(id), 0) + 1 FROM stream")
    parent_key, hash_ = None, GENESIS
    if parent is not None:
        parent_key, hash_ = _fork(session, parent, fork_version)
    session.executemany(
        "INSERT INTO stream (id, name, parent, fork_version) VALUES (?, ?, ?, ?)", [(key, stream, parent_key, fork_version)]
    )
    return End(key, stream, fork_version, hash_)


def _fork(session: Session, parent: StreamId, version: int) -> tuple[int, bytes]:
    end = end_of(session, parent)
    if end is None:
        raise UnknownId(f"There is no stream {parent} to branch from.")
    if not 1 <= version <= end.version:
        raise UnknownId(f"{parent} has versions 1 to {end.version}; it cannot be branched at {version}.")
    return end.key, hash_at(session, parent, version)


def _insert(session: Session) -> str:
    payload = session.text_from_bytes("?")
    return (
        "INSERT INTO event (position, event_id, stream, version, type, schema_version, recorded_at, payload, hash, chain) "
        f"VALUES (?, ?, ?, ?, ?, ?, ?, {payload}, ?, ?)"
    )


def add(session: Session, end: End, log: LogEnd, drafts: Sequence[Draft], now: int) -> Head:
    """Adds drafts after the end of a stream, hashing each onto the stream and onto the log. The hot path: it makes no objects on the way."""
    key, stream, version, hash_ = end
    position, chain = log
    place = place_frame(stream, now)
    columns = []
    for event_id, (type_, schema_version, frame), payload in drafts:
        position += 1
        version += 1
        hash_ = framed_hash(hash_, event_id, version, frame + place, payload)
        chain = chain_hash(chain, position, hash_)
        columns.append((position, event_id, key, version, type_, schema_version, now, payload, hash_, chain))
    session.executemany(_insert(session), columns)
    return Head(stream, version, hash_)


def add_rows(session: Session, end: End, rows: Sequence[Row]) -> Head:
    """Adds rows whose columns were decided elsewhere, such as those of an export."""
    position, chain = end_of_log(session)
    hash_ = end.hash
    columns = []
    for row in rows:
        position += 1
        hash_ = event_hash(hash_, row)
        chain = chain_hash(chain, position, hash_)
        columns.append((position, row.event_id, end.key, *row[2:6], row.payload.encode(), hash_, chain))
    session.executemany(_insert(session), columns)
    return Head(end.stream, rows[-1].version, hash_)


def confirm_retry(session: Session, stream: StreamId, expected_version: int, drafts: Sequence[Draft], known: Mapping[bytes, Known]) -> Head:
    """The head after an append that happened before; an error if what happened was something else."""
    for version, draft in enumerate(drafts, expected_version + 1):
        found = known.get(draft.event_id)
        if found is None:
            raise id_reused(next(iter(known.values())))
        if found != Known(draft.event_id, stream, version, draft.kind.type, draft.kind.schema_version, draft.payload.decode()):
            raise id_reused(found)
    last = expected_version + len(drafts)
    return Head(stream, last, hash_at(session, stream, last))


def id_reused(known: Known) -> EventIdReused:
    """The error for an id that stands for something else already."""
    return EventIdReused(
        f"Event id {known.event_id.hex()} is already in the log as version {known.version} of {known.stream} ({known.type}), "
        "with other content or in other company. Use new ids for new events, and the same batch for a retry."
    )


def move_checkpoint(session: Session, name: str, position: int, chain: bytes, rows: Mapping[str, str | None]) -> None:
    """Writes a projection's place and rows."""
    session.execute(
        "INSERT INTO projection (name, position, chain) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET position = excluded.position, chain = excluded.chain",
        (name, position, chain),
    )
    session.executemany("DELETE FROM projected WHERE name = ? AND key = ?", [(name, key) for key, value in rows.items() if value is None])
    session.executemany(
        "INSERT INTO projected (name, key, value) VALUES (?, ?, ?) ON CONFLICT (name, key) DO UPDATE SET value = excluded.value",
        [(name, key, value) for key, value in rows.items() if value is not None],
    )
