"""Finding the JSON object in whatever a model wrote around it, and reading it as kindly as can be. It knows no form and no model.

It never evaluates anything, never raises, and takes time in proportion to the length of the text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite

from pydantic import JsonValue

_THINKING = ("</think>", "</thinking>", "</reasoning>", "</thought>")
_START = re.compile(r"\{(?=\s*(?:[\"'“”„‘’«\w}]|//|/\*|#|$))")
_SPACE = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?+)*+")
_BLANK = re.compile(r"\s*+")
_BARE_KEY = re.compile(r"[\w$-]+(?: [\w$-]+)*+")
_BARE_VALUE = re.compile(r"[^,{}\[\]\n\"]+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,4})?(?![\w.])")
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "null": None, "none": None, "nan": None, "infinity": None, "undefined": None}
_CLOSERS = {'"': '"', "'": "'", "“": '”"', "”": '”"', "„": '“”"', "‘": "’'", "’": "’'", "«": "»"}
_PIECES = {opener: re.compile(rf"[^\\{re.escape(closers)}]*+") for opener, closers in _CLOSERS.items()}
_SPELLED = re.compile(r"[\w-]{1,40}\s{0,3}:|(?:true|false|null|none)\b", re.IGNORECASE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_DEEPEST = 40
_STRICT_TRIES = 8
_TRIES = 400
"""Places where an object may begin; no answer has so many."""
_STRICT = json.JSONDecoder(strict=False, parse_constant=lambda _: None)


@dataclass(frozen=True)
class Parsed:
    """An object that was found."""

    fields: dict[str, JsonValue]
    repaired: bool = False
    """Whether it was not quite JSON."""
    cut: bool = False
    """Whether the text ended in the middle of a string."""
    length: int = 0
    """How many characters it takes up."""


def parse(text: str) -> Parsed | None:
    """The longest object in a text, or None where there is none."""
    found = objects(text)
    return found[0] if found else None


def objects(text: str) -> list[Parsed]:
    """Every object in a text that stands in no other one, the longest first; thoughts before the answer are passed over."""
    answer = without_thoughts(text)
    found = _objects(answer)
    if not found and len(answer) != len(text):
        found = _objects(text)
    return sorted(found, key=lambda one: -one.length)


def without_thoughts(text: str) -> str:
    """What a model wrote after thinking aloud."""
    start = max((end + len(mark) for mark in _THINKING if (end := text.rfind(mark)) >= 0), default=0)
    return text[start:].strip()


def _objects(text: str) -> list[Parsed]:
    found: list[Parsed] = []
    at = tries = 0
    while tries < _TRIES and (start := _START.search(text, at)):
        tries += 1
        parsed = None
        if tries <= _STRICT_TRIES:  # trying each place to its end would take the square of the length
            parsed = _strictly(text, start.start())
        if parsed is None:
            reader = _Reader(text, start.start())
            parsed = reader.read()
            at = max(reader.at, start.end())
        else:
            at = start.start() + parsed.length
        if parsed:
            found.append(parsed)
    return found


def _strictly(text: str, start: int) -> Parsed | None:
    try:
        fields, end = _STRICT.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return Parsed(fields, length=end - start)


class _NotAnObjectError(Exception):
    """What was begun cannot be read as an object."""


class _Reader:
    """Reads one object from a place in a text, minding little."""

    def __init__(self, text: str, at: int) -> None:
        self._text, self._start, self.at = text, at, at
        self._repaired = self._cut = False

    def read(self) -> Parsed | None:
        try:
            fields = self._object(1)
        except _NotAnObjectError:
            return None
        if not fields and self._repaired:
            return None
        return Parsed(fields, repaired=True, cut=self._cut, length=self.at - self._start)

    def _next(self) -> str:
        """The next character that counts, or nothing at the end."""
        self.at = _SPACE.match(self._text, self.at).end()  # type: ignore[union-attr]
        return self._text[self.at : self.at + 1]

    def _object(self, depth: int) -> dict[str, JsonValue]:
        self.at += 1
        fields: dict[str, JsonValue] = {}
        while (char := self._next()) != "}":
            if not char:
                self._repaired = True
                return fields
            if char == ",":
                self.at += 1
                continue
            if char == "]":  # a bracket closed twice
                self.at += 1
                continue
            key = self._key(char)
            if not self._next() and fields:  # the text ends after a key
                self._repaired = True
                return fields
            if self._next() not in (":", "="):
                raise _NotAnObjectError
            self.at += 1
            fields[key] = self._value(depth)
        self.at += 1
        return fields

    def _key(self, char: str) -> str:
        if char in _CLOSERS:
            return self._string(char, is_key=True)
        bare = _BARE_KEY.match(self._text, self.at)
        if bare is None:
            raise _NotAnObjectError
        self.at = bare.end()
        return bare[0]

    def _value(self, depth: int) -> JsonValue:
        char = self._next()
        if char in ("{", "["):
            if depth >= _DEEPEST:
                raise _NotAnObjectError
            return self._object(depth + 1) if char == "{" else self._list(depth + 1)
        if char in _CLOSERS and char:
            return self._string(char, is_key=False)
        if number := _NUMBER.match(self._text, self.at):
            self.at = number.end()
            return _number(number[0])
        bare = _BARE_VALUE.match(self._text, self.at)
        if bare is None:
            return None
        self.at = bare.end()
        word = bare[0].strip()
        return _WORDS.get(word.lower(), word)

    def _list(self, depth: int) -> list[JsonValue]:
        self.at += 1
        items: list[JsonValue] = []
        while (char := self._next()) != "]":
            if not char:
                self._repaired = True
                return items
            if char == "}":  # the list was never closed, what holds it is
                return items
            before = self.at
            if char == ",":
                self.at += 1
                continue
            items.append(self._value(depth))
            if self.at == before:
                raise _NotAnObjectError
        self.at += 1
        return items

    def _string(self, opener: str, *, is_key: bool) -> str:
        text, piece = self._text, _PIECES[opener]
        parts: list[str] = []
        at = self.at + 1
        while True:
            end = piece.match(text, at).end()  # type: ignore[union-attr]
            parts.append(text[at:end])
            if end >= len(text):
                self.at, self._cut = end, True
                return "".join(parts)
            if text[end] == "\\":
                said, at = _escaped(text, end + 1)
                parts.append(said)
            elif self._closes(end + 1, is_key=is_key):
                self.at = end + 1
                return "".join(parts)
            else:
                parts.append(text[end])
                at = end + 1

    def _closes(self, after: int, *, is_key: bool) -> bool:
        """Whether a quotation mark ends its string, by what follows it."""
        text = self._text
        end = _BLANK.match(text, after).end()  # type: ignore[union-attr]
        following = text[end : end + 1]
        if is_key:
            return following in (":", "=", "")
        if following == ",":
            end = _BLANK.match(text, end + 1).end()  # type: ignore[union-attr]
            return (
                text[end : end + 1] in ("", *_CLOSERS, "{", "}", "[", "]", "/", "#", "-")
                or text[end : end + 1].isdigit()
                or _is_key(text, end)
            )
        return following in ("", "}", "]") or (following in ("/", "#", *_CLOSERS) and "\n" in text[after:end])


def _is_key(text: str, at: int) -> bool:
    """Whether a bare word with a colon, or one that stands for a value, begins here."""
    return bool(_SPELLED.match(text, at))


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What an escape stands for, and where the text goes on after it."""
    char = text[at : at + 1]
    if char == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", text[at + 1 : at + 5]):
        code = int(text[at + 1 : at + 5], 16)
        low = re.match(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})", text[at + 5 : at + 11])
        if 0xD800 <= code < 0xDC00 and low:
            return chr(0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)), at + 11
        return chr(code), at + 5
    return _ESCAPES.get(char, char), at + 1


def _number(digits: str) -> JsonValue:
    value = float(digits)
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
