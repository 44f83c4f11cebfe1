"""The Supporter's phrase book: how each move may be worded in each stance. It knows files, slots and choices, not when a move is made.

A phrase may leave words open for slots, filled from what the Seeker said, and hold alternatives: `(I hear|What I hear is) that {echo}.`
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from agents.ground.data_files import read_data_file
from agents.values import Text, Value

FOLDER = Path(__file__).parent / "data" / "supporter"
SLOTS: dict[str, str] = {
    "echo": "a clause that was said, turned round: `you counted the drips`, `nobody has written to him`",
    "you": "the same, but only one that begins with you or your: `you counted the drips`",
    "quote": "a few of the very words: `counted the drips`",
    "noun": "something or somebody just named: `your coat`, `the green folder`, `his letters`",
    "earlier": "the same, from further back",
    "feeling": "a feeling that may lie in it, as a noun: `shame`",
    "felt": "the same as how somebody is: `ashamed`",
}
"""What a phrase may leave open; with a capital at the start of a sentence: `{Echo}`."""
CONTENT = frozenset({"echo", "you", "quote", "noun", "earlier"})
"""The slots that make a sentence this conversation's own."""

StanceName = Literal["cool", "even", "warm", "cold"]
_SLOT = re.compile(r"\{(\w*)\}")
_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")


def slots_of(phrase: str) -> list[str]:
    """The slots of a phrase, in lower case."""
    return [slot.lower() for slot in _SLOT.findall(phrase)]


def alternatives(phrase: str) -> list[tuple[str, list[str]]]:
    """The places where a phrase may be said in several ways: the whole bracket and its options."""
    return [(match[0], match[1].split("|")) for match in _CHOICE.finditer(phrase)]


def _sound(phrase: str) -> str:
    if unknown := [slot for slot in slots_of(phrase) if slot not in SLOTS]:
        raise ValueError(f"unknown slot {{{unknown[0]}}}; known: {', '.join(SLOTS)}")
    if any(mark in _CHOICE.sub("", _SLOT.sub("", phrase)) for mark in '{}()|"—'):
        raise ValueError("a bracket without its partner, a straight double quote or a long dash")
    if phrase[-1:] not in ".!?…”":
        raise ValueError("must end a sentence")
    return phrase


Phrase = Annotated[Text, AfterValidator(_sound)]


class Move(Value):
    """How one move is worded."""

    cool: tuple[Phrase, ...] = ()
    even: tuple[Phrase, ...] = ()
    warm: tuple[Phrase, ...] = ()
    cold: tuple[Phrase, ...] = ()


class Phrases(Value):
    """A file of the phrase book."""

    version: Text
    moves: dict[str, Move]

    @model_validator(mode="after")
    def _nothing_is_empty(self) -> Phrases:
        for name, move in self.moves.items():
            if not any(lines for _, lines in move):
                raise ValueError(f"moves.{name} has no phrase")
        return self


@cache
def phrase_book() -> dict[str, Move]:
    """All moves of all files."""
    book: dict[str, Move] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        book |= read_data_file(path, Phrases).moves
    return book


@cache
def version() -> str:
    """The versions of all files."""
    return "+".join(f"{path.stem}-{read_data_file(path, Phrases).version}" for path in sorted(FOLDER.glob("*.toml")))
