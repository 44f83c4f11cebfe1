"""What a Seeker hears in a reply: words of their own that come back, a feeling named, room, a question, a push, a slight.

The ear serves any Supporter, built-in, model or person. It shares neither code nor word list with a judge, or the judges'
agreement with what the Seeker feels would mean nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from agents.stories.schema import BEATS, BeatName

_DATA = Path(__file__).parent / "data" / "ear.toml"
_WORD = re.compile(r"[^\W\d_]{3,}")
_SMALL_WORDS = frozenset(
    [
        "the",
        "and",
        "but",
        "for",
        "not",
        "that",
        "this",
        "with",
        "from",
        "have",
        "has",
        "had",
        "was",
        "were",
        "are",
        "you",
        "your",
        "yours",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "would",
        "could",
        "should",
        "there",
        "here",
        "they",
        "them",
        "their",
        "then",
        "than",
        "into",
        "about",
        "still",
        "just",
        "only",
        "been",
        "being",
        "does",
        "did",
        "can",
        "will",
        "all",
        "any",
        "some",
        "one",
        "out",
        "its",
        "it's",
        "i'm",
        "i've",
        "you're",
        "you've",
        "don't",
        "didn't",
        "isn't",
    ]
)


@dataclass(frozen=True)
class Heard:
    """What one reply was, to the one it was said to."""

    mirrored: float
    """How much of what was just said came back, 0 to 1."""
    parroted: bool
    """Nearly all of it came back and nothing else."""
    named: bool
    """A feeling was named."""
    validated: bool
    stayed: bool
    followed_up: bool
    """Something said earlier came back."""
    questions: int
    about: BeatName | None
    """What the last question was about."""
    asked_leave: bool
    offered: bool
    pushed: bool
    """Advice or an order that nobody had asked for or agreed to."""
    minimised: bool
    referred: bool
    curt: bool
    asked_safety: bool
    words: int

    @property
    def warmth(self) -> float:
        """How warm it came across, 0 to 1."""
        return min(1.0, 0.35 * min(1.0, self.mirrored * 2.5) + 0.22 * self.named + 0.25 * self.validated + 0.23 * self.stayed)

    @property
    def hurts(self) -> bool:
        return self.pushed or self.minimised or self.referred or self.curt


@dataclass(frozen=True)
class _Ear:
    """The compiled word lists."""

    signs: dict[str, re.Pattern[str]]
    about: tuple[tuple[BeatName, re.Pattern[str]], ...]


@cache
def _ear() -> _Ear:
    lists = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    lists.pop("version")
    about = lists.pop("about")
    if unknown := set(about) - set(BEATS):
        raise ValueError(f"ear.toml: about.{sorted(unknown)[0]} is no beat of a story")
    return _Ear(
        {name: _any(patterns) for name, patterns in lists.items()},
        tuple((beat, _any(patterns)) for beat, patterns in about.items()),
    )


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def hear(reply: str, mine: Sequence[str]) -> Heard:
    """Listens to a reply to the last of one's own words."""
    ear = _ear()
    signs = {name: bool(pattern.search(reply)) for name, pattern in ear.signs.items()}
    theirs = content_words(reply)
    own = content_words(mine[-1]) if mine else frozenset()
    back = theirs & own
    mirrored = len(back) / max(4, min(len(own), 14))
    questions = reply.count("?")
    return Heard(
        mirrored=min(1.0, mirrored),
        parroted=len(own) > 5 and len(back) > 0.6 * len(own) and len(back) > 0.75 * len(theirs),
        named=signs["named"],
        validated=signs["validated"],
        stayed=signs["stayed"],
        followed_up=bool(theirs & frozenset().union(*map(content_words, mine[:-1])) - own) if len(mine) > 1 else False,
        questions=questions,
        about=_about(reply) if questions else None,
        asked_leave=signs["asked_leave"],
        offered=signs["offered"] and "?" in reply,
        pushed=signs["pushed"] and not signs["asked_leave"],
        minimised=signs["minimised"],
        referred=signs["referred"],
        curt=signs["curt"],
        asked_safety=signs["asked_safety"],
        words=len(reply.split()),
    )


@lru_cache(maxsize=512)
def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry it, roughly stemmed."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _SMALL_WORDS)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _about(reply: str) -> BeatName | None:
    question = re.split(r"(?<=[.!?…])\s+", reply[: reply.rindex("?") + 1])[-1]
    return next((beat for beat, pattern in _ear().about if pattern.search(question)), None)
