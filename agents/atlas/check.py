"""Reads the atlas as a strict editor would: `python -m agents.atlas.check [SLUG …]`.

It finds what no schema can: repeats, near-repeats, years out of their decade, worn phrases, names of cities that are not there.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from agents.atlas.schema import City
from agents.ground.data_files import DataFileError, read_data_file, run_check, shared_runs

DATA = Path(__file__).parent / "data"
_FIELDS = ("events", "work", "housing", "family", "faith", "distress")
_WORN = (
    "vibrant", "bustling", "tapestry", "testament", "melting pot", "rich history", "tight-knit", "amidst", "myriad",
    "navigat", "resilien", "iconic", "nestled", "ever-changing", "rapidly changing", "stigma", "mental health issues",
    "a sense of", "fabric of", "hustle and bustle", "backdrop", "landscape of", "intertwin", "underscor", "foster",
)  # fmt: skip
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_WORD = re.compile(r"\w+")


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    cities: dict[str, City] = {}
    for path in paths:
        try:
            cities[path.stem] = read_data_file(path, City)
        except DataFileError as error:
            yield str(error)
    for slug, city in cities.items():
        yield from _out_of_time(slug, city)
        yield from _worn(slug, city)
        yield from _repeated_inside(slug, city)
    prose = [(f"{slug} {where}", sentence) for slug, city in cities.items() for where, sentence in _sentences(city)]
    yield from shared_runs(prose)
    yield from _one_opening(prose)


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


def _one_opening(prose: list[tuple[str, str]]) -> Iterator[str]:
    openings: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for place, sentence in prose:
        openings[tuple(word.lower() for word in _WORD.findall(sentence)[:4])].append(place)
    for opening, places in openings.items():
        if len(places) > 3:
            yield f"{len(places)} sentences begin with {' '.join(opening)!r}: {', '.join(places[:4])}, …"


if __name__ == "__main__":
    sys.exit(run_check(DATA, sys.argv[1:], problems))
