"""What the Supporter understands of what was said: words worth giving back, a feeling, a refusal, a question, danger, a leave.

It reads the words alone; the Seeker's affect, thoughts and story are closed to it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.builtin.turning import Clause, clauses, few_words, nouns
from agents.scene import Scene
from agents.values import RiskLevel, Role

_SHORT = 20
_DATA = Path(__file__).parent / "data" / "reading.toml"


@dataclass(frozen=True)
class Feeling:
    """A feeling that may lie in the words."""

    noun: str
    felt: str


@dataclass(frozen=True)
class Reading:
    """A message, understood."""

    clauses: tuple[Clause, ...]
    nouns: tuple[str, ...]
    earlier: tuple[str, ...]
    """What was named before this message, newest first, turned round."""
    feeling: Feeling | None
    felt: tuple[Clause, ...]
    """The clauses in which that feeling shows."""
    situation: str
    """What this message calls for: `first`, `danger`, `held`, `leaving`, `objected`, `refused`, `asked_me`, `worse`, `calmer` or `default`."""


@dataclass(frozen=True)
class _Signs:
    plain: dict[str, re.Pattern[str]]
    feelings: tuple[tuple[Feeling, re.Pattern[str]], ...]


@cache
def _signs() -> _Signs:
    lists = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    lists.pop("version")
    feelings = lists.pop("feelings")
    return _Signs(
        {name: re.compile("|".join(patterns), re.IGNORECASE) for name, patterns in lists.items()},
        tuple((Feeling(noun, entry["felt"]), re.compile("|".join(entry["signs"]), re.IGNORECASE)) for noun, entry in feelings.items()),
    )


def read(scene: Scene) -> Reading:
    """Reads the Seeker's last message in the light of what was said before."""
    said = scene.by(Role.SEEKER)
    message = said[-1]
    here = nouns(message)
    earlier = dict.fromkeys(noun for words in reversed(said[:-2]) for noun in nouns(words) if noun not in here)
    feeling, sign = _feeling(message)
    here_said = tuple(clauses(message))
    return Reading(
        clauses=here_said,
        nouns=here,
        earlier=tuple(earlier),
        feeling=feeling,
        felt=tuple(clause for clause in here_said if sign and sign.search(clause.said)),
        situation=_situation(scene, message),
    )


def _situation(scene: Scene, message: str) -> str:
    replies = scene.by(Role.SUPPORTER)
    signs = _signs().plain
    if scene.leaving:
        return "leaving"
    just_asked = bool(replies) and asked_of_safety(replies[-1])
    denied = scene.danger is None and signs["denied"].search(message)
    if just_asked and not denied and not (len(replies) > 1 and asked_of_safety(replies[-2])):
        return "held"
    if scene.danger is not None and scene.danger.level is not RiskLevel.NONE:
        return "held" if just_asked else "danger"
    if not replies:
        return "first"
    if "?" in replies[-1] and signs["refused"].search(message) and len(message.split()) < 22:
        return "refused"
    if signs["asked_me"].search(message):
        return "asked_me"
    # Only short messages are nothing but a protest, a relief or a relapse; in longer ones such words belong to what is told.
    short = len(message.split()) <= _SHORT
    return next((name for name in ("objected", "worse", "calmer") if short and signs[name].search(message)), "default")


def asked_of_safety(reply: str) -> bool:
    """Whether a reply of its own asked about danger."""
    return bool(_SAFETY.search(reply))


_SAFETY = re.compile(r"\b(dying|dead|alive|your life|safe|harm|danger|not be here|live any more|end it)\b[^.!]*\?", re.IGNORECASE)


def _feeling(message: str) -> tuple[Feeling | None, re.Pattern[str] | None]:
    """The feeling with most signs, and its signs."""
    scored = [(len({found[0].lower() for found in signs.finditer(message)}), feeling, signs) for feeling, signs in _signs().feelings]
    most, feeling, signs = max(scored, key=lambda item: item[0])
    return (feeling, signs) if most else (None, None)


def quote_of(clause: Clause) -> str:
    """A few of the very words."""
    return few_words(clause.said)
