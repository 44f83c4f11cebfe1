"""Whether words that a model quotes really stand in a text. It minds neither case nor kinds of quotation marks nor spacing."""

from __future__ import annotations

import re

_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "\u00a0": " "})
_BROKEN = re.compile(r"\s*(?:\.{3,}|…|\[\.\.\.\])\s*")
_EDGES = " \t\n\"'.,;:!?()[]«»"


def passage(quote: str, text: str) -> str | None:
    """The words of the text that were quoted, as they stand there; of a quotation with gaps, the first part, if all parts stand there."""
    plain = text.translate(_ALIKE)
    parts = [part for part in (piece.strip(_EDGES) for piece in _BROKEN.split(quote.translate(_ALIKE))) if part]
    found = [_found(part, plain) for part in parts]
    if not found or None in found:
        return None
    first = found[0]
    return text[slice(*first.span())] if first else None


def passages(quotes: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Those that stand in the text, each once."""
    return tuple(dict.fromkeys(words for quote in quotes if (words := passage(quote, text))))


def _found(words: str, text: str) -> re.Match[str] | None:
    pattern = r"\s+".join(map(re.escape, words.split()))
    starts, ends = (r"\b" if words[0].isalnum() else ""), (r"\b" if words[-1].isalnum() else "")
    return re.search(f"{starts}{pattern}{ends}", text, re.IGNORECASE) or _within(pattern, words, text)


def _within(pattern: str, words: str, text: str) -> re.Match[str] | None:
    """Languages that part no words."""
    return re.search(pattern, text) if any(ord(letter) > 0x0E00 for letter in words) else None
