"""Backups: copies made while others write, proven before they get their name, never over something that is there."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest

from agents import StreamId
from store import DamagedLog, LogUnavailable, SqlLog, StoreError, StoreSettings, backup, open_log, verify
from tests.conftest import wait_until
from tests.store.given import C, a_tree, everything, said
from tests.store.raw import Raw, by_hand


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_opens_as_a_log_with_the_same_anchor(log: SqlLog, tmp_path: Path) -> None:
    a_tree(log)
    target = tmp_path / "kept" / "copy.db"
    anchor = backup(log, target)
    assert (anchor.log_id, str(anchor)) == (log.anchor().log_id, str(log.anchor()))
    assert _names(target.parent) == ["copy.db"]
    with open_log(StoreSettings(log=str(target))) as copy:
        assert copy.info().log_id == log.info().log_id
        assert everything(copy) == everything(log)
        assert [copy.head(info.id) for info in copy.streams()] == [log.head(info.id) for info in log.streams()]
        assert verify(copy, [log.anchor()]).problems == []


def test_a_backup_goes_on_as_a_log_of_its_own(log: SqlLog, tmp_path: Path) -> None:
    a_tree(log)
    backup(log, tmp_path / "copy.db")
    with open_log(StoreSettings(log=str(tmp_path / "copy.db"))) as copy:
        copy.append(C, 5, said("on the copy"))
        assert verify(copy).clean
        with by_hand(str(tmp_path / "copy.db")) as raw, pytest.raises(raw.errors, match="append-only"):
            raw.execute("DELETE FROM event")
    assert log.head(C).version == 5


def test_an_empty_log_can_be_backed_up(log: SqlLog, tmp_path: Path) -> None:
    assert backup(log, tmp_path / "copy.db").position == 0
    with open_log(StoreSettings(log=str(tmp_path / "copy.db"))) as copy:
        assert everything(copy) == []


def test_a_backup_never_overwrites(log: SqlLog, tmp_path: Path) -> None:
    target = tmp_path / "precious.txt"
    target.write_text("mine")
    with pytest.raises(LogUnavailable, match=r"precious\.txt exists already, and a backup never overwrites\. Name a new file"):
        backup(log, target)
    assert target.read_text() == "mine"


def test_a_log_is_not_backed_up_onto_itself(sqlite_log: SqlLog, tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="never overwrites"):
        backup(sqlite_log, tmp_path / "vigil.db")


@pytest.mark.parametrize("name", ["file.txt/copy.db", "x" * 300, "y" * 250])
def test_a_backup_that_cannot_be_written_is_a_clear_error_and_leaves_nothing(log: SqlLog, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file.txt").write_text("mine")
    log.append(C, 0, said("a"))
    with pytest.raises(StoreError, match=r"cannot be (written|made|read or written)"):
        backup(log, folder / name)
    assert _names(folder) == ["file.txt"]


def test_a_damaged_log_is_not_backed_up_and_nothing_is_left(log: SqlLog, raw: Raw, tmp_path: Path) -> None:
    a_tree(log)
    raw.unguarded("UPDATE event SET recorded_at = 7 WHERE position = 2")
    folder = tmp_path / "folder"
    with pytest.raises(StoreError) as refused:
        backup(log, folder / "copy.db")
    assert "version 2 of c-1" in str(refused.value) or "position 2 (c-1, version 2)" in str(refused.value)
    assert _names(folder) == []


def test_what_a_damaged_sqlite_log_is_refused_with_says_what_to_do(sqlite_log: SqlLog, tmp_path: Path) -> None:
    sqlite_log.append(C, 0, said("a", "b"))
    with by_hand(str(tmp_path / "vigil.db")) as raw:
        raw.unguarded("DELETE FROM event WHERE position = 1")
    with pytest.raises(DamagedLog, match=r"does not verify, so it was not kept: .*Run `python sim\.py log verify`"):
        backup(sqlite_log, tmp_path / "copy.db")


def test_a_backup_made_while_another_connection_appends_is_whole(log: SqlLog, place: str, tmp_path: Path) -> None:
    log.append(C, 0, said("a"))
    stop = threading.Event()
    written: list[int] = []

    def go_on() -> None:
        with open_log(StoreSettings(log=place, busy_timeout_s=10)) as mine:
            while not stop.is_set():
                written.append(mine.append(C, 1 + 2 * len(written), said("one", "other")).version)

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        anchors = []
        for number in range(3):
            wait_until(lambda enough=4 * number + 4: len(written) >= enough)
            anchors.append(backup(log, tmp_path / f"copy-{number}.db"))
    finally:
        stop.set()
        writer.join(20)
    assert verify(log, anchors).problems == []
    assert [anchor.position % 2 for anchor in anchors] == [1, 1, 1]
    assert 1 < anchors[0].position < anchors[1].position < anchors[2].position <= log.anchor().position


def _append_from_another_process(place: str, ready: object, stop: object) -> None:
    with open_log(StoreSettings(log=place, busy_timeout_s=10)) as mine:
        count = 0
        while not stop.is_set():  # type: ignore[attr-defined]
            mine.append(StreamId("c-far"), 2 * count, said("one", "other"))
            count += 1
            ready.set()  # type: ignore[attr-defined]


def test_a_backup_made_while_another_process_appends_is_whole(log: SqlLog, place: str, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, stop = spawn.Event(), spawn.Event()
    writer = spawn.Process(target=_append_from_another_process, args=(place, ready, stop))
    writer.start()
    try:
        assert ready.wait(30)
        anchor = backup(log, tmp_path / "copy.db")
    finally:
        stop.set()
        writer.join(20)
    assert writer.exitcode == 0
    assert anchor.position >= 2
    assert anchor.position % 2 == 0
    assert verify(log, [anchor]).problems == []
