"""How a reply moves the Seeker: what is heard in it, and what that does to distress, trust, hope and openness.

The rules are few and depend on the person. The ear shares nothing with the judges, or their agreement would mean nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.persona import Persona
from agents.values import Affect

_WORDS = re.compile(r"[^\W\d_]{4,}")
_PUSHES = re.compile(r"\byou (should|need to|must|have to)\b|\btry (not )?to\b|\bpractical way\b", re.IGNORECASE)
_STAYS = re.compile(r"\b(i'm|i am) (here|listening|not going)\b|\bno hurry\b|\btake the time\b|\bstay with\b|\bneed not\b", re.IGNORECASE)
_WARMS = re.compile(r"\b(makes sense|of course|weighs|love|carrying|hear how|anybody|weak|cared)\b", re.IGNORECASE)
_OFFERS = re.compile(r"\b(would you rather|shall we|do you want|would it help)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Heard:
    """What a Seeker took from a reply."""

    echoed: float
    """The share of the reply's longer words that were their own, 0 to 1."""
    warmed: bool
    stayed: bool
    offered: bool
    asked: bool
    pushed: bool


def hear(reply: str, own_words: str) -> Heard:
    """Listens to a reply to what one has just said."""
    mine = set(_WORDS.findall(own_words.lower()))
    theirs = _WORDS.findall(reply.lower())
    echoed = sum(word in mine for word in theirs) / len(theirs) if theirs else 0.0
    return Heard(
        echoed=echoed,
        warmed=bool(_WARMS.search(reply)),
        stayed=bool(_STAYS.search(reply)),
        offered=bool(_OFFERS.search(reply)),
        asked="?" in reply,
        pushed=bool(_PUSHES.search(reply)),
    )


def first_affect(persona: Persona) -> Affect:
    """How somebody arrives."""
    return Affect(
        distress=round(55 + persona.hexaco.emotionality / 4, 1),
        arousal=round(40 + persona.hexaco.emotionality / 5, 1),
        trust=round(20 + persona.hexaco.agreeableness / 5, 1),
        hope=round(15 + persona.hexaco.extraversion / 4, 1),
        openness=round(15 + persona.csi.self_disclosure_tendency / 3, 1),
    )


def after(affect: Affect, heard: Heard, persona: Persona) -> Affect:
    """How somebody feels after a reply. Advice that nobody asked for never raises trust."""
    mirrored = heard.echoed * (persona.csi.reflective_listening_tolerance - 35) / 10
    warmth = 3.0 * heard.warmed * (0.5 + persona.hexaco.emotionality / 100)
    room = 2.5 * heard.stayed + 2.0 * heard.offered
    curiosity = heard.asked * (persona.csi.openness_to_questions - 40) / 10
    hurt = heard.pushed * (6 + persona.csi.conflict_avoidance / 20)
    good = max(0.0, mirrored) + warmth + room
    trust = -hurt if heard.pushed else good * 0.9 + curiosity
    return Affect(
        distress=_bounded(affect.distress - good * 0.8 + hurt + max(0.0, -mirrored)),
        arousal=_bounded(affect.arousal - room * 0.7 + hurt * 0.8),
        trust=_bounded(affect.trust + trust),
        hope=_bounded(affect.hope + good * 0.4 - hurt * 0.5),
        openness=_bounded(affect.openness + trust * 0.8 + curiosity),
    )


def _bounded(value: float) -> float:
    return round(min(100.0, max(0.0, value)), 1)
