"""Reads the atlas as a strict editor would: `python -m agents.atlas.check [SLUG …]`.

It finds what no schema can: repeats, near-repeats, years out of their decade, worn phrases, names of cities that are not there.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from agents.atlas.schema import City

DATA = Path(__file__).parent / "data"
_FIELDS = ("events", "work", "housing", "family", "faith", "distress")
_WORN = (
    "vibrant", "bustling", "tapestry", "testament", "melting pot", "rich history", "tight-knit", "amidst", "myriad",
    "navigat", "resilien", "iconic", "nestled", "ever-changing", "rapidly changing", "stigma", "mental health issues",
    "a sense of", "fabric of", "hustle and bustle", "backdrop", "landscape of", "intertwin", "underscor", "foster",
)  # fmt: skip
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_WORD = re.compile(r"\w+")


def load(path: Path) -> City:
    """One city file, validated."""
    return City.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    cities: dict[str, City] = {}
    for path in paths:
        try:
            cities[path.stem] = load(path)
        except tomllib.TOMLDecodeError as error:
            yield f"{path.name}: {error}"
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                field = ".".join(str(part) for part in problem["loc"])
                yield f"{path.name}: {field}: {problem['msg']}, found {str(problem['input'])[:70]!r}"
    for slug, city in cities.items():
        yield from _out_of_time(slug, city)
        yield from _worn(slug, city)
        yield from _repeated_inside(slug, city)
    yield from _repeated(cities)


def _sentences(city: City) -> Iterator[tuple[str, str]]:
    for place in city.decades:
        for field in _FIELDS:
            yield f"{place.decade}.{field}", getattr(place, field)
    yield "tone.address", city.tone.address
    yield "tone.private", city.tone.private


def _out_of_time(slug: str, city: City) -> Iterator[str]:
    for place in city.decades:
        start = int(place.decade[:4])
        for field in _FIELDS:
            for year in _YEAR.findall(getattr(place, field)):
                if field == "events" and not start <= int(year) <= start + 9:
                    yield f"{slug}: {place.decade}.{field}: mentions {year}"
                elif int(year) > start + 9:
                    yield f"{slug}: {place.decade}.{field}: mentions {year}, which is yet to come"


def _worn(slug: str, city: City) -> Iterator[str]:
    for where, sentence in _sentences(city):
        for phrase in _WORN:
            if phrase in sentence.lower():
                yield f"{slug}: {where}: worn phrase {phrase!r}"


def _repeated_inside(slug: str, city: City) -> Iterator[str]:
    for field, key in (("tendencies", "name"), ("jobs", "title"), ("things", "name"), ("neighbourhoods", "name")):
        seen: set[str] = set()
        for item in getattr(city, field):
            name = getattr(item, key).lower()
            if name in seen:
                yield f"{slug}: {field}: {name!r} stands there twice"
            seen.add(name)


def _repeated(cities: dict[str, City]) -> Iterator[str]:
    """Whole sentences, and runs of seven words, that stand in two place-times."""
    whole: dict[str, str] = {}
    runs: dict[tuple[str, ...], str] = {}
    openings: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for slug, city in cities.items():
        for where, sentence in _sentences(city):
            here = f"{slug} {where}"
            words = [word.lower() for word in _WORD.findall(sentence)]
            text = " ".join(words)
            if text in whole:
                yield f"{here}: the same sentence as {whole[text]}"
            whole[text] = here
            for i in range(len(words) - 6):
                run = tuple(words[i : i + 7])
                if runs.setdefault(run, here) != here:
                    yield f"{here}: shares {' '.join(run)!r} with {runs[run]}"
                    break
            openings[tuple(words[:4])].append(here)
    for opening, places in openings.items():
        if len(places) > 3:
            yield f"{len(places)} sentences begin with {' '.join(opening)!r}: {', '.join(places[:4])}, …"


def main(slugs: list[str]) -> int:
    """Prints every problem; exit code 1 if there is any."""
    paths = [DATA / f"{slug}.toml" for slug in slugs] or sorted(DATA.glob("*.toml"))
    missing = [path.name for path in paths if not path.is_file()]
    found = [f"{name}: not there" for name in missing] or list(problems(paths))
    sys.stdout.write("".join(f"{line}\n" for line in found) + f"{len(paths)} cities, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
