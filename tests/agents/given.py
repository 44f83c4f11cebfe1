"""Scenes for tests of the built-in cast: somebody drawn, a moment, a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from agents import (
    STANCES,
    Affect,
    Chance,
    Danger,
    Foreseen,
    Guest,
    Judgement,
    Persona,
    Proposal,
    RiskLevel,
    Role,
    Scene,
    Spoken,
    Stance,
    Utterance,
    VariantId,
    Wish,
    drawn,
)
from agents.builtin.seeker import BuiltinSeeker
from agents.builtin.supporter import BuiltinSupporter
from agents.judges.panel import Panel

T = TypeVar("T")
WARM = STANCES[2]
DANGER = Danger(level=RiskLevel.MODERATE, words=("it would be simplest if I didn't",))


def now(work: Coroutine[Any, Any, T]) -> T:
    """The result of something that is awaited."""
    return asyncio.run(work)


def guest(seed: int = 3, category: str = "Debt Problems", **wishes: Any) -> Guest:
    return drawn(seed, Wish(category=category, **wishes))


def with_talk(persona: Persona, **aspects: float) -> Persona:
    """The same person with another manner of talking."""
    return persona.model_copy(update={"csi": persona.csi.model_copy(update=aspects)})


def calm(**scales: float) -> Affect:
    return Affect(**{"distress": 60.0, "arousal": 50.0, "trust": 45.0, "hope": 35.0, "openness": 45.0, **scales})


def scene(words: str, *earlier: str, who: Guest | None = None, affect: Affect | None = None, **more: Any) -> Scene:
    """The moment after the Seeker said `words`; `earlier` holds what was said before, the Seeker first."""
    who = who or guest()
    roles = (Role.SEEKER, Role.SUPPORTER)
    said = tuple(Utterance(roles[number % 2], text) for number, text in enumerate((*earlier, words)))
    return Scene(who.persona, who.crisis, "en", len(said) // 2 + 1, said, affect or calm(), **more)


def after(moment: Scene, reply: str) -> Scene:
    return replace(moment, said=(*moment.said, Utterance(Role.SUPPORTER, reply)))


def speak(moment: Scene, seed: int = 1) -> Spoken:
    return now(BuiltinSeeker(Chance(seed)).speak(moment))


def propose(moment: Scene, stance: Stance = WARM, seed: int = 1) -> Proposal:
    return now(BuiltinSupporter(Chance(seed)).propose(moment, stance))


def reply(words: str) -> Proposal:
    return Proposal(VariantId("typed"), 0.5, "typed", (), words, "")


def judge(moment: Scene, words: str, foreseen: Foreseen | None = None) -> Judgement:
    return now(Panel().weigh(moment, reply(words), foreseen))
