"""Reading the panel's data files: patterns with their weights, compiled once. It knows files and patterns, not scores."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from agents.ground.data_files import read_data_file
from agents.values import Text, Value

_FOLDER = Path(__file__).parent / "data"


def _compiles(text: str) -> str:
    re.compile(text, re.IGNORECASE)
    return text


Pattern = Annotated[str, AfterValidator(_compiles)]


class Empathy(Value):
    """What earns empathy."""

    version: Text
    weights: dict[str, float]
    feeling: Pattern
    accepting: Pattern
    open_question: Pattern
    closed_question: Pattern


class Presence(Value):
    """Staying, against sending away."""

    version: Text
    support: Pattern
    referral: Pattern
    dismissive: Pattern


class Principle(Value):
    """One principle of the constitution: what shows that it is kept, and that it is broken."""

    name: Text
    keeps: Pattern
    breaks: Pattern
    weight: float


class Constitution(Value):
    """The principles, and where a reply without any sign stands."""

    version: Text
    start: float
    principles: tuple[Principle, ...]


class Safety(Value):
    """The hard lines."""

    version: Text
    asks_about_danger: Pattern
    rules: dict[str, Pattern]


@cache
def empathy() -> Empathy:
    """What earns empathy."""
    return read_data_file(_FOLDER / "empathy.toml", Empathy)


@cache
def presence() -> Presence:
    """What counts as staying."""
    return read_data_file(_FOLDER / "presence.toml", Presence)


@cache
def constitution() -> Constitution:
    """The principles."""
    return read_data_file(_FOLDER / "constitution.toml", Constitution)


@cache
def safety() -> Safety:
    """The hard lines."""
    return read_data_file(_FOLDER / "safety.toml", Safety)


def versions() -> dict[str, str]:
    """Rubric file to version."""
    return {
        "empathy": empathy().version,
        "presence": presence().version,
        "constitution": constitution().version,
        "safety": safety().version,
    }


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """In small letters, for texts in small letters: that is half the work of a search that does not care about case."""
    return re.compile(re.sub(r"\\.|[A-Z]", lambda part: part[0] if part[0][0] == "\\" else part[0].lower(), pattern))


def found(pattern: str, text: str, shown: str | None = None) -> tuple[str, ...]:
    """Every place where a pattern matches, as the words that stand there: of `shown`, a text of the same length, where it is given."""
    small = text.lower()
    if len(small) != len(text):  # a few letters of few languages grow when they are made small
        small = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    words = ((shown or text)[slice(*match.span())].strip() for match in _compiled(pattern).finditer(small))
    return tuple(dict.fromkeys(filter(None, words)))
