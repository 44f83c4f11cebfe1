"""Data files that people edit: TOML read into a model, every problem named with file, field and what was found."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from agents.ground.errors import VigilError

M = TypeVar("M", bound=BaseModel)


class DataFileError(VigilError):
    """A data file of Vigil's own is not usable."""


def read_data_file(path: Path, model: type[M]) -> M:
    """What a file says, validated."""
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise DataFileError(f"{path.name} is missing from {path.parent.parent.name}. Restore it, or take it out of the index.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path.name} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise DataFileError("\n".join(f"{path.name}: {problem}" for problem in problems_of_model(error))) from None


def problems_of_model(error: ValidationError) -> list[str]:
    """Each problem with its field and what was found there."""
    return [
        f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}, found {str(problem['input'])[:70]!r}"
        for problem in error.errors(include_url=False)
    ]


def shared_runs(texts: list[tuple[str, str]], length: int = 7) -> list[str]:
    """Texts, given with their places, that share a run of so many words: each with the first place where the run stood."""
    first: dict[tuple[str, ...], str] = {}
    found = []
    for place, text in texts:
        words = [word.casefold() for word in "".join(c if c.isalnum() or c in "_'" else " " for c in text).split()]
        for start in range(len(words) - length + 1):
            run = tuple(words[start : start + length])
            if first.setdefault(run, place) != place:
                found.append(f"{place}: shares {' '.join(run)!r} with {first[run]}")
                break
    return found


def run_check(folder: Path, slugs: list[str], problems: Callable[[list[Path]], Iterable[str]]) -> int:
    """An editor's command: prints every problem of the named files, or of all; exit code 1 if there is any."""
    paths = [folder / f"{slug}.toml" for slug in slugs] or sorted(folder.glob("*.toml"))
    found = list(problems(paths))
    sys.stdout.write("".join(f"{line}\n" for line in found) + f"{len(paths)} files, {len(found)} problems\n")
    return 1 if found else 0
