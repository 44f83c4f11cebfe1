"""Opening: what is not a log, or not one for this code, or cannot be reached, is refused with one clear sentence or two."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from store import (
    BadLogUrl,
    DamagedLog,
    LogBusy,
    LogNotFound,
    LogUnavailable,
    NewerLog,
    NotAVigilLog,
    SqlLog,
    StoreSettings,
    open_log,
    verify,
)
from store.sqlite import several_may_write
from tests.store.given import C, everything, refused_opening, said
from tests.store.raw import by_hand
from tests.stories import conversation


def _filled(path: Path, turns: int = 1) -> None:
    with open_log(StoreSettings(log=str(path)), create=True) as log:
        log.append(C, 0, conversation(turns))


def test_a_log_that_was_closed_opens_again_as_it_was(place: str) -> None:
    with open_log(StoreSettings(log=place), create=True) as log:
        log.append(C, 0, said("a"))
        before, anchor = everything(log), str(log.anchor())
    for create in (False, True):
        with open_log(StoreSettings(log=place), create=create) as again:
            assert (everything(again), str(again.anchor())) == (before, anchor)


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_file_may_be_named_by_path_or_url(tmp_path: Path, form: str) -> None:
    place = form.format(tmp_path / "new folder" / "ü ?#%41.db")
    with open_log(StoreSettings(log=place), create=True) as log:
        log.append(C, 0, said("a"))
    assert (tmp_path / "new folder" / "ü ?#%41.db").is_file()
    with open_log(StoreSettings(log=place)) as log:
        assert log.head(C).version == 1


def test_making_a_log_leaves_nothing_else_behind(tmp_path: Path) -> None:
    _filled(tmp_path / "vigil.db")
    assert {path.name for path in tmp_path.iterdir()} <= {"vigil.db", "vigil.db-lock"}


def test_where_nothing_is_nothing_is_made_unless_asked(tmp_path: Path) -> None:
    refused_opening(str(tmp_path / "none.db"), LogNotFound, r"There is no log at .*none\.db\. `python sim\.py run` starts one")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_not_a_log(tmp_path: Path) -> None:
    for create in (False, True):
        refused_opening(str(tmp_path), LogUnavailable, r"is a directory, not a log\. Name a file in it", create=create)


def _filled_and_cut(length: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _filled(path, 100)
        os.truncate(path, length)

    return make


def _cut(path: Path) -> None:
    _filled(path, 100)
    os.truncate(path, path.stat().st_size // 2)


def _overwritten(start: int, length: int, byte: bytes = b"\xff") -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _filled(path)
        with path.open("r+b") as file:
            file.seek(start)
            file.write(byte * length)

    return make


def _sqlite(*statements: str, filled: bool = True) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        if filled:
            _filled(path)
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return make


_WRONG: dict[str, tuple[Callable[[Path], object], type[Exception] | tuple[type[Exception], ...], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), DamagedLog, "is empty: a log never is. Restore it from a backup"),
    "a text": (
        lambda path: path.write_text("Dear diary, " * 100),
        NotAVigilLog,
        "not a Vigil log: (it is no SQLite file|file is not a database). Name another file",
    ),
    "a short text": (lambda path: path.write_text("hi"), NotAVigilLog, "not a Vigil log"),
    "another SQLite database": (
        _sqlite("CREATE TABLE event (position, payload)", filled=False),
        NotAVigilLog,
        "is a SQLite database of something else",
    ),
    "a newer log": (_sqlite("PRAGMA user_version = 2"), NewerLog, r"has format 2; this Vigil reads up to 1\. Update Vigil"),
    "a header alone": (_filled_and_cut(60), DamagedLog, "is cut off after 60 bytes. Restore it"),
    "half a log": (_cut, DamagedLog, r"is damaged: .*restore it from a backup"),
    "a first page alone": (_filled_and_cut(8192), DamagedLog, "is damaged"),
    "a header of garbage": (_overwritten(16, 84), (NotAVigilLog, DamagedLog), "not a Vigil log|is damaged"),
    "a first page of garbage": (_overwritten(100, 8092), DamagedLog, "is damaged"),
    "a first page of nothing": (_overwritten(100, 8092, b"\0"), DamagedLog, "is damaged"),
    "a log without its tables": (_sqlite("DROP VIEW timeline", "DROP TABLE event"), DamagedLog, "is damaged: no such table"),
}


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("thing", _WRONG)
def test_what_is_no_healthy_log_is_refused_and_left_as_it_is(tmp_path: Path, thing: str, create: bool) -> None:
    make, kind, words = _WRONG[thing]
    path = tmp_path / "vigil.db"
    make(path)
    before = path.read_bytes()
    message = refused_opening(str(path), kind, words, create=create)
    assert str(path) in message
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "place is empty"),
        ("  ", "place is empty"),
        ("sqlite:///", "place is empty"),
        ("a\0b", "Use a path, sqlite:///PATH or postgresql://"),
        ("mysql://root@localhost/x", "mysql:// is no place for a log"),
        ("http://localhost/vigil.db", "http:// is no place for a log"),
        ("postgresql://localhost:port/x", "postgresql"),
        ("postgresql://[::1/x", "is not a URL"),
        ("postgresql://127.0.0.1/x?schema=", "cannot name a schema"),
        ("postgresql://127.0.0.1/x?schema=a;drop", "cannot name a schema"),
        ("postgresql://127.0.0.1/x?schema=A", "cannot name a schema"),
        ("postgresql://127.0.0.1/x?colour=blue", "is not a PostgreSQL URL"),
        ("~nosuchuser/vigil.db", "nosuchuser"),
    ],
)
def test_a_place_that_cannot_be_understood_isrefused_opening(place: str, words: str, create: bool) -> None:
    refused_opening(place, (BadLogUrl, LogUnavailable), words, create=create)


@pytest.mark.parametrize("create", [False, True])
def test_a_path_that_no_file_can_have_isrefused_opening(tmp_path: Path, create: bool) -> None:
    refused_opening(str(tmp_path / ("x" * 300)), LogUnavailable, "too long|unable to open", create=create)
    (tmp_path / "file").write_text("x")
    refused_opening(str(tmp_path / "file" / "vigil.db"), LogUnavailable, r"Not a directory|File exists|no log", create=create)


@pytest.fixture
def anybodys_folder() -> Iterator[Path]:
    """A folder that every user of this machine may look into."""
    folder = Path(tempfile.mkdtemp(prefix="vigil-open-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _as_nobody(do: Callable[[], str]) -> str:
    """What `do` says when a user without rights does it: the class and message of its error, if it raises one."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(pwd.getpwnam("nobody").pw_gid)
                os.setuid(pwd.getpwnam("nobody").pw_uid)
            said_ = do()
        except BaseException as error:
            said_ = f"{type(error).__name__}: {error}"
        os.write(writes, said_.encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    return found


def _open(settings: StoreSettings, create: bool) -> str:
    return str(open_log(settings, create=create))


def _append_to(path: Path) -> str:
    with open_log(StoreSettings(log=str(path))) as log:
        assert len(everything(log)) == 5
        assert verify(log).clean
        return f"appended {log.append(C, 5, said('more')).version}"


@pytest.mark.parametrize("open_elsewhere", [False, True])
def test_a_user_who_may_not_write_reads_and_is_told_so_when_writing(anybodys_folder: Path, open_elsewhere: bool) -> None:
    path = anybodys_folder / "vigil.db"
    _filled(path)
    path.chmod(0o444)
    anybodys_folder.chmod(0o555)
    holder = open_log(StoreSettings(log=str(path))) if open_elsewhere and os.geteuid() == 0 else None
    found = _as_nobody(lambda: _append_to(path))
    if holder:
        holder.close()
    assert found.startswith("LogReadOnly: ")
    assert str(path) in found
    assert "ermission" in found


def test_a_user_who_may_not_even_read_is_told_so(anybodys_folder: Path) -> None:
    path = anybodys_folder / "vigil.db"
    _filled(path)
    path.chmod(0)
    assert _as_nobody(lambda: _append_to(path)) == (
        f"LogUnavailable: {path} cannot be read: Permission denied. Check the path and its permissions."
    )
    path.chmod(0o644)
    anybodys_folder.chmod(0)
    for create in (False, True):
        settings = StoreSettings(log=str(path))
        found = _as_nobody(partial(_open, settings, create))
        assert found.startswith(("LogUnavailable: ", "LogReadOnly: "))
        assert str(path) in found


def test_a_log_cannot_be_made_where_one_may_not_write(anybodys_folder: Path) -> None:
    anybodys_folder.chmod(0o555)
    found = _as_nobody(partial(_open, StoreSettings(log=str(anybodys_folder / "new.db")), True))
    assert found.startswith(("LogUnavailable: ", "LogReadOnly: "))
    assert "new.db" in found


def test_a_log_that_another_connection_writes_is_busy_after_the_time_out(place: str) -> None:
    with (
        open_log(StoreSettings(log=place), create=True) as holder,
        open_log(StoreSettings(log=place, busy_timeout_s=0.2)) as waiting,
        holder.database.writing(),
    ):
        with pytest.raises(LogBusy, match=r"is held by another (process|writer) for longer than .*retry"):
            waiting.append(C, 0, said("a"))
        assert everything(waiting) == []
    with open_log(StoreSettings(log=place)) as later:
        assert later.append(C, 0, said("a")).version == 1


def test_a_file_that_another_program_locks_is_busy_after_the_time_out(tmp_path: Path) -> None:
    path = tmp_path / "vigil.db"
    _filled(path)
    with by_hand(str(path)) as raw:
        raw.execute("PRAGMA locking_mode = EXCLUSIVE")
        raw.execute("BEGIN EXCLUSIVE")
        refused_opening(str(path), LogBusy, "is held by another process for longer than the time-out")
    with open_log(StoreSettings(log=str(path))) as log:
        assert log.head(C).version == 5


def _use_in_child(log: SqlLog, answers: object) -> None:
    try:
        log.head(C)
    except RuntimeError as error:
        answers.put(str(error))  # type: ignore[attr-defined]


def test_a_log_that_was_carried_through_fork_says_so(log: SqlLog) -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=_use_in_child, args=(log, answers))
    child.start()
    child.join(20)
    assert answers.get() == "a log was carried through fork(); open it again in the new process"
    assert log.append(C, 0, said("still here")).version == 1


def test_the_sqlite_versions_in_which_several_may_write_are_known() -> None:
    assert [several_may_write(v) for v in ((3, 40, 1), (3, 44, 5), (3, 44, 6), (3, 50, 6), (3, 50, 7), (3, 51, 2))] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    assert several_may_write((3, 51, 3))
    assert several_may_write((4, 0, 0))
