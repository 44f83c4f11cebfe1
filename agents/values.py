"""The value types that events, agents and judges share: affect, care, scores, risk, acts.

They know their own bounds and nothing of who produces or stores them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Value(BaseModel):
    """The base of all value types: frozen, closed to unknown fields, no NaN or infinity.

    Whoever holds one may rely on it: pydantic's two ways around validation are closed, so that nobody needs to check again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]
        """Validates like the constructor."""
        return cls(**values)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed, validated."""
        return type(self).model_validate({**dict(self), **update}) if update else super().model_copy(deep=deep)


Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]
"""A position on a scale from 0 to 100."""
CareLevel: TypeAlias = Annotated[float, Field(ge=0, le=1)]
"""How warm a Supporter's reply is meant to be: 0 is cool, 1 is warm."""
Turn: TypeAlias = Annotated[int, Field(ge=1)]
"""Turns count from 1; a turn is what the Seeker says and the answer to it."""
Text: TypeAlias = Annotated[str, Field(min_length=1)]
"""Words that somebody said or wrote: never empty."""
Split: TypeAlias = Literal["train", "validation", "test"]
"""Which part of every dataset a persona family belongs to, decided before simulation."""
Parameters: TypeAlias = dict[str, JsonValue]
"""Settings of a model or a policy as they were used, as plain JSON."""


FailureKind: TypeAlias = Literal[
    "rate_limit",
    "timeout",
    "context_overflow",
    "refusal",
    "malformed",
    "auth",
    "unreachable",
    "server",
    "unknown_model",
    "other",
]
"""Why a call of a model brought no usable answer."""


class Role(StrEnum):
    """Who speaks or weighs."""

    SEEKER = "seeker"
    SUPPORTER = "supporter"
    JUDGE = "judge"


class DialogueAct(StrEnum):
    """What a Seeker does with an utterance."""

    OPEN = "open"
    DISCLOSE = "disclose"
    ELABORATE = "elaborate"
    DEFLECT = "deflect"
    TEST = "test"
    PUSH_BACK = "push_back"
    ACCEPT = "accept"
    REFUSE = "refuse"
    REPORT_CALMER = "report_calmer"
    RELAPSE = "relapse"
    REMEMBER = "remember"
    CLOSE = "close"


class RiskLevel(StrEnum):
    """How near harm seems, from what was said."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    IMMINENT = "imminent"


class Affect(Value):
    """How a Seeker feels at one moment."""

    distress: Percent
    """0 at ease, 100 overwhelmed."""
    arousal: Percent
    """0 numb or asleep, 100 panic."""
    trust: Percent
    """Trust in this Supporter."""
    hope: Percent
    """How far things are felt to be able to change."""
    openness: Percent
    """Readiness to say what has not been said yet."""


class Danger(Value):
    """Words that call for a question about safety."""

    level: RiskLevel
    words: tuple[Text, ...] = Field(min_length=1)


class Violation(Value):
    """A hard line that a reply crossed."""

    rule: Text
    """The rule's name in the judge's rubric."""
    words: Text
    """The words that crossed it."""


class Appraisal(Value):
    """How the last message landed with a Seeker that a model voices, in its own words."""

    heard: str
    """What the Seeker heard in it."""
    why: str
    """Why it moved them as it did."""


class Fault(Value):
    """Something that a simulated Seeker must not say, found by the simulator's own check."""

    kind: Literal["role_swap", "helping", "echo", "contradiction", "graphic", "empty", "truncated"]
    words: str
    """The words that show it, or what is missing."""
