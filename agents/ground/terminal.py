"""What commands print with: results to stdout, progress to stderr, colour only where a person looks."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """`text` without control characters: nothing a persona or a model says may drive the terminal."""
    return _UNSAFE.sub("\ufffd", text)


class Terminal:
    """Where a command's result goes; `json_wanted` turns the one object into JSON and silences the prose."""

    def __init__(
        self, *, json_wanted: bool = False, colour: bool | None = None, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.json_wanted = json_wanted
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self._colour = self.out.isatty() if colour is None else colour

    def style(self, text: str, *names: str) -> str:
        if not self._colour:
            return text
        return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"

    def say(self, text: str = "") -> None:
        """One line of prose for a person; silent when JSON is wanted."""
        if not self.json_wanted:
            print(text, file=self.out)

    def result(self, value: Mapping[str, object]) -> None:
        """The one object of `--json`; silent otherwise."""
        if self.json_wanted:
            print(json.dumps(value, ensure_ascii=False, indent=2), file=self.out)

    def facts(self, facts: Mapping[str, object]) -> None:
        """Names and values in two columns."""
        width = max((len(name) for name in facts), default=0)
        for name, value in facts.items():
            self.say(f"{self.style(name.ljust(width), 'dim')}  {value}")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table; columns of numbers stand to the right."""
        cells = [[str(cell) for cell in row] for row in rows]
        right = [bool(cells) and all(re.fullmatch(r"[-+]?[\d,.]+[%×]?", row[i]) for row in cells) for i in range(len(header))]
        widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
        for number, row in enumerate([list(header), *cells]):
            line = "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
            self.say(self.style(line, "dim") if number == 0 else line)


def _duration(seconds: float) -> str:
    """How long something takes, as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


class Progress:
    """One line on stderr with count, rate and time left; nothing at all where no person looks."""

    def __init__(self, what: str, total: int | None, err: TextIO | None = None) -> None:
        self.what, self.total = what, total
        self._err = err or sys.stderr
        self._live = self._err.isatty()
        self._started = time.monotonic()
        self._shown = 0.0

    def at(self, done: int, note: str = "") -> None:
        now = time.monotonic()
        if not self._live or now - self._shown < 0.1:
            return
        self._shown = now
        rate = done / max(now - self._started, 1e-9)
        left = f", {_duration((self.total - done) / rate)} left" if self.total and rate and done <= self.total else ""
        of = f" of {self.total:,}" if self.total else ""
        pace = f"{rate:,.0f}/s" if rate >= 3 else f"{60 * rate:,.1f}/min"
        line = f"{self.what}: {done:,}{of}, {pace}{left}{f', {note}' if note else ''}"
        print("\r" + line[: shutil.get_terminal_size().columns - 1].ljust(60), end="", file=self._err, flush=True)

    def close(self) -> None:
        if self._shown:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", file=self._err, flush=True)
