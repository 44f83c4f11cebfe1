"""The statements that look: reading streams through their ancestry, pages of the log, ids, counts, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from agents import StreamId
from store.database import Session
from store.errors import DamagedLog, UnknownId
from store.hashing import GENESIS
from store.records import Checkpoint, End, Known, LogEnd, LogInfo, StreamInfo

_NO_LIMIT = 2**62

_PAYLOAD = "e.payload"
_EVENT = "e.position, e.event_id, s.name, e.version, e.type, e.schema_version, e.recorded_at, {payload}, e.hash"

_VERSION = 3
"""Where the version stands among these columns."""

# Each ancestor lends its events up to its fork, and no further than any fork below it.
_LINEAGE = (
    "WITH RECURSIVE lineage(id, name, parent, fork_version, upto) AS ("
    "SELECT id, name, parent, fork_version, CAST(? AS BIGINT) FROM stream WHERE name = ? "
    "UNION ALL "
    "SELECT s.id, s.name, s.parent, s.fork_version, CASE WHEN l.fork_version < l.upto THEN l.fork_version ELSE l.upto END "
    "FROM lineage l JOIN stream s ON s.id = l.parent) "
)


def end_of_log(session: Session) -> LogEnd:
    """Position and chain of the last event."""
    found = session.execute("SELECT position, chain FROM event ORDER BY position DESC LIMIT 1")
    return LogEnd(found[0][0], bytes(found[0][1])) if found else LogEnd(0, GENESIS)


def ends(session: Session, stream: StreamId) -> tuple[End | None, LogEnd]:
    """Where a stream and the log end, in one look; no end for a stream that does not exist."""
    found = session.execute(
        "SELECT l.position, l.chain, s.id, e.version, e.hash FROM (SELECT position, chain FROM event ORDER BY position DESC LIMIT 1) l "
        "LEFT JOIN stream s ON s.name = ? "
        "LEFT JOIN event e ON e.stream = s.id AND e.version = (SELECT max(version) FROM event WHERE stream = s.id)",
        (stream,),
    )
    if not found:
        known = session.execute("SELECT id FROM stream WHERE name = ?", (stream,))
        return (End(known[0][0], stream, 0, GENESIS) if known else None), LogEnd(0, GENESIS)
    position, chain, key, version, hash_ = found[0]
    log = LogEnd(position, bytes(chain))
    if key is None:
        return None, log
    return (End(key, stream, 0, GENESIS) if version is None else End(key, stream, version, bytes(hash_))), log


def end_of(session: Session, stream: StreamId) -> End | None:
    """Where a stream ends; None if it does not exist."""
    return ends(session, stream)[0]


def fork_of(session: Session, stream: StreamId) -> tuple[StreamId | None, int]:
    """The parent of a stream and the last version that they share."""
    [(parent, fork_version)] = session.execute(
        "SELECT p.name, s.fork_version FROM stream s LEFT JOIN stream p ON p.id = s.parent WHERE s.name = ?", (stream,)
    )
    return parent, fork_version


def events_of(
    session: Session, stream: StreamId, after: int = 0, upto: int | None = None, payload: str = _PAYLOAD
) -> list[tuple[Any, ...]]:
    """Rows of a stream with versions in (after, upto], oldest first: its own in one query, all that its ancestors lend in another."""
    last = _NO_LIMIT if upto is None else upto
    columns = _EVENT.format(payload=payload)
    own = session.execute(
        f"SELECT {columns} FROM stream s JOIN event e ON e.stream = s.id WHERE s.name = ? AND e.version > ? AND e.version <= ? "
        "ORDER BY e.version",
        (stream, after, last),
    )
    if own and own[0][_VERSION] == after + 1:
        return own
    lent = session.execute(
        f"{_LINEAGE} SELECT {columns} FROM lineage s JOIN event e ON e.stream = s.id AND e.version > ? AND e.version <= s.upto",
        (own[0][_VERSION] - 1 if own else last, stream, after),
    )
    lent.sort(key=itemgetter(_VERSION))
    return lent + own


def hash_at(session: Session, stream: StreamId, version: int) -> bytes:
    """The hash of one event of a stream, through its ancestry."""
    found = session.execute(
        f"{_LINEAGE} SELECT e.hash FROM lineage s JOIN event e ON e.stream = s.id AND e.version = ? AND e.version <= s.upto",
        (version, stream, version),
    )
    if not found:
        raise DamagedLog(f"Version {version} of {stream} is missing from the log. Run `sim.py log verify`.")
    return bytes(found[0][0])


def page(session: Session, after_position: int, limit: int, payload: str = _PAYLOAD) -> list[tuple[Any, ...]]:
    """The next rows of the whole log."""
    return session.execute(
        f"SELECT {_EVENT.format(payload=payload)} FROM event e JOIN stream s ON s.id = e.stream WHERE e.position > ? ORDER BY e.position LIMIT ?",
        (after_position, limit),
    )


def log_id(session: Session) -> str:
    return str(session.execute("SELECT log_id FROM log")[0][0])


def chain_at(session: Session, position: int) -> bytes | None:
    found = session.execute("SELECT chain FROM event WHERE position = ?", (position,))
    return bytes(found[0][0]) if found else None


def known_ids(session: Session, event_ids: Sequence[bytes]) -> dict[bytes, Known]:
    """Those of `event_ids` that the log has already."""
    found: dict[bytes, Known] = {}
    for start in range(0, len(event_ids), 500):
        some = event_ids[start : start + 500]
        rows = session.execute(
            "SELECT e.event_id, s.name, e.version, e.type, e.schema_version, e.payload FROM event e JOIN stream s ON s.id = e.stream "
            f"WHERE e.event_id IN ({', '.join('?' * len(some))})",
            some,
        )
        found |= {bytes(row[0]): Known(bytes(row[0]), *row[1:]) for row in rows}
    return found


_INFO = (
    "SELECT s.name, p.name, s.fork_version, last.version, first.position, last.position, first.recorded_at, last.recorded_at "
    "FROM stream s LEFT JOIN stream p ON p.id = s.parent "
    "JOIN event first ON first.stream = s.id AND first.version = s.fork_version + 1 "
    "JOIN event last ON last.stream = s.id AND last.version = (SELECT max(version) FROM event WHERE stream = s.id) "
)


def streams(session: Session, prefix: str, after: StreamId | None, limit: int | None) -> list[StreamInfo]:
    rows = session.execute(
        f"{_INFO} WHERE s.name >= ? AND s.name < ? AND s.id > coalesce((SELECT id FROM stream WHERE name = ?), 0) ORDER BY s.id LIMIT ?",
        (prefix, _after_prefix(prefix), after or "", _NO_LIMIT if limit is None else limit),
    )
    return [StreamInfo(*row) for row in rows]


def children(session: Session, stream: StreamId) -> list[StreamInfo]:
    return [StreamInfo(*row) for row in session.execute(f"{_INFO} WHERE p.name = ? ORDER BY s.id", (stream,))]


def resolve(session: Session, wanted: str) -> StreamId:
    if wanted == "last":
        return _last(session)
    if not (wanted.isascii() and wanted.isprintable()):  # ids are, and not every database takes what is not
        raise _nothing(wanted)
    exact = session.execute("SELECT name FROM stream WHERE name = ?", (wanted,))
    if exact:
        return StreamId(exact[0][0])
    found = session.execute("SELECT name FROM stream WHERE name >= ? AND name < ? ORDER BY name LIMIT 4", (wanted, _after_prefix(wanted)))
    names = [row[0] for row in found]
    if not names or not wanted:
        raise _nothing(wanted)
    if len(names) > 1:
        more = ", …" if len(names) > 3 else ""
        raise UnknownId(f"{wanted!r} could be {', '.join(names[:3])}{more}. Give more of the id.")
    return StreamId(names[0])


def _nothing(wanted: str) -> UnknownId:
    return UnknownId(f"Nothing in this log is called {wanted!r}. `sim.py log info --streams` shows the ids; `last` is the newest one.")


def _last(session: Session) -> StreamId:
    found = session.execute(
        "SELECT s.name FROM event e JOIN stream s ON s.id = e.stream "
        "WHERE s.name LIKE 'c-%' OR s.name LIKE 'b-%' ORDER BY e.position DESC LIMIT 1"
    )
    if not found:
        raise UnknownId("This log holds no conversation yet. `python sim.py run` starts one.")
    return StreamId(found[0][0])


def _after_prefix(prefix: str) -> str:
    """The smallest text after everything that starts with `prefix`; ids are ASCII."""
    return prefix + "\x7f"


def info(session: Session, size_bytes: int, payload_as_bytes: str) -> LogInfo:
    [(id_, format_, created_at)] = session.execute("SELECT log_id, format, created_at FROM log")
    [(all_streams, branches)] = session.execute("SELECT count(*), count(parent) FROM stream")
    by_type = session.execute(
        f"SELECT type, count(*), sum(length({payload_as_bytes})), min(recorded_at), max(recorded_at) FROM event GROUP BY type ORDER BY type"
    )
    return LogInfo(
        log_id=id_,
        format=format_,
        created_at=created_at,
        events=sum(row[1] for row in by_type),
        streams=all_streams,
        branches=branches,
        size_bytes=size_bytes,
        payload_bytes=sum(int(row[2]) for row in by_type),
        types={row[0]: row[1] for row in by_type},
        first_at=min((row[3] for row in by_type), default=None),
        last_at=max((row[4] for row in by_type), default=None),
    )


def checkpoint(session: Session, name: str) -> Checkpoint:
    found = session.execute("SELECT position, chain FROM projection WHERE name = ?", (name,))
    if not found:
        return Checkpoint(name)
    if found[0][0] and chain_at(session, found[0][0]) != bytes(found[0][1]):
        raise DamagedLog(
            f"The log is not the one that projection {name} read: its event at position {found[0][0]} changed or is gone. "
            "Run `sim.py log verify`; a projection can always be made again from the start."
        )
    rows = session.execute("SELECT key, value FROM projected WHERE name = ? ORDER BY key", (name,))
    return Checkpoint(name, found[0][0], bytes(found[0][1]).hex(), {key: value for key, value in rows})
