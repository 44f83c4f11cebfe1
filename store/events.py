"""The vocabulary: every fact that the log can hold, in the past tense.

An event knows what happened, in value types of `agents`; it knows no stream, position or hash. A changed field means a
higher `schema_version`, an upcaster (`store/upcasters.py`) and a golden file.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, JsonValue

from agents import (
    Affect,
    Appraisal,
    CareLevel,
    Crisis,
    Danger,
    DialogueAct,
    EventId,
    FailureKind,
    Fault,
    Parameters,
    Persona,
    RiskLevel,
    Role,
    SessionSnapshot,
    Split,
    StreamId,
    Text,
    Turn,
    Value,
    VariantId,
    Violation,
)

Count = Annotated[int, Field(ge=0)]
Attempt = Annotated[int, Field(ge=1)]
Amount = Annotated[float, Field(ge=0)]


class Event(Value):
    """The base of all events; `type` is what the log stores, never a class path."""

    # Written as null, a NaN within a dict would be lost without a word; written as itself, the registry refuses it.
    model_config = ConfigDict(ser_json_inf_nan="constants")
    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


class ConversationStarted(Event):
    """A conversation begins, with everything that shapes it."""

    type = "conversation_started"
    schema_version = 3
    persona: Persona
    crisis: Crisis
    seed: int
    """The root of every random draw of this conversation."""
    split: Split
    language: Text
    settings: SessionSnapshot


class SeekerSpoke(Event):
    """The Seeker said something."""

    type = "seeker_spoke"
    schema_version = 3
    turn: Turn
    message: Text
    private_thought: str = ""
    act: DialogueAct
    affect: Affect
    """After speaking."""
    told: tuple[str, ...] = ()
    """What of its story a built-in Seeker told, by key."""
    appraisal: Appraisal | None = None
    """How the last reply landed, as a Seeker that a model voices tells it."""
    faults: tuple[Fault, ...] = ()
    """The mark of a simulator's fault: what this Seeker should not have said, and said again when asked anew."""


class VariantProposed(Event):
    """The Supporter might answer this."""

    type = "variant_proposed"
    turn: Turn
    variant: VariantId
    care_level: CareLevel
    style: Text
    strategy: tuple[str, ...] = ()
    """The moves that the reply makes, in order."""
    message: Text
    private_thought: str = ""


class ReactionForeseen(Event):
    """How this Seeker would answer one variant, and how it would leave them."""

    type = "reaction_foreseen"
    schema_version = 3
    turn: Turn
    variant: VariantId
    message: Text
    private_thought: str = ""
    act: DialogueAct
    affect: Affect
    told: tuple[str, ...] = ()
    """What of its story this would tell, by key."""
    danger: Danger | None = None
    """What of it would be flagged."""
    ahead: tuple[Affect, ...] = ()
    """The affect after each further exchange that was looked ahead to."""
    appraisal: Appraisal | None = None
    """How the reply would land, as a Seeker that a model voices tells it."""
    faults: tuple[Fault, ...] = ()
    """The mark of a simulator's fault, as in `SeekerSpoke`."""


class VariantJudged(Event):
    """One judge weighed one variant."""

    type = "variant_judged"
    schema_version = 2
    turn: Turn
    variant: VariantId
    judge: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    """`name@version`."""
    scores: dict[str, float]
    """Dimension to score, on the scale of the judge's rubric."""
    evidence: dict[str, tuple[str, ...]] = {}
    """Dimension to the words that earned its score, quoted from the reply or from what it answers."""
    violations: tuple[Violation, ...] = ()


class VariantChosen(Event):
    """This variant is what the Supporter said."""

    type = "variant_chosen"
    turn: Turn
    variant: VariantId
    chooser: Text
    """The policy or person that chose."""
    reason: str = ""


class RiskFlagged(Event):
    """Something said in this turn shows danger."""

    type = "risk_flagged"
    turn: Turn
    level: RiskLevel
    words: tuple[Text, ...] = Field(min_length=1)


class ModelReplied(Event):
    """One raw model call was answered."""

    type = "model_replied"
    schema_version = 2
    purpose: Text
    """What the call was for, such as `seeker.speak` or `judge.empathy`."""
    role: Role
    turn: Turn | None = None
    variant: VariantId | None = None
    """The reply that it proposes or weighs."""
    request_key: Text
    """The hash of everything that determines the answer; on resume, the same key is answered from the log."""
    model: Text
    parameters: Parameters = {}
    text: str
    prompt_tokens: Count
    completion_tokens: Count
    cost: Amount
    """In US dollars."""
    latency_ms: Amount
    attempt: Attempt
    cut: bool = False
    """Whether the answer ends because it was as long as it may be."""
    counted: bool = True
    """Whether the server counted the tokens; otherwise they are estimated."""
    kept: bool = False
    """Whether it was answered from a cache; nothing was paid then."""


class ModelFailed(Event):
    """One raw model call failed."""

    type = "model_failed"
    schema_version = 2
    purpose: Text
    role: Role
    turn: Turn | None = None
    variant: VariantId | None = None
    request_key: Text
    model: Text
    parameters: Parameters = {}
    failure: FailureKind
    message: str
    """What the server or the network said, without secrets."""
    prompt_tokens: Count = 0
    """What was billed all the same."""
    completion_tokens: Count = 0
    cost: Amount = 0.0
    latency_ms: Amount
    attempt: Attempt
    asked: bool = True
    """Whether a server was asked; False where an answer that is kept could not be used."""


class PreferenceVoted(Event):
    """A person chose between two variants, blind."""

    type = "preference_voted"
    turn: Turn
    shown: tuple[VariantId, VariantId]
    """In the order in which they were shown."""
    choice: Literal["first", "second", "tie", "both_bad"]
    voter: Text
    guideline: Text
    """The version of the guideline that the voter followed."""
    note: str = ""


class PreferenceWithdrawn(Event):
    """A person took a vote back."""

    type = "preference_withdrawn"
    vote: EventId
    voter: Text
    reason: str = ""


class BranchOpened(Event):
    """Another life of a conversation begins at one of its versions."""

    type = "branch_opened"
    parent: StreamId
    version: Count
    """The last version that both share."""
    reason: Text
    overrides: dict[str, JsonValue] = {}
    """What is different from here on."""


class RunPlanned(Event):
    """A batch is going to hold these conversations."""

    type = "run_planned"
    conversations: tuple[StreamId, ...]
    settings: Parameters = {}
    budget: Parameters = {}


class RunEnded(Event):
    """A batch is over."""

    type = "run_ended"
    outcome: Literal["completed", "partly_failed", "stopped", "budget_spent"]
    ended: Count
    failed: Count
    reason: str = ""


class ConversationEnded(Event):
    """A conversation is over."""

    type = "conversation_ended"
    outcome: Literal["closed_by_seeker", "turn_limit", "stopped_for_safety", "failed"]
    turns: Count
    reason: str = ""


class ConversationImported(Event):
    """A conversation comes from a corpus."""

    type = "conversation_imported"
    corpus: Text
    row: Text
    """The row's id or number in the corpus."""
    licence: Text
    mapping: Text
    """The name and version of the mapping that read it."""
    notes: Parameters = {}


VOCABULARY: tuple[type[Event], ...] = (
    ConversationStarted,
    SeekerSpoke,
    VariantProposed,
    ReactionForeseen,
    VariantJudged,
    VariantChosen,
    RiskFlagged,
    ModelReplied,
    ModelFailed,
    PreferenceVoted,
    PreferenceWithdrawn,
    BranchOpened,
    RunPlanned,
    RunEnded,
    ConversationEnded,
    ConversationImported,
)
"""Every event in its current version."""
