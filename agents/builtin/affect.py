"""How a reply moves a Seeker: the rules of distress, arousal, trust, hope and openness.

Each rule depends on the person and on what was heard (`ear.py`), and on nothing else; docs/talk.md tells them in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.builtin.ear import Heard
from agents.persona import Persona
from agents.values import Affect, DialogueAct

_EASE = 4.2
"""Points of distress that one point of a good reply takes away."""
_PULL = 0.7
"""The share of the way back to where somebody came from that distress goes in a turn, before trust."""
_ARRIVAL = {"mild": 58.0, "moderate": 64.0, "severe": 70.0}


@dataclass(frozen=True)
class Temper:
    """What of a person decides how replies land, each from 0 to 1."""

    expressive: float
    direct: float
    mirror: float
    """Tolerance for hearing one's own words back."""
    questions: float
    """Openness to being asked."""
    ruminates: float
    avoids: float
    """Avoidance of conflict: hurt goes inward."""
    emotional: float
    agreeable: float
    discloses: float

    @property
    def wanted_warmth(self) -> float:
        """How warm a reply has to be to be right for this person, before trust and moment."""
        return 0.12 + 0.26 * self.expressive + 0.34 * self.mirror + 0.2 * self.emotional + 0.08 * self.ruminates - 0.16 * self.direct


def temper(persona: Persona) -> Temper:
    """The temper that a card tells of."""
    talk, traits = persona.csi, persona.hexaco
    return Temper(
        expressive=talk.emotional_expressiveness / 100,
        direct=talk.directness / 100,
        mirror=talk.reflective_listening_tolerance / 100,
        questions=talk.openness_to_questions / 100,
        ruminates=talk.rumination_tendency / 100,
        avoids=talk.conflict_avoidance / 100,
        emotional=traits.emotionality / 100,
        agreeable=traits.agreeableness / 100,
        discloses=talk.self_disclosure_tendency / 100,
    )


def arrival(persona: Persona, severity: str) -> Affect:
    """How somebody comes in."""
    who = temper(persona)
    return _affect(
        distress=_ARRIVAL[severity] + 9 * (who.emotional - 0.5) + 5 * (who.ruminates - 0.5),
        arousal=42 + 30 * who.emotional + (8 if severity == "severe" else 0),
        trust=24 + 18 * who.agreeable,
        hope=34 - 0.3 * (_ARRIVAL[severity] - 58) + 10 * (0.5 - who.ruminates),
        openness=14 + 26 * who.discloses + 8 * who.expressive,
    )


def fit(heard: Heard, who: Temper, trust: float, mood: float) -> float:
    """How right the warmth of a reply was, from -1 (quite wrong) to 1. Trust lets more warmth in; `mood` is the moment's own, about 0."""
    wanted = who.wanted_warmth + 0.3 * (trust - 45) / 100 + mood
    return max(-1.0, 1.0 - 2.6 * abs(heard.warmth - min(0.95, max(0.05, wanted))))


def after(
    affect: Affect, heard: Heard, persona: Persona, *, from_arrival: Affect | None = None, mood: float = 0.0, in_danger: bool = False
) -> Affect:
    """How somebody feels after a reply; `in_danger` says that they had just let a danger show."""
    who = temper(persona)
    good = _good(heard, who, affect.trust, mood)
    if heard.hurts:
        good = min(0.0, good)
    bad = _bad(heard, who, in_danger=in_danger)
    # The trouble itself pulls back to where somebody came from, the less so the more they trust.
    pull = _PULL * (from_arrival.distress - affect.distress) * (1.25 - affect.trust / 100) if from_arrival else 0.0
    trust = 0.7 * good - 1.5 * bad + 0.6 * heard.asked_leave
    if heard.pushed:
        trust = min(trust, -0.5)
    distress = min(100.0, max(0.0, affect.distress - _EASE * good + 2.2 * bad + pull + 1.2 * who.ruminates))
    change = distress - affect.distress
    return _affect(
        distress=distress,
        arousal=affect.arousal + 0.6 * change - 1.6 * heard.offered * (good > 0) + 0.8 * bad,
        trust=affect.trust + trust,
        hope=affect.hope - 0.3 * change + 0.15 * good - 0.4 * bad,
        openness=affect.openness + 0.75 * trust + 1.4 * (who.questions - 0.45) * min(heard.questions, 1),
    )


def _good(heard: Heard, who: Temper, trust: float, mood: float) -> float:
    """What a reply gave, about -3 to 7."""
    mirrored = 6.0 * heard.mirrored * (who.mirror - 0.35) * (0.55 + 0.45 * who.ruminates + 0.35 * who.expressive)
    if heard.parroted:
        mirrored = -2.5 * (1.2 - who.mirror)
    asked = (2.4 * (who.questions - 0.35)) if heard.questions == 1 else 0.0
    plain = 1.2 * who.direct if heard.words <= 16 and not heard.hurts else 0.0
    return (
        3.0 * fit(heard, who, trust, mood)
        + mirrored
        + 0.4 * (heard.named * (0.4 + who.emotional) + heard.validated * (0.4 + who.expressive))
        + 0.9 * heard.followed_up
        + asked
        + plain
        + 0.5 * heard.offered * (0.4 + who.questions)
        + 1.8 * heard.asked_safety
        - 0.035 * max(0, heard.words - 30) * (0.5 + who.direct)
    )


def _bad(heard: Heard, who: Temper, *, in_danger: bool) -> float:
    """What a reply took, 0 and up."""
    return (
        3.2 * heard.pushed * (0.7 + 0.5 * who.ruminates)
        + 3.8 * heard.minimised * (0.6 + 0.6 * who.emotional)
        + 3.0 * heard.referred * (0.6 if heard.stayed else 1.0)
        + 2.0 * heard.curt * (1.2 - 0.6 * who.direct)
        + 1.2 * max(0, heard.questions - 1) * (1.1 - who.questions)
        + 5.0 * (in_danger and not heard.asked_safety)
    )


_TELLING: dict[DialogueAct, tuple[float, float, float]] = {
    DialogueAct.DISCLOSE: (0.6, 1.2, 0.0),
    DialogueAct.ACCEPT: (-1.2, -2.0, 0.8),
    DialogueAct.REPORT_CALMER: (-1.5, -2.5, 1.5),
    DialogueAct.RELAPSE: (5.5, 6.0, -3.0),
    DialogueAct.REMEMBER: (-0.6, -1.0, 0.6),
    DialogueAct.CLOSE: (-1.0, -1.5, 0.5),
}
"""What saying something does to the one who says it: to distress, arousal and hope."""


def having_said(affect: Affect, act: DialogueAct, *, depth: int = 0) -> Affect:
    """How somebody feels once they have said it: what lies deep stirs before it eases."""
    distress, arousal, hope = _TELLING.get(act, (0.0, 0.0, 0.0))
    return _affect(
        distress=affect.distress + distress + 0.3 * depth,
        arousal=affect.arousal + arousal + 0.5 * depth,
        trust=affect.trust,
        hope=affect.hope + hope,
        openness=affect.openness + 0.8 * depth,
    )


def on_the_way_out(before: Affect, after_it: Affect) -> Affect:
    """How a farewell leaves somebody who is half gone already: it does a third of what it would have done."""
    return _affect(**{name: value + (getattr(after_it, name) - value) / 3 for name, value in before})


def _affect(**scales: float) -> Affect:
    return Affect(**{name: round(min(100.0, max(0.0, value)), 1) for name, value in scales.items()})
