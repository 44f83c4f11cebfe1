"""Finding cities: a small index at once, each city's file when it is first asked for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.atlas.schema import City
from agents.ground.data_files import read_data_file
from agents.ground.errors import UsageError, nearest

_FOLDER = Path(__file__).parent


class UnknownCity(UsageError):
    """No city of the atlas has this name."""


@dataclass(frozen=True)
class Entry:
    """A city in the index."""

    slug: str
    city: str
    country: str
    part: str
    """The part of the world that plans balance over."""


@cache
def entries() -> tuple[Entry, ...]:
    """All cities, in alphabetical order."""
    with (_FOLDER / "cities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Entry(**row) for row in csv.DictReader(file))


def find(name: str) -> Entry:
    """The city with this name, its accents left out or not."""
    wanted = name.casefold().replace(" ", "_")
    for entry in entries():
        if wanted in (entry.slug, entry.city.casefold().replace(" ", "_")):
            return entry
    raise UnknownCity(
        f"The atlas has no city {name!r}.{nearest(name, [entry.city for entry in entries()])} `sim.py personas cities` lists them."
    )


@cache
def city(slug: str) -> City:
    """A city, read and validated once."""
    return read_data_file(_FOLDER / "data" / f"{slug}.toml", City)
