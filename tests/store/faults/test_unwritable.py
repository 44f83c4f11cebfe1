"""Logs that may be read but not written, that somebody holds, or that are no file at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import StreamId
from store import LogBusy, LogReadOnly, LogUnavailable, SqlLog, StoreSettings, open_log, verify
from store.sqlite import several_may_write
from tests.conftest import wait_until
from tests.store.faults.ledger import Ledger, ids_of, turn_of
from tests.store.faults.writers import append, finish, start
from tests.store.raw import by_hand

STREAM = StreamId("c-held")
NOBODY = 65534


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[StoreSettings, Ledger]]:
    """A log of two turns in a folder that everybody may look into, and its ledger."""
    folder = Path(tempfile.mkdtemp(prefix="vigil-shown-", dir="/tmp"))
    folder.chmod(0o755)
    settings, ledger = StoreSettings(log=str(folder / "vigil.db"), busy_timeout_s=1), Ledger(tmp_path / "ledger.txt")
    with open_log(settings, create=True) as log:
        for number in (1, 2):
            append(log, ledger, STREAM, number)
    Path(settings.log).chmod(0o444)
    yield settings, ledger
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _as_a_reader(folder: Path) -> None:
    """From here on this process may look into a folder and change nothing in it."""
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _read_only(settings: StoreSettings, version: int) -> None:
    _as_a_reader(Path(settings.log).parent)
    with open_log(settings) as log:
        assert log.head(STREAM).version == version
        assert len(log.read(STREAM)) == version
        assert verify(log).clean
        with pytest.raises(LogReadOnly, match=r"may not be written by this user|Check the permissions of its folder"):
            log.append(STREAM, version, turn_of(STREAM, 9))
        assert log.head(STREAM).version == version


def test_a_log_that_may_only_be_read_is_read_and_says_so_when_written(shown: tuple[StoreSettings, Ledger]) -> None:
    settings, _ = shown
    finish([start(_read_only, settings, 8)])


def test_a_log_that_may_only_be_read_is_read_up_to_its_last_turn_while_somebody_else_writes(shown: tuple[StoreSettings, Ledger]) -> None:
    settings, ledger = shown
    with open_log(settings) as log:
        append(log, ledger, STREAM, 3)
        finish([start(_read_only, settings, 12)])
        Path(settings.log).parent.chmod(0o755)
        append(log, ledger, STREAM, 4)
        ledger.hold_against(log)


def _nothing_is_made(folder: Path) -> None:
    _as_a_reader(folder)
    with pytest.raises(LogReadOnly, match=r"new\.db may not be written by this user"):
        open_log(StoreSettings(log=str(folder / "new.db")), create=True)
    assert not (folder / "new.db").exists()


def test_a_folder_that_may_not_be_written_gets_no_log(shown: tuple[StoreSettings, Ledger]) -> None:
    finish([start(_nothing_is_made, Path(shown[0].log).parent)])


def _nothing_is_read(settings: StoreSettings) -> None:
    Path(settings.log).chmod(0)
    _as_a_reader(Path(settings.log).parent)
    with pytest.raises(LogUnavailable, match=r"cannot be read: Permission denied"):
        open_log(settings)


def test_a_log_that_may_not_even_be_read_is_a_clear_error(shown: tuple[StoreSettings, Ledger]) -> None:
    finish([start(_nothing_is_read, shown[0])])


def _follow(settings: StoreSettings, at: Path) -> None:
    _as_a_reader(Path(settings.log).parent)
    with open_log(settings) as log:
        assert log.head(STREAM).version == 8
        wait_until(at.exists, 20)
        assert log.head(STREAM).version % 4 == 0
        assert verify(log).problems == []


def test_a_reader_that_opened_a_resting_log_sees_nothing_wrong_when_somebody_begins_to_write(shown: tuple[StoreSettings, Ledger]) -> None:
    settings, ledger = shown
    done = Path(settings.log).with_name("done")
    reader = start(_follow, settings, done)
    wait_until(lambda: Path(settings.log).parent.stat().st_mode & 0o777 == 0o555)
    reader.join(0.5)
    Path(settings.log).parent.chmod(0o755)
    with open_log(settings) as log:
        for number in range(3, 60):
            append(log, ledger, STREAM, number)
    done.touch()
    finish([reader])


def test_a_log_that_another_connection_writes_is_busy_for_no_longer_than_the_time_out_and_works_again_after(place: str) -> None:
    settings = StoreSettings(log=place, busy_timeout_s=0.3)
    with open_log(settings, create=True) as log, open_log(settings) as other:
        log.append(STREAM, 0, turn_of(STREAM, 1))
        with other.database.writing():
            with pytest.raises(LogBusy, match=r"held by another .* for longer than"):
                log.append(STREAM, 4, turn_of(STREAM, 2), ids_of(STREAM, 2))
            assert log.head(STREAM).version == 4
        assert log.append(STREAM, 4, turn_of(STREAM, 2), ids_of(STREAM, 2)).version == 8
        assert verify(log).clean


def test_a_file_locked_by_another_program_is_busy_and_works_again_after(tmp_path: Path) -> None:
    settings = StoreSettings(log=str(tmp_path / "vigil.db"), busy_timeout_s=0.2)
    with open_log(settings, create=True) as log, by_hand(settings.log) as raw:
        raw.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LogBusy, match=r"Wait for it to finish, or end it, and retry"):
            log.append(STREAM, 0, turn_of(STREAM, 1))
        raw.execute("ROLLBACK")
        assert log.append(STREAM, 0, turn_of(STREAM, 1)).version == 4


def test_a_file_that_another_program_keeps_for_itself_cannot_be_opened_until_it_lets_go(sqlite_log: SqlLog, tmp_path: Path) -> None:
    settings = StoreSettings(log=str(tmp_path / "vigil.db"), busy_timeout_s=0.2)
    sqlite_log.close()
    with by_hand(settings.log) as raw:
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        raw.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LogBusy, match=r"is held by another process"):
            open_log(settings)
    with open_log(settings) as log:
        assert log.append(STREAM, 0, turn_of(STREAM, 1)).version == 4


@pytest.mark.skipif(several_may_write(), reason="this SQLite needs no lock file")
def test_a_lock_file_held_by_another_process_makes_the_log_busy_and_leaves_it_readable(sqlite_log: SqlLog, tmp_path: Path) -> None:
    import fcntl

    settings = StoreSettings(log=str(tmp_path / "vigil.db"), busy_timeout_s=0.2)
    with open_log(settings) as log, (tmp_path / "vigil.db-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LogBusy, match=r"vigil\.db-lock is held by another process"):
            log.append(STREAM, 0, turn_of(STREAM, 1))
        assert log.page() == []
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert log.append(STREAM, 0, turn_of(STREAM, 1)).version == 4


@pytest.mark.parametrize("create", [False, True])
def test_a_directory_in_place_of_a_log_is_a_clear_error(tmp_path: Path, create: bool) -> None:
    with pytest.raises(LogUnavailable, match=r"is a directory, not a log. Name a file in it"):
        open_log(StoreSettings(log=str(tmp_path)), create=create)


@pytest.mark.parametrize("create", [False, True])
def test_a_file_in_place_of_a_folder_is_a_clear_error(tmp_path: Path, create: bool) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LogUnavailable, match=r"Check the path|There is no log at"):
        open_log(StoreSettings(log=str(tmp_path / "file" / "vigil.db")), create=create)
