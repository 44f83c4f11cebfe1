"""What an agent sees: the person, the crisis, what was said so far, how the Seeker feels now. It knows no log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents.ground.ids import VariantId
from agents.persona import Crisis, Persona
from agents.values import Affect, CareLevel, DialogueAct, Role, Violation


@dataclass(frozen=True)
class Utterance:
    """Something that was said aloud."""

    role: Role
    text: str


@dataclass(frozen=True)
class Scene:
    """A moment of a conversation."""

    persona: Persona
    crisis: Crisis
    language: str
    turn: int
    """The turn that is under way, or about to begin."""
    said: tuple[Utterance, ...]
    affect: Affect | None
    """The Seeker's, after speaking last; None before the first word."""

    def by(self, role: Role) -> tuple[str, ...]:
        """All that one role has said."""
        return tuple(utterance.text for utterance in self.said if utterance.role is role)


@dataclass(frozen=True)
class Spoken:
    """What a Seeker says, and what goes on behind it."""

    message: str
    thought: str
    act: DialogueAct
    affect: Affect


@dataclass(frozen=True)
class Proposal:
    """A reply that a Supporter might give."""

    variant: VariantId
    care_level: CareLevel
    style: str
    strategy: tuple[str, ...]
    message: str
    thought: str


@dataclass(frozen=True)
class Judgement:
    """What a judge makes of a proposal."""

    judge: str
    scores: dict[str, float]
    evidence: dict[str, tuple[str, ...]]
    """The words that earned a score, by its dimension."""
    violations: tuple[Violation, ...] = ()


class Seeker(Protocol):
    """Somebody in crisis."""

    def speak(self, scene: Scene) -> Spoken: ...


class Supporter(Protocol):
    """Somebody who stays."""

    def propose(self, scene: Scene, care_level: CareLevel) -> Proposal: ...


class Judge(Protocol):
    """Somebody who weighs a reply by what was said and how it lands."""

    def weigh(self, scene: Scene, proposal: Proposal, foreseen: Spoken) -> Judgement: ...
