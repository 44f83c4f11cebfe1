"""Things and words that did not exist yet, or no longer, in the year of a conversation. It knows English words and their years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import Field

from agents.ground.data_files import read_data_file
from agents.values import Text, Value

_DATA = Path(__file__).parent / "data" / "anachronisms.toml"
_WORD = re.compile(r"[^\W_]+(?:['/][^\W_]+)*")


class Thing(Value):
    """Something that ordinary people could speak of in some years and not in others."""

    words: tuple[Text, ...] = Field(min_length=1)
    """What gives it away, in small letters; every form that counts."""
    first: int | None = None
    """The first year in which ordinary people might speak of it."""
    last: int | None = None
    """The last year in which they might speak of it as a thing of the present."""


class _Things(Value):
    version: Text
    thing: tuple[Thing, ...]


def out_of_time(message: str, year: int) -> Iterator[str]:
    """The words of a message that do not belong to a year."""
    parts = _words(message)
    for start, word in enumerate(parts):
        for phrase, thing in _by_first_word().get(word, ()):
            if parts[start : start + len(phrase)] == phrase and _wrong(thing, year):
                yield " ".join(phrase)
                break


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").lower())


def _wrong(thing: Thing, year: int) -> bool:
    return (thing.first is not None and year < thing.first) or (thing.last is not None and year > thing.last)


@cache
def things() -> tuple[Thing, ...]:
    """All things with their years."""
    return read_data_file(_DATA, _Things).thing


@cache
def _by_first_word() -> dict[str, list[tuple[list[str], Thing]]]:
    found: dict[str, list[tuple[list[str], Thing]]] = {}
    for thing in things():
        for words in thing.words:
            phrase = _words(words)
            found.setdefault(phrase[0], []).append((phrase, thing))
    return found
