"""People in files, so that a batch of a few needs no plan; and what runs under a command that was started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL

from agents.personas.files import as_json, write_json
from tests.agents.given import guest
from tests.conftest import ROOT, wait_until


def some_people(folder: Path, count: int) -> str:
    """Writes persona files, and says where."""
    people = folder / "people"
    people.mkdir()
    for number in range(count):
        one = guest(number)
        write_json(people / f"{number}.json", as_json(one.persona, one.crisis))
    return str(people)


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command of `sim.py` that goes on while the block lasts, in a session of its own; nothing of it is left afterwards."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "sim.py"), *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            for pid in alive(process):
                with suppress(ProcessLookupError):
                    os.kill(pid, SIGKILL)


def alive(process: subprocess.Popen[str]) -> list[int]:
    """The processes of a command, those that it started included."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, session, *_ = status.read_text().rpartition(")")[2].split()
            if int(session) == process.pid and state != "Z":
                found.append(int(status.parent.name))
    return found


def nothing_left_of(process: subprocess.Popen[str], seconds: float = 10) -> None:
    """Waits until no process of a command is there any more."""
    wait_until(lambda: not alive(process), seconds)
