"""Reads the Supporter's phrase book as a strict editor would: `python -m agents.builtin.check [FILE …]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agents.builtin.phrases import CONTENT, FOLDER, Phrases, alternatives, slots_of
from agents.ground.data_files import DataFileError, read_data_file, run_check, shared_runs

FREE = frozenset({"safety", "hold", "stay", "leaving", "asked_me", "refused", "calmer", "worse", "objected"})
"""Moves that may be worded without the Seeker's own words, in one phrase of three."""
_LIMITS = {"cool": 14, "even": 19, "warm": 24, "cold": 18}
"""The most words of a phrase without what fills its slots."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_BAD = re.compile(
    r"\b(you should|you must|you need to|you have to|try to|why don't you|have you tried|journey|process|resilien\w+|valid\b|safe space|"
    r"coping|boundar\w+|hotline|helpline|therap\w+|professional|I understand how you feel|I know how you feel|at least)\b",
    re.IGNORECASE,
)


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    prose: list[tuple[str, str]] = []
    for path in paths:
        try:
            book = read_data_file(path, Phrases)
        except DataFileError as error:
            yield str(error)
            continue
        for name, move in book.moves.items():
            for stance, lines in move:
                here = f"{path.stem} {name}.{stance}"
                yield from _of_lines(here, name, stance, lines)
                prose += [(f"{here}.{number}", _bare(line)) for number, line in enumerate(lines, 1)]
    yield from shared_runs(prose, length=5)


def _bare(line: str) -> str:
    """A phrase with its alternatives in a row and its slots as marks, so that they count as words that differ from all others."""
    for bracket, options in alternatives(line):
        line = line.replace(bracket, options[0])
    return line


def _of_lines(here: str, name: str, stance: str, lines: tuple[str, ...]) -> Iterator[str]:
    bare = 0
    for number, line in enumerate(lines, 1):
        words = len(re.sub(r"\{\w+\}", "", _bare(line)).split())
        if words > _LIMITS[stance]:
            yield f"{here}.{number}: {words} words besides its slots, at most {_LIMITS[stance]}"
        if stance != "cold" and (found := _BAD.search(line)):
            yield f"{here}.{number}: {found[0]!r} is not how this Supporter speaks"
        unanchored = [s for s in _SENTENCE.split(_bare(line)) if len(s.split()) > 3 and not CONTENT & set(slots_of(s))]
        if unanchored and name not in FREE and stance != "cold":
            yield f"{here}.{number}: {unanchored[0]!r} holds none of the Seeker's words and has more than three of its own"
        bare += bool(unanchored)
    if name in FREE and lines and bare > len(lines) / 2:
        yield f"{here}: {bare} of {len(lines)} phrases hold a sentence without the Seeker's words, at most half may"


if __name__ == "__main__":
    sys.exit(run_check(FOLDER, sys.argv[1:], problems))
