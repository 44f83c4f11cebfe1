"""Which reply continues the conversation: the best, one drawn by reward, a fixed care level, or whatever a person decides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Protocol

from agents import Chance, Scene, UsageError, nearest
from graphs.turn import Choice, Weighed

_TEMPERATURE = 0.08
"""Rewards differ by about a tenth within a turn: at this temperature the best of three is drawn about every second time."""
_CARE = re.compile(r"care:(0(?:\.\d+)?|1(?:\.0+)?)")
NAMES = ("best", "sampled", "care:LEVEL", "human")


class Chooser(Protocol):
    """Decides between weighed replies."""

    async def choose(self, scene: Scene, weighed: Sequence[Weighed]) -> Choice: ...


class Best:
    """The highest reward; the first of equals."""

    async def choose(self, scene: Scene, weighed: Sequence[Weighed]) -> Choice:
        best = max(weighed, key=lambda w: w.reward)
        return Choice(best, "best", f"reward {best.reward:g}")


class Sampled:
    """Drawn, the higher its reward the more likely; what crossed a hard line is never drawn while anything else is there."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    async def choose(self, scene: Scene, weighed: Sequence[Weighed]) -> Choice:
        allowed = [w for w in weighed if not w.judgement.violations] or list(weighed)
        weights = [math.exp(w.reward / _TEMPERATURE) for w in allowed]
        point = self._chance.number(scene.turn, "chooser") * sum(weights)
        for w, weight in zip(allowed, weights, strict=True):
            point -= weight
            if point <= 0:
                return Choice(w, "sampled", f"drawn with weight {weight / sum(weights):.2f}")
        return Choice(allowed[-1], "sampled", "drawn last")


class FixedCare:
    """Always the reply whose care level is nearest."""

    def __init__(self, care_level: float) -> None:
        self._care_level = care_level

    async def choose(self, scene: Scene, weighed: Sequence[Weighed]) -> Choice:
        nearest_one = min(weighed, key=lambda w: abs(w.proposal.care_level - self._care_level))
        return Choice(nearest_one, f"care:{self._care_level:g}", f"care level {nearest_one.proposal.care_level:g}")


def chooser(name: str, chance: Chance) -> Chooser:
    """The chooser that a name means."""
    if name == "best":
        return Best()
    if name == "sampled":
        return Sampled(chance)
    if found := _CARE.fullmatch(name):
        return FixedCare(float(found[1]))
    hint = " A care level is between 0 and 1, as in care:0.5." if name.startswith("care") else nearest(name, NAMES)
    raise UsageError(f"There is no chooser {name!r}.{hint} Known: {', '.join(NAMES[:3])}.")
