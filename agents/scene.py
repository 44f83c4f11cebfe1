"""What an agent sees: the person, the crisis, what was said so far, how the Seeker feels now. It knows no log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents.ground.ids import VariantId
from agents.persona import Crisis, Persona
from agents.values import Affect, Appraisal, CareLevel, Danger, DialogueAct, Fault, Role, Violation


@dataclass(frozen=True)
class Utterance:
    """Something that was said aloud."""

    role: Role
    text: str


@dataclass(frozen=True)
class Stance:
    """A manner in which a Supporter may answer."""

    name: str
    """`cool`, `even`, `warm`, or `cold` for the deliberately poor one."""
    care_level: CareLevel

    @property
    def variant(self) -> VariantId:
        """What its reply is called within a turn."""
        usual = _USUAL.get(self.name) == self.care_level
        return VariantId(self.name if usual else f"{self.name}@{self.care_level:g}")


_USUAL = {"cold": 0.0, "cool": 0.2, "even": 0.5, "warm": 0.8}
COLD = Stance("cold", 0.0)


def stance_of(care_level: CareLevel) -> Stance:
    """The stance of a care level."""
    return Stance("cool" if care_level < 0.35 else "even" if care_level < 0.65 else "warm", care_level)


STANCES = tuple(map(stance_of, (0.2, 0.5, 0.8)))


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
    told: tuple[str, ...] = ()
    """What the Seeker has told so far, by the keys of its own story; only a Seeker reads it."""
    turns_left: int | None = None
    """How many turns there is time for after this one; None where nobody looks at the clock."""
    leaving: bool = False
    """Whether the Seeker is taking leave: anybody who listens would notice."""
    danger: Danger | None = None
    """What in the Seeker's last words was flagged, by the Seeker's own rules or by the watch over all that is said."""

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
    told: tuple[str, ...] = ()
    """What of its story this told, by key; empty for who has none."""
    danger: Danger | None = None
    """What of this shows danger."""
    appraisal: Appraisal | None = None
    """How the last message landed, where a model tells it."""
    faults: tuple[Fault, ...] = ()
    """What a simulated Seeker should not have said, where the simulator's own check still found something."""


@dataclass(frozen=True)
class Foreseen:
    """How a Seeker would answer a reply, and where that would lead."""

    spoken: Spoken
    ahead: tuple[Affect, ...] = ()
    """The affect after each further exchange that was looked ahead to."""

    @property
    def affect(self) -> Affect:
        """The furthest that was foreseen."""
        return self.ahead[-1] if self.ahead else self.spoken.affect


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

    async def speak(self, scene: Scene) -> Spoken:
        """What this Seeker says next; the same scene always gets the same answer."""
        ...


class Supporter(Protocol):
    """Somebody who stays."""

    async def propose(self, scene: Scene, stance: Stance) -> Proposal:
        """A reply in one stance. It looks at what was said, never at the Seeker's affect or thoughts."""
        ...


class Judge(Protocol):
    """Somebody who weighs a reply by what was said and by where it leaves the Seeker."""

    @property
    def name(self) -> str:
        """`name@version`."""
        ...

    async def weigh(self, scene: Scene, proposal: Proposal, foreseen: Foreseen | None) -> Judgement:
        """Scores from 0 to 1 with their evidence; `foreseen` is None where nobody looked ahead."""
        ...
