"""Export and import: a log, or some conversations, moved between stores as JSON lines with every hash intact, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents import StreamId
from store import Head, Imported, SqlLog, StoreSettings, TransferRefused, UnknownId, export, import_lines, open_log, verify
from tests.conftest import PostgresServer
from tests.store.given import B, C, D, a_tree, branching, everything, said, some_ids, words

Changed = Callable[[list[str]], list[str]]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqlLog]:
    """A log with a tree of branches to export from."""
    with open_log(StoreSettings(log=str(tmp_path / "source.db")), create=True) as opened:
        a_tree(opened)
        yield opened


def _heads(log: SqlLog) -> list[Head]:
    return [log.head(info.id) for info in log.streams()]


def _edit(number: int, **changes: object) -> Changed:
    """Changes fields of the line with this number."""

    def change(lines: list[str]) -> list[str]:
        lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **changes})
        return lines

    return change


def _swap(one: int, other: int) -> Changed:
    def change(lines: list[str]) -> list[str]:
        lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]
        return lines

    return change


def _without(number: int) -> Changed:
    return lambda lines: lines[: number - 1] + lines[number:]


def test_a_log_goes_to_postgresql_and_back_with_the_same_heads_and_anchor(source: SqlLog, postgres: PostgresServer, tmp_path: Path) -> None:
    with (
        open_log(StoreSettings(log=postgres.url()), create=True) as there,
        open_log(StoreSettings(log=str(tmp_path / "back.db")), create=True) as back,
    ):
        assert import_lines(there, export(source)) == Imported(events=14, already_there=0, streams=5)
        assert import_lines(back, export(there)) == Imported(events=14, already_there=0, streams=5)
        for log in (there, back):
            assert _heads(log) == _heads(source)
            assert str(log.anchor()) == str(source.anchor())
            assert everything(log) == everything(source)
            assert verify(log).problems == []
        assert list(export(back))[1:] == list(export(source))[1:]


def test_an_empty_log_can_be_moved(log: SqlLog, other: SqlLog) -> None:
    lines = list(export(log))
    assert [json.loads(line)["kind"] for line in lines] == ["log", "end"]
    assert import_lines(other, lines) == Imported(0, 0, 0)


def test_an_export_is_lines_that_say_what_comes_and_that_all_came(source: SqlLog) -> None:
    lines = [json.loads(line) for line in export(source)]
    anchor = source.anchor()
    assert lines[0] == {"kind": "log", "lines": 1, "log_id": anchor.log_id, "position": 14, "chain": anchor.chain, "whole": True}
    assert lines[-1] == {"kind": "end", "events": 14, "streams": 5}
    assert [line["id"] for line in lines if line["kind"] == "stream"] == [info.id for info in source.streams()]


def test_some_conversations_come_with_the_ancestors_that_they_need(log: SqlLog, source: SqlLog) -> None:
    second = StreamId("b-second")
    assert import_lines(log, export(source, [second])).streams == 3
    assert [info.id for info in log.streams()] == ["c-1", "b-first", "b-second"]
    assert [(e.version, e.hash, e.event) for e in log.read(second)] == [(e.version, e.hash, e.event) for e in source.read(second)]
    assert log.head(C) == source.head(C)
    assert verify(log).problems == []


def test_what_was_left_out_can_be_brought_later(log: SqlLog, source: SqlLog) -> None:
    import_lines(log, export(source, [D]))
    done = import_lines(log, export(source))
    assert done == Imported(events=12, already_there=2, streams=4)
    assert sorted(_heads(log)) == sorted(_heads(source))
    assert verify(log).problems == []


def test_a_stream_that_is_not_there_cannot_be_exported(source: SqlLog) -> None:
    with pytest.raises(UnknownId, match="There is no stream c-none in this log"):
        list(export(source, [C, StreamId("c-none")]))


def test_importing_twice_adds_nothing(log: SqlLog, source: SqlLog) -> None:
    import_lines(log, export(source))
    before = everything(log)
    assert import_lines(log, export(source)) == Imported(events=0, already_there=14, streams=0)
    assert everything(log) == before


def test_an_import_goes_on_where_the_log_has_a_beginning(log: SqlLog, source: SqlLog) -> None:
    import_lines(log, list(export(source)))
    source.append(C, 5, said("six", "seven"))
    source.open_branch(StreamId("b-late"), C, 6, branching(C, 6))
    assert import_lines(log, export(source)) == Imported(events=3, already_there=14, streams=1)
    assert _heads(log) == _heads(source)
    assert str(log.anchor()) == str(source.anchor())


def test_an_import_leaves_other_streams_as_they_are(log: SqlLog, source: SqlLog) -> None:
    mine = StreamId("c-mine")
    log.append(mine, 0, said("mine"))
    head = log.head(mine)
    import_lines(log, export(source))
    assert log.head(mine) == head
    assert [log.head(info.id) for info in source.streams()] == _heads(source)
    assert [event.position for event in everything(log)] == list(range(1, 16))
    assert verify(log).problems == []


def test_a_long_stream_arrives_in_several_batches(log: SqlLog, other: SqlLog) -> None:
    for start in range(0, 1_200, 400):
        other.append(C, start, said(*(str(number) for number in range(400))))
    seen: list[int] = []
    assert import_lines(log, export(other), on_progress=seen.append).events == 1_200
    assert str(log.anchor()) == str(other.anchor())
    assert len(seen) >= 2


def test_words_in_any_script_and_line_separators_survive(log: SqlLog, other: SqlLog, tmp_path: Path) -> None:
    other.append(C, 0, said("Straße\u2028雨\u0085🙂\x1c\r\n\tend"))
    file = tmp_path / "export.jsonl"
    file.write_text("".join(line + "\n" for line in export(other)), encoding="utf-8", newline="\n")
    with file.open(encoding="utf-8", newline="\n") as lines:
        import_lines(log, lines)
    assert words(log.read(C)) == words(other.read(C))
    assert log.head(C) == other.head(C)


# Line 1 is the log, 2 the first stream, 3 to 6 its events; 7 is the second stream, 8 and 9 its events; 10 is b-first, 11 and 12 its events.
_HARM: dict[str, tuple[Changed, str]] = {
    "nothing in it": (lambda lines: [], "the file is cut off after line 0"),
    "blank lines only": (lambda lines: ["", "\n"], "the file is cut off after line 0"),
    "cut at the end": (lambda lines: lines[:-1], "the file is cut off after line 20: the line that ends an export is missing"),
    "cut within a line": (lambda lines: [*lines[:7], lines[7][:40]], "the file, line 8: not a line of an export"),
    "garbage": (lambda lines: ["\x7fELF\x02"], "the file, line 1: not a line of an export"),
    "JSON of something else": (lambda lines: ["[1, 2]"], "the file, line 1: not a line of an export"),
    "deep JSON": (lambda lines: ["[" * 200_000], "the file, line 1: not a line of an export"),
    "an unknown kind": (_edit(3, kind="sequel"), "the file, line 3: unknown kind 'sequel'"),
    "no first line": (_without(1), "the file, line 1: the first line is not that of an export of a log"),
    "a newer line format": (_edit(1, lines=2), "the file, line 1: it has line format 2; this Vigil reads up to 1. Update Vigil"),
    "a changed payload": (_edit(4, payload='{"turn":1}'), "the file, line 4: "),
    "a changed word": (
        lambda lines: [line.replace("two", "too") for line in lines],
        "the file, line 4: version 2 of c-1 does not give its hash: the export was changed",
    ),
    "a changed hash": (_edit(3, hash="00" * 32), "the file, line 3: version 1 of c-1 does not give its hash"),
    "a changed id": (_edit(3, event_id="ab" * 16), "the file, line 3: version 1 of c-1 does not give its hash"),
    "a changed time": (_edit(3, recorded_at=1), "the file, line 3: version 1 of c-1 does not give its hash"),
    "a huge time": (_edit(3, recorded_at=2**70), "the file, line 3: "),
    "a time that is text": (_edit(3, recorded_at="1"), "the file, line 3: not a line of an export"),
    "a changed type": (_edit(3, type="seeker_sang"), "the file, line 3: 'seeker_sang' is not an event"),
    "a newer event": (_edit(3, schema_version=9), "the file, line 3: seeker_spoke has version 9"),
    "version 0": (_edit(3, version=0), "the file, line 3: version 0 of c-1 comes where 1 is due"),
    "a skipped version": (_edit(4, version=3), "the file, line 4: version 3 of c-1 comes where 2 is due"),
    "another stream": (_edit(4, stream="c-2"), "the file, line 4: an event of c-2 comes before the line of its stream"),
    "a stream that is a number": (_edit(3, stream=7), "the file, line 3: not a line of an export"),
    "a short id": (_edit(3, event_id="ab"), "the file, line 3: not a line of an export"),
    "a field too many": (_edit(3, mood="grey"), "the file, line 3: not a line of an export"),
    "a field too few": (lambda lines: [*lines[:2], '{"kind":"event"}'], "the file, line 3: not a line of an export"),
    "a lost event": (_without(4), "the file, line 4: version 3 of c-1 comes where 2 is due"),
    "a lost last event": (_without(20), "the file promised 14 events and holds 13"),
    "a lost stream": (_without(7), "the file, line 7: an event of c-2 comes before the line of its stream"),
    "a stream whose events are lost": (
        lambda lines: [*lines[:7], *lines[9:-1], '{"kind":"end","events":12,"streams":5}'],
        "the file has no events of c-2",
    ),
    "swapped events": (_swap(4, 5), "the file, line 4: version 3 of c-1 comes where 2 is due"),
    "swapped streams": (lambda lines: [lines[0], *lines[6:9], *lines[1:6], *lines[9:]], "the file does not give the anchor"),
    "an event twice": (lambda lines: [*lines[:6], *lines[5:]], "the file, line 7: "),
    "a changed name": (_edit(2, id="c-9"), "the file, line 3: an event of c-1 comes before the line of its stream"),
    "an impossible name": (_edit(2, id="C 9"), "the file, line 2: 'C 9' cannot name a stream"),
    "a name that is a number": (_edit(2, id=9), "the file, line 2: not a line of an export"),
    "a fork without a parent": (_edit(2, fork_version=3), "the file, line 2: c-1 has no parent"),
    "a moved fork": (_edit(10, fork_version=2), "the file, line 11: version 4 of b-first comes where 3 is due"),
    "a fork beyond the parent": (_edit(10, fork_version=5), "the file, line 10: c-1 has versions 1 to 4; it cannot be branched at 5"),
    "another parent": (_edit(10, parent="c-2"), "the file, line 10: c-2 has versions 1 to 2"),
    "no such parent": (_edit(10, parent="c-9"), "the file, line 10: There is no stream c-9"),
    "a wrong count": (_edit(21, events=13), "the file promised 13 events and holds 14"),
    "more after the end": (lambda lines: [*lines, lines[2]], "the file, line 22: there is more after the line that ends the export"),
}


@pytest.mark.parametrize("harm", _HARM)
def test_a_file_that_is_not_as_it_was_exported_is_refused_and_nothing_written(log: SqlLog, source: SqlLog, harm: str) -> None:
    change, message = _HARM[harm]
    if harm != "swapped streams":  # only in an empty log can positions be the same as in the export
        log.append(B, 0, said("was here"))
    before, streams = everything(log), log.streams()
    with pytest.raises(TransferRefused) as refused:
        import_lines(log, change(list(export(source))), "the file")
    assert str(refused.value).startswith(message)
    assert (everything(log), log.streams()) == (before, streams)


def test_an_unharmed_file_with_blank_lines_is_taken(log: SqlLog, source: SqlLog) -> None:
    assert import_lines(log, [line for pair in export(source) for line in (pair + "\n", "\n")]).events == 14


@pytest.mark.parametrize(
    "harm", [_edit(4, payload='{"turn":1}'), _edit(4, recorded_at=1), _edit(4, hash="00" * 32), _edit(4, event_id="ab" * 16)]
)
def test_a_changed_line_is_refused_though_the_log_has_that_version(log: SqlLog, source: SqlLog, harm: Changed) -> None:
    import_lines(log, export(source))
    with pytest.raises(TransferRefused, match="the file, line 4: version 2 of c-1 is in this log with other content"):
        import_lines(log, harm(list(export(source))), "the file")


def test_a_stream_with_another_past_is_refused(log: SqlLog, source: SqlLog) -> None:
    log.append(D, 0, said("something else"))
    before = everything(log)
    with pytest.raises(TransferRefused, match="the file, line 8: version 1 of c-2 is in this log with other content"):
        import_lines(log, export(source), "the file")
    assert everything(log) == before


def test_a_branch_from_another_place_is_refused(log: SqlLog, source: SqlLog) -> None:
    log.append(D, 0, said("a"))
    log.open_branch(StreamId("b-first"), D, 1, said("b"))
    with pytest.raises(TransferRefused, match="b-first branches from c-2 at 1 in this log, and from c-1 at 3 in the export"):
        import_lines(log, export(source, [StreamId("b-first")]), "the file")


def test_an_event_id_that_stands_elsewhere_is_refused(log: SqlLog, other: SqlLog) -> None:
    ids = some_ids(1)
    other.append(C, 0, said("a"), ids)
    log.append(D, 0, said("a"), ids)
    with pytest.raises(TransferRefused, match="already in the log as version 1 of c-2"):
        import_lines(log, export(other), "the file")
    assert [info.id for info in log.streams()] == [D]
