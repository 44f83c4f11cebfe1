"""Finding kinds of crisis: names and ages at once, each kind's file when it is first asked for."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from agents.crises.schema import Kind
from agents.ground.errors import UsageError, VigilError, nearest

_FOLDER = Path(__file__).parent


class CatalogueError(VigilError):
    """A data file of the catalogue is not usable."""


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
    path = _FOLDER / "data" / f"{slug}.toml"
    try:
        return Kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CatalogueError(f"{path.name} is missing from the catalogue. Restore it, or take it out of categories.csv.") from None
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name} is not valid TOML: {error}.") from None
    except ValidationError as error:
        lines = [f"{path.name}: {'.'.join(map(str, p['loc']))}: {p['msg']}, found {str(p['input'])[:60]!r}" for p in error.errors()]
        raise CatalogueError("\n".join(lines)) from None
