"""The watch over all that a Seeker says, whoever speaks: plain words of danger, whatever the Seeker's own rules mark.

It looks for what is said outright; what is only hinted at, a rule-driven Seeker marks itself.
"""

from __future__ import annotations

import re

from agents.values import Danger, RiskLevel

_SIGNS: tuple[tuple[RiskLevel, re.Pattern[str]], ...] = tuple(
    (level, re.compile("|".join(patterns), re.IGNORECASE))
    for level, patterns in (
        (
            RiskLevel.HIGH,
            (
                r"\bI('m| am) going to (kill myself|end (it|my life))",
                r"\bI('ve| have) (decided|made up my mind) to (die|end)",
                r"\bI want to (die|be dead|kill myself|end (it all|my life))",
                r"\bthis is goodbye\b",
            ),
        ),
        (
            RiskLevel.MODERATE,
            (
                r"\bkill(ing)? myself\b",
                r"\bend(ing)? my life\b",
                r"\bsuicid\w*",
                r"\b(hurt|harm|cut)(ing|ting)? myself\b",
                r"\bI('d| would) (rather|sooner) be dead\b",
                r"\bbetter off (without me|dead)\b",
                r"\bI (don't|do not) want to (live|be alive|wake up)\b",
                r"\bno (point|reason) (in|to) (living|live|go on living)\b",
                r"\bI('m| am) not safe (here|at home|with (him|her|them))\b",
            ),
        ),
    )
)


def watch(words: str) -> Danger | None:
    """The gravest danger that is said outright."""
    for level, signs in _SIGNS:
        if found := [match[0] for match in signs.finditer(words)]:
            return Danger(level=level, words=tuple(dict.fromkeys(found)))
    return None
