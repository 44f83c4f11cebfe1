"""Finding kinds of crisis: names and ages at once, each kind's file when it is first asked for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.crises.schema import Kind
from agents.ground.data_files import read_data_file
from agents.ground.errors import UsageError, nearest

_FOLDER = Path(__file__).parent


class UnknownCategory(UsageError):
    """No kind of crisis has this name."""


@dataclass(frozen=True)
class Category:
    """A kind of crisis in the index."""

    slug: str
    name: str
    youngest: int
    oldest: int

    def fits(self, age: int) -> bool:
        return self.youngest <= age <= self.oldest


@cache
def categories() -> tuple[Category, ...]:
    """All kinds, in the order of the catalogue."""
    with (_FOLDER / "categories.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Category(r["slug"], r["category"], int(r["youngest"]), int(r["oldest"])) for r in csv.DictReader(file))


def find_category(name: str) -> Category:
    """The kind with this name or slug."""
    wanted = name.casefold()
    for category in categories():
        if wanted in (category.name.casefold(), category.slug):
            return category
    names = [category.name for category in categories()] + [category.slug for category in categories()]
    raise UnknownCategory(f"There is no kind of crisis {name!r}.{nearest(name, names)} `sim.py crises list` shows all 45.")


@cache
def kind(slug: str) -> Kind:
    """A kind of crisis, read and validated once."""
    return read_data_file(_FOLDER / "data" / f"{slug}.toml", Kind)
