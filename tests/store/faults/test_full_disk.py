"""A disk without room: the error says so, nothing half-written is left, and the same log goes on once there is room."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents import StreamId
from store import LogUnavailable, SqlLog, StoreSettings, open_log
from tests.store.faults.ledger import EVENTS_OF_A_TURN, Ledger, ids_of, turn_of
from tests.store.faults.writers import append, append_from, finish, start

STREAM = StreamId("c-full")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.txt")


def fill(log: SqlLog, ledger: Ledger, says: str) -> None:
    """Appends until there is no room, which must be a clear error that leaves the log whole."""
    with pytest.raises(LogUnavailable, match=says):
        append_from(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
    assert ledger.told()
    ledger.hold_against(log)


def go_on_with_room(log: SqlLog, ledger: Ledger) -> None:
    """The turn that failed, again with its ids, and many more, on the same log."""
    for number in range(ledger.last_number(STREAM) + 1, ledger.last_number(STREAM) + 40):
        append(log, ledger, STREAM, number)
    ledger.hold_against(log, anchors=[log.anchor()])


def _grow(folder: Path) -> None:
    assert not _mount("-o", "remount,size=16m", str(folder))


def _clear(folder: Path) -> None:
    (folder / "filler").unlink()


@pytest.mark.parametrize("make_room", [_grow, _clear])
def test_a_full_disk_is_a_clear_error_and_the_same_log_goes_on_with_room(
    small_disk: Path, ledger: Ledger, make_room: Callable[[Path], None]
) -> None:
    if make_room is _clear:
        assert not _mount("-o", "remount,size=16m", str(small_disk))
    settings = StoreSettings(log=str(small_disk / "vigil.db"))
    with open_log(settings, create=True) as log:
        if make_room is _clear:
            _fill_up(small_disk / "filler")
        fill(log, ledger, "full")
        fill_again = ledger.last_number(STREAM)
        with pytest.raises(LogUnavailable, match="full"):
            log.append(STREAM, EVENTS_OF_A_TURN * fill_again, turn_of("x", 7), ids_of("x", 7))
        make_room(small_disk)
        go_on_with_room(log, ledger)
    with open_log(settings) as again:
        ledger.hold_against(again)


def _fill_up(filler: Path, leave: int = 400_000) -> None:
    free = os.statvfs(filler.parent)
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - leave))


def test_a_log_on_a_full_disk_can_be_closed_and_opened_and_has_lost_nothing(small_disk: Path, ledger: Ledger) -> None:
    settings = StoreSettings(log=str(small_disk / "vigil.db"))
    with open_log(settings, create=True) as log:
        fill(log, ledger, "full")
    with open_log(settings) as log:
        ledger.hold_against(log)
        _grow(small_disk)
        go_on_with_room(log, ledger)


def test_a_log_that_finds_no_room_to_be_made_leaves_nothing_and_is_made_later(small_disk: Path) -> None:
    _fill_up(small_disk / "filler", leave=20_000)
    settings = StoreSettings(log=str(small_disk / "vigil.db"))
    with pytest.raises(LogUnavailable, match=r"full|check the disk"):
        open_log(settings, create=True)
    assert [file.name for file in small_disk.iterdir()] == ["filler"]
    _clear(small_disk)
    with open_log(settings, create=True) as log:
        assert log.append(STREAM, 0, turn_of(STREAM, 1)).version == EVENTS_OF_A_TURN


def test_a_database_that_may_have_no_more_pages_is_a_clear_error_and_goes_on_when_it_may(sqlite_log: SqlLog, ledger: Ledger) -> None:
    _allow_pages(sqlite_log, 40)
    fill(sqlite_log, ledger, "The disk that holds .* is full. Nothing of this write was kept")
    _allow_pages(sqlite_log, 10_000)
    go_on_with_room(sqlite_log, ledger)


def _allow_pages(log: SqlLog, pages: int) -> None:
    with log.database.reading() as session:
        session.execute(f"PRAGMA max_page_count = {pages}")


def _write_within_a_limit(settings: StoreSettings, path: Path) -> None:
    """Python ignores the signal that comes with the limit, so a write beyond it fails as on a full disk."""
    ledger = Ledger(path)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_log(settings, create=True) as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, most))
        fill(log, ledger, "Nothing of this write was kept")
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        go_on_with_room(log, ledger)


def test_a_limit_on_the_size_of_files_is_a_clear_error_and_the_same_log_goes_on_without_it(tmp_path: Path, ledger: Ledger) -> None:
    settings = StoreSettings(log=str(tmp_path / "vigil.db"))
    finish([start(_write_within_a_limit, settings, ledger.path)])
    with open_log(settings) as log:
        ledger.hold_against(log)
