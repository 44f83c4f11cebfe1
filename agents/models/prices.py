"""What a million tokens of a model cost, and so what a call cost. It knows a table; who spends and who stops is for others."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agents.ground.data_files import read_data_file
from agents.values import Text, Value

_MILLION = 1_000_000
_Dollars = Annotated[float, Field(ge=0)]


class Price(Value):
    """US dollars for a million tokens."""

    prompt: _Dollars
    completion: _Dollars
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")] | None = None
    """The month in which it was listed; None for a price that a person gave."""


class _Listed(Price):
    models: tuple[Text, ...] = Field(min_length=1)


class _File(Value):
    version: str
    price: tuple[_Listed, ...]


@cache
def _file() -> _File:
    return read_data_file(Path(__file__).parent / "prices.toml", _File)


@cache
def _listed(model: str) -> Price | None:
    for entry in _file().price:
        if any(fnmatchcase(model, pattern) for pattern in entry.models):
            return Price(prompt=entry.prompt, completion=entry.completion, as_of=entry.as_of)
    return None


def price_of(model: str, extra: Mapping[str, Price]) -> Price | None:
    """What a model costs by a person's own prices, then by the table; None where nobody knows."""
    if model in extra:
        return extra[model]
    patterns = (price for pattern, price in extra.items() if fnmatchcase(model, pattern))
    return next(patterns, None) or _listed(model)


def cost(price: Price, prompt: int, completion: int) -> float:
    """US dollars for so many tokens."""
    return (prompt * price.prompt + completion * price.completion) / _MILLION
