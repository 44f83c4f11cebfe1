"""A lock file that lets one process write at a time, where SQLite itself does not keep writers and checkpoints apart safely."""

from __future__ import annotations

import os
import time
from pathlib import Path

from store.errors import LogBusy, LogReadOnly

try:
    import fcntl
except ImportError:  # only POSIX has it; elsewhere the lock between processes is left to SQLite
    fcntl = None  # type: ignore[assignment]


class WriterLock:
    """Held around each write, checkpoint and close; not needed where SQLite is new enough."""

    def __init__(self, path: Path, timeout_s: float, *, needed: bool) -> None:
        self._path = Path(f"{path}-lock")
        self._timeout_s = timeout_s
        self._needed = needed and fcntl is not None
        self._file: int | None = None

    def __enter__(self) -> None:
        if not self._needed:
            return
        if self._file is None:
            self._file = self._open()
        if not self._taken(self._file):
            self._wait(self._file)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise LogReadOnly(
                f"{self._path} cannot be opened for writing: {error.strerror}. Check the permissions of its folder."
            ) from None

    def _taken(self, file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, file: int) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not self._taken(file):
            if time.monotonic() > deadline:
                raise LogBusy(f"{self._path} is held by another process for longer than {self._timeout_s:g} s. Wait for it and retry.")
            time.sleep(0.0005)
