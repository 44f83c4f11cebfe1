"""Append-only is enforced by the database: what a person with the file or the server tries by hand is refused."""

from __future__ import annotations

import pytest

from store import SqlLog, verify
from tests.store.given import B, C, D, branching, everything, said
from tests.store.raw import Raw

_EVENT = "INTO event (position, event_id, stream, version, type, schema_version, recorded_at, payload, hash, chain)"
_VALUES = "VALUES ({position}, {id}, {stream}, {version}, 'seeker_spoke', 1, 0, '{{}}', {blob}, {blob})"
_STREAM = "INTO stream (id, name, parent, fork_version)"
_LOG = "INTO log (one, log_id, format, created_at) VALUES (1, 'log-forged', 1, 0)"

_CHANGES = {
    "update a payload": "UPDATE event SET payload = '{}' WHERE position = 2",
    "update nothing but a time": "UPDATE event SET recorded_at = recorded_at + 1",
    "update a hash": "UPDATE event SET hash = chain",
    "move an event": "UPDATE event SET position = 100 WHERE position = 4",
    "delete an event": "DELETE FROM event WHERE position = 4",
    "delete all events": "DELETE FROM event",
    "rename a stream": "UPDATE stream SET name = 'c-9' WHERE id = 1",
    "move a fork": "UPDATE stream SET fork_version = 2 WHERE id = 3",
    "delete a stream": "DELETE FROM stream WHERE id = 3",
    "rename the log": "UPDATE log SET log_id = 'log-forged'",
    "age the log": "UPDATE log SET format = 99",
    "delete the log": "DELETE FROM log",
    "a second log": f"INSERT {_LOG}",
    "a gap in the positions": f"INSERT {_EVENT} {_VALUES.format(position=6, id='{new}', stream=1, version=3, blob='{blob}')}",
    "a position that is taken": f"INSERT {_EVENT} {_VALUES.format(position=4, id='{new}', stream=1, version=3, blob='{blob}')}",
    "an event id that is taken": f"INSERT {_EVENT} {_VALUES.format(position=5, id='{known}', stream=1, version=3, blob='{blob}')}",
    "a version that is taken": f"INSERT {_EVENT} {_VALUES.format(position=5, id='{new}', stream=1, version=2, blob='{blob}')}",
    "a gap in the versions": f"INSERT {_EVENT} {_VALUES.format(position=5, id='{new}', stream=1, version=4, blob='{blob}')}",
    "a version below the fork": f"INSERT {_EVENT} {_VALUES.format(position=5, id='{new}', stream=3, version=1, blob='{blob}')}",
    "a stream id that is taken": f"INSERT {_STREAM} VALUES (1, 'c-9', NULL, 0)",
    "a gap in the streams": f"INSERT {_STREAM} VALUES (9, 'c-9', NULL, 0)",
    "a name that is taken": f"INSERT {_STREAM} VALUES (4, 'c-1', NULL, 0)",
    "a fork beyond the parent": f"INSERT {_STREAM} VALUES (4, 'b-9', 1, 3)",
    "a fork without a parent": f"INSERT {_STREAM} VALUES (4, 'b-9', NULL, 1)",
}

_SQLITE_ONLY = {
    "replace an event by its position": f"INSERT OR REPLACE {_EVENT} {_VALUES.format(position=4, id='{new}', stream=1, version=3, blob='{blob}')}",
    "replace an event by its id": f"INSERT OR REPLACE {_EVENT} {_VALUES.format(position=5, id='{known}', stream=1, version=3, blob='{blob}')}",
    "replace an event by its version": f"REPLACE {_EVENT} {_VALUES.format(position=5, id='{new}', stream=1, version=2, blob='{blob}')}",
    "replace a stream": f"INSERT OR REPLACE {_STREAM} VALUES (1, 'c-9', NULL, 0)",
    "replace a stream by its name": f"INSERT OR REPLACE {_STREAM} VALUES (4, 'c-1', NULL, 0)",
    "replace the log": f"INSERT OR REPLACE {_LOG}",
    "update or replace": "UPDATE OR REPLACE event SET position = 3 WHERE position = 4",
}

_UPSERTS = {
    "an event": f"INSERT {_EVENT} {_VALUES.format(position=4, id='{new}', stream=1, version=3, blob='{blob}')} "
    "ON CONFLICT (position) DO UPDATE SET payload = excluded.payload",
    "a known id": f"INSERT {_EVENT} {_VALUES.format(position=5, id='{known}', stream=1, version=3, blob='{blob}')} "
    "ON CONFLICT (event_id) DO UPDATE SET payload = excluded.payload",
    "a stream": f"INSERT {_STREAM} VALUES (4, 'c-1', NULL, 0) ON CONFLICT (name) DO UPDATE SET name = 'c-9'",
    "the log": f"INSERT {_LOG} ON CONFLICT (one) DO UPDATE SET log_id = excluded.log_id",
}


@pytest.fixture
def filled(log: SqlLog) -> SqlLog:
    log.append(C, 0, said("a", "b"))
    log.append(D, 0, said("d"))
    log.open_branch(B, C, 1, branching(C, 1))
    return log


def _refused(log: SqlLog, raw: Raw, sql: str) -> None:
    before, anchor, identity = everything(log), str(log.anchor()), log.info().log_id
    [(known,)] = raw.execute("SELECT event_id FROM event WHERE position = 1")
    quote = "x'{}'" if log.database.dialect == "sqlite" else "'\\x{}'"
    filled_in = sql.replace("{known}", quote.format(bytes(known).hex())).replace("{new}", quote.format("ab" * 16))
    with pytest.raises(raw.errors, match=r"append-only|CHECK|check constraint"):
        raw.execute(filled_in.replace("{blob}", quote.format("cd" * 32)))
    assert (everything(log), str(log.anchor()), log.info().log_id) == (before, anchor, identity)
    assert verify(log).problems == []


@pytest.mark.parametrize("change", _CHANGES)
def test_by_hand_the_database_itself_refuses_to(filled: SqlLog, raw: Raw, change: str) -> None:
    _refused(filled, raw, _CHANGES[change])


@pytest.mark.parametrize("thing", _UPSERTS)
def test_an_upsert_cannot_change(filled: SqlLog, raw: Raw, thing: str) -> None:
    _refused(filled, raw, _UPSERTS[thing])


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", _SQLITE_ONLY)
def test_or_replace_does_not_slip_past(filled: SqlLog, raw: Raw, change: str, recursive: str) -> None:
    raw.execute(f"PRAGMA recursive_triggers = {recursive}")
    _refused(filled, raw, _SQLITE_ONLY[change])


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_connection_without_pragmas_is_what_these_tests_use(raw: Raw) -> None:
    assert raw.execute("PRAGMA recursive_triggers") == [(0,)]
    assert raw.execute("PRAGMA foreign_keys") == [(0,)]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["event", "stream", "log", "event, stream, log"])
def test_truncate_is_refused(filled: SqlLog, raw: Raw, table: str) -> None:
    _refused(filled, raw, f"TRUNCATE {table} CASCADE")


def test_a_wrong_type_is_refused_by_the_tables(filled: SqlLog, raw: Raw) -> None:
    for value in ("'one'", "NULL"):
        with pytest.raises(raw.errors):
            raw.execute(f"INSERT {_STREAM} VALUES ({value}, 'c-9', NULL, 0)")


def test_a_row_that_is_next_in_every_way_is_let_in_and_found_by_verify(filled: SqlLog, raw: Raw) -> None:
    sql = f"INSERT {_EVENT} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    raw.execute(sql, (5, b"x" * 16, 1, 3, "seeker_spoke", 1, 0, "{}", bytes(32), bytes(32)))
    problems = "\n".join(verify(filled).problems)
    assert "position 5 (c-1, version 3): its columns do not give its hash" in problems
    assert "position 5 (c-1, version 3): it does not continue the chain of the log" in problems


def test_the_rows_of_projections_do_move(filled: SqlLog, raw: Raw) -> None:
    filled.advance(filled.checkpoint("words"), 1, {"a": "1"})
    raw.execute("DELETE FROM projected")
    raw.execute("DELETE FROM projection")
    assert filled.checkpoint("words").position == 0
