"""Reads the catalogue as a strict editor would: `python -m agents.crises.check [SLUG …]`."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from agents.crises.schema import Kind

DATA = Path(__file__).parent / "data"
_WORN = (
    "navigat", "resilien", "journey", "tapestry", "testament", "a sense of", "coping mechanism", "stigma", "overwhelmed by life",
    "rollercoaster", "silver lining", "safe space", "foster", "toxic", "underscor", "myriad", "spiral",
)  # fmt: skip
_FORBIDDEN = re.compile(
    r"\b(hang(ed|ing)? (him|her|them|my)self|overdos\w*|slit|razor|noose|gun|hotline|helpline|\d{3,}-\d{3,})\b", re.IGNORECASE
)
_WORD = re.compile(r"\w+")


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    runs: dict[tuple[str, ...], str] = {}
    for path in paths:
        try:
            kind = Kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as error:
            yield f"{path.name}: {error}"
            continue
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                field = ".".join(str(part) for part in problem["loc"])
                yield f"{path.name}: {field}: {problem['msg']}, found {str(problem['input'])[:70]!r}"
            continue
        for where, text in texts(kind):
            here = f"{path.stem} {where}"
            yield from (f"{here}: worn phrase {phrase!r}" for phrase in _WORN if phrase in text.lower())
            if found := _FORBIDDEN.search(text):
                yield f"{here}: {found[0]!r} names a means or a number; leave it out"
            words = [word.lower() for word in _WORD.findall(text)]
            for i in range(len(words) - 6):
                run = tuple(words[i : i + 7])
                if runs.setdefault(run, here) != here:
                    yield f"{here}: shares {' '.join(run)!r} with {runs[run]}"
                    break


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


def main(slugs: list[str]) -> int:
    """Prints every problem; exit code 1 if there is any."""
    paths = [DATA / f"{slug}.toml" for slug in slugs] or sorted(DATA.glob("*.toml"))
    missing = [path.name for path in paths if not path.is_file()]
    found = [f"{name}: not there" for name in missing] or list(problems(paths))
    sys.stdout.write("".join(f"{line}\n" for line in found) + f"{len(paths)} kinds, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
