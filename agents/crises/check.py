"""Reads the catalogue as a strict editor would: `python -m agents.crises.check [SLUG …]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agents.crises.schema import Kind
from agents.ground.data_files import DataFileError, read_data_file, run_check, shared_runs

DATA = Path(__file__).parent / "data"
WORN = (
    "navigat", "resilien", "journey", "tapestry", "testament", "a sense of", "coping mechanism", "stigma", "overwhelmed by life",
    "rollercoaster", "silver lining", "safe space", "foster", "toxic", "underscor", "myriad", "spiral",
)  # fmt: skip
FORBIDDEN = re.compile(
    r"\b(hang(ed|ing)? (him|her|them|my)self|overdos\w*|slit|razor|noose|gun|hotline|helpline|\d{3,}-\d{3,})\b", re.IGNORECASE
)


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    prose: list[tuple[str, str]] = []
    for path in paths:
        try:
            kind = read_data_file(path, Kind)
        except DataFileError as error:
            yield str(error)
            continue
        for where, text in texts(kind):
            here = f"{path.stem} {where}"
            prose.append((here, text))
            yield from (f"{here}: worn phrase {phrase!r}" for phrase in WORN if phrase in text.lower())
            if found := FORBIDDEN.search(text):
                yield f"{here}: {found[0]!r} names a means or a number; leave it out"
    yield from shared_runs(prose)


def texts(kind: Kind) -> Iterator[tuple[str, str]]:
    """Every piece of prose with its place; the two voices of a sign count as one."""
    yield "about", kind.about
    for field in ("triggers", "fears", "hopes", "helps", "hurts"):
        for number, text in enumerate(getattr(kind, field), 1):
            yield f"{field}.{number}", text
    for number, sign in enumerate(kind.signs, 1):
        yield f"signs.{number}", sign.third
    for number, stage in enumerate(kind.life_stages, 1):
        yield f"life_stages.{number}", stage.note
    for number, signal in enumerate(kind.risk_signals, 1):
        yield f"risk_signals.{number}.words", signal.words
        yield f"risk_signals.{number}.ask", signal.ask
    for name, grade in kind.severity.items():
        yield f"severity.{name}", grade.looks
    for number, situation in enumerate(kind.situations, 1):
        yield f"situations.{number}", situation.text


if __name__ == "__main__":
    sys.exit(run_check(DATA, sys.argv[1:], problems))
