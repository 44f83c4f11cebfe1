"""The words by which a Seeker's slips are known: lists of patterns from a data file, read as speech.

It knows words and quotation marks alone; what it takes to hold a message against a card or a prompt is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from agents.ground.data_files import DataFileError, read_data_file
from agents.values import Text, Value

_DATA = Path(__file__).parent / "data" / "faults.toml"
Slip = Literal["role_swap", "helping", "graphic"]
SLIPS: tuple[Slip, ...] = ("role_swap", "helping", "graphic")
_PART = re.compile(r"<(\w+)>")
_STRAIGHT = str.maketrans("‘’‚‛“”„‟«»\u00a0\u202f", '\'\'\'\'""""""  ')
_QUOTED = re.compile(
    "“[^”\n]{0,600}”|„[^“”\n]{0,600}[“”]|«[^»\n]{0,600}»|\"[^\"\n]{0,600}\"|‘(?:[^’\n]|’(?=\\w)){0,600}’|(?<!\\w)'(?=\\w)(?:[^'\n]|'(?=\\w)){0,600}'(?!\\w)"
)
_REPORTS = re.compile(
    r"\b(?:says?|said|saying|tells?|told|telling|ask(?:s|ed|ing)?|wr[io]tes?|written|repeat\w*|whispers?|shout\w*|preach\w*|heard|hearing"
    r"|used to|supposed to|advised|suggested|order(?:s|ed)|begged|pretend\w*|words?|sign|poster|leaflet|letter)\b[^.!?\n]{0,40}$"
)
_REPORTED_AFTER = re.compile(
    r"[^.!?\n]{0,40}?[.!?]?,? ?\b(?:they|he|she|people|everyone|everybody|the \w+|(?:my|his|her|our) \w+) (?:all |always |just |only |used to |would )*"
    r"(?:say|says|said|tell|tells|told|ask|asks|asked|call|calls|called) ?(?:\b|me|us)"
)


class SlipWords(Value):
    """The patterns of one kind of slip, one a line."""

    mend: Text
    """What to do instead, as it is said to the one who slipped."""
    anywhere: str = ""
    """For every language."""
    opening: str = ""
    """At the beginning of a message."""
    sentence: str = ""
    """At the beginning of a sentence."""
    english: str = ""
    """At any word."""


class _File(Value):
    version: Text
    parts: dict[str, str] = Field(default_factory=dict)
    role_swap: SlipWords
    helping: SlipWords
    graphic: SlipWords


@dataclass(frozen=True)
class Patterns:
    """The lists of one kind of slip, ready to search with."""

    mend: str
    anywhere: re.Pattern[str] | None
    english: tuple[re.Pattern[str], ...]
    """What begins a message, a sentence, a word."""
    even_reported: bool
    """Whether it is a slip in somebody else's mouth too."""


@dataclass(frozen=True)
class Speech:
    """A message, levelled letter by letter so that what is found in it can be shown as it was written."""

    written: str
    """Without the quotation marks that a model puts around all it says."""
    plain: str
    """In small letters, with straight quotation marks."""
    own: str
    """The same, with what stands in quotation marks blotted out: words of others."""

    @classmethod
    def of(cls, message: str) -> Speech:
        """Levels a message."""
        written = _unwrapped(message.strip())
        plain = written.translate(_STRAIGHT).lower()
        if len(plain) != len(written):  # a few letters grow when they are made small
            written = plain
        return cls(written, plain, _QUOTED.sub(lambda quoted: "\0" * len(quoted[0]), written).translate(_STRAIGHT).lower())

    def shown(self, match: re.Match[str]) -> str:
        """What was found, as it was written."""
        return " ".join(self.written[match.start() : match.end()].split()).strip(" .,;:!?")

    def reported(self, match: re.Match[str]) -> bool:
        """Whether these are words that somebody else is said to have said."""
        before = self.own[max(0, match.start() - 60) : match.start()]
        return bool(_REPORTS.search(before) or _REPORTED_AFTER.match(self.own, match.end(), match.end() + 80))


def _unwrapped(message: str) -> str:
    """A message without marks around the whole of it."""
    inner = message[1:-1]
    wrapped = len(message) > 2 and message[0] in '"“«' and message[-1] in '"”»' and not set('"“”«»') & set(inner)
    return inner.strip() if wrapped else message


def slips(kind: Slip, speech: Speech, *, english: bool) -> Iterator[str]:
    """The words that show a slip of one kind."""
    lists = patterns()[kind]
    if lists.anywhere is not None and (found := lists.anywhere.search(speech.plain)):
        yield speech.shown(found)
    if not english:
        return
    for pattern in lists.english:
        for found in pattern.finditer(speech.plain if lists.even_reported else speech.own):
            if lists.even_reported or not speech.reported(found):
                yield speech.shown(found)


def mend(kind: Slip) -> str:
    """What one who slipped is told to do instead."""
    return patterns()[kind].mend


@cache
def patterns() -> dict[Slip, Patterns]:
    """All lists, read once."""
    file = read_data_file(_DATA, _File)
    return {kind: _compiled(kind, getattr(file, kind), file.parts) for kind in SLIPS}


def _compiled(kind: Slip, words: SlipWords, parts: dict[str, str]) -> Patterns:
    def joined(before: str, field: str) -> re.Pattern[str] | None:
        lines = [line for line in getattr(words, field).splitlines() if line]
        try:
            return re.compile(f"{before}(?:{'|'.join(_filled(line, parts) for line in lines)})") if lines else None
        except (re.error, KeyError) as error:
            raise DataFileError(f"{_DATA.name}: {kind}.{field} has no usable pattern: {error}. Mend the line, or add the part.") from None

    begins = (
        joined(r"\A[\s\"'*-]*", "opening"),
        joined(
            r"(?:\A|[.!?…;:,\n-]\s*)(?:(?:please|and|so|but|then|just|now|first|okay|ok|well|maybe|perhaps|or|also|oh|still)[, ]+)*",
            "sentence",
        ),
        joined(r"(?<![\w'])", "english"),
    )
    return Patterns(words.mend, joined("", "anywhere"), tuple(p for p in begins if p is not None), kind == "graphic")


def _filled(line: str, parts: dict[str, str]) -> str:
    """A pattern with its parts put in; KeyError names one that is not there."""
    return _PART.sub(lambda name: parts[name[1]], line)
