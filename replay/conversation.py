"""A conversation as its events tell it. It knows what each event adds, and nothing of where events come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agents import Affect, Danger, DialogueAct, Persona, Role, Scene, SessionSnapshot, Spoken, Utterance, VariantId
from replay.editing import edited
from store import (
    BranchOpened,
    ConversationEnded,
    ConversationStarted,
    Event,
    ReactionForeseen,
    RiskFlagged,
    SeekerSpoke,
    VariantChosen,
    VariantJudged,
    VariantProposed,
)


@dataclass
class Exchange:
    """One turn: what the Seeker said, what might have been answered, what was."""

    spoken: SeekerSpoke
    variants: dict[VariantId, VariantProposed] = field(default_factory=dict)
    foreseen: dict[VariantId, ReactionForeseen] = field(default_factory=dict)
    judged: list[VariantJudged] = field(default_factory=list)
    chosen: VariantChosen | None = None
    flagged: RiskFlagged | None = None

    @property
    def reply(self) -> VariantProposed | None:
        """What the Supporter said."""
        return self.variants.get(self.chosen.variant) if self.chosen else None

    def reward(self, variant: VariantId) -> float | None:
        """The latest reward that a judge gave a variant."""
        rewards = [judged.scores["reward"] for judged in self.judged if judged.variant == variant and "reward" in judged.scores]
        return rewards[-1] if rewards else None

    def reaction(self) -> Spoken | None:
        """How the Seeker was foreseen to answer what the Supporter said."""
        foreseen = self.foreseen.get(self.chosen.variant) if self.chosen else None
        if foreseen is None:
            return None
        return Spoken(
            foreseen.message, foreseen.private_thought, foreseen.act, foreseen.affect, foreseen.told, foreseen.danger,
            foreseen.appraisal, foreseen.faults,
        )  # fmt: skip


@dataclass(frozen=True)
class Forked:
    """A branch on the way to this life."""

    opened: BranchOpened
    turn: int
    """The turn in which it left its parent."""


@dataclass
class Conversation:
    """What is known after some events; made by `fold`."""

    version: int = 0
    started: ConversationStarted | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    ended: ConversationEnded | None = None
    branches: list[Forked] = field(default_factory=list)
    """The forks on the way here, oldest first."""
    persona: Persona | None = None
    """Of the first event, with the edits of the branches."""
    settings: SessionSnapshot | None = None
    """Of the first event, with what the branches changed."""
    luck: int = 0
    """Which draws this life has; a branch may ask for other ones."""
    opening: bool = False
    """Whether a branch was just opened and nothing has followed from it."""

    @property
    def affect(self) -> Affect | None:
        """The Seeker's, after speaking last."""
        return self.exchanges[-1].spoken.affect if self.exchanges else None

    def said(self) -> tuple[Utterance, ...]:
        """All that was said aloud, in order."""
        words: list[Utterance] = []
        for exchange in self.exchanges:
            words.append(Utterance(Role.SEEKER, exchange.spoken.message))
            if exchange.reply:
                words.append(Utterance(Role.SUPPORTER, exchange.reply.message))
        return tuple(words)

    def scene(self) -> Scene:
        """What the agents see now."""
        if self.started is None or self.persona is None or self.settings is None:
            raise ValueError("a conversation without its first event has no scene")
        last = self.exchanges[-1] if self.exchanges else None
        return Scene(
            persona=self.persona,
            crisis=self.started.crisis,
            language=self.started.language,
            turn=len(self.exchanges),
            said=self.said(),
            affect=self.affect,
            told=tuple(key for exchange in self.exchanges for key in exchange.spoken.told),
            turns_left=self.settings.turn_limit - len(self.exchanges),
            leaving=last is not None and last.spoken.act is DialogueAct.CLOSE,
            danger=Danger(level=last.flagged.level, words=last.flagged.words) if last and last.flagged else None,
        )

    def distress(self) -> tuple[float, float] | None:
        """The Seeker's distress at the first word and where the last reply left it."""
        if not self.exchanges:
            return None
        reaction = self.exchanges[-1].reaction()
        return self.exchanges[0].spoken.affect.distress, (reaction or self.exchanges[-1].spoken).affect.distress


def _started(conversation: Conversation, event: ConversationStarted) -> None:
    conversation.started, conversation.persona, conversation.settings = event, event.persona, event.settings


def _branched(conversation: Conversation, event: BranchOpened) -> None:
    unanswered = bool(conversation.exchanges) and conversation.exchanges[-1].chosen is None
    conversation.branches.append(Forked(event, len(conversation.exchanges) + (not unanswered)))
    overrides = event.overrides
    if conversation.persona is not None and "persona" in overrides:
        conversation.persona = edited(conversation.persona, overrides["persona"])
    if conversation.settings is not None and "settings" in overrides:
        conversation.settings = edited(conversation.settings, overrides["settings"])
    if isinstance(luck := overrides.get("luck"), int):
        conversation.luck = luck


def _spoke(conversation: Conversation, event: SeekerSpoke) -> None:
    conversation.exchanges.append(Exchange(event))


def _flagged(conversation: Conversation, event: RiskFlagged) -> None:
    conversation.exchanges[event.turn - 1].flagged = event


def _proposed(conversation: Conversation, event: VariantProposed) -> None:
    conversation.exchanges[event.turn - 1].variants[event.variant] = event


def _foreseen(conversation: Conversation, event: ReactionForeseen) -> None:
    conversation.exchanges[event.turn - 1].foreseen[event.variant] = event


def _judged(conversation: Conversation, event: VariantJudged) -> None:
    conversation.exchanges[event.turn - 1].judged.append(event)


def _chosen(conversation: Conversation, event: VariantChosen) -> None:
    conversation.exchanges[event.turn - 1].chosen = event


def _ended(conversation: Conversation, event: ConversationEnded) -> None:
    conversation.ended = event


_TELLS: dict[type[Event], Callable[[Conversation, Any], None]] = {
    ConversationStarted: _started,
    BranchOpened: _branched,
    SeekerSpoke: _spoke,
    RiskFlagged: _flagged,
    VariantProposed: _proposed,
    ReactionForeseen: _foreseen,
    VariantJudged: _judged,
    VariantChosen: _chosen,
    ConversationEnded: _ended,
}
"""Votes and calls change nothing of what was said."""


def apply(conversation: Conversation, event: Event) -> Conversation:
    """What one more event makes of a conversation."""
    conversation.version += 1
    if tell := _TELLS.get(type(event)):
        tell(conversation, event)
        conversation.opening = isinstance(event, BranchOpened)
    return conversation


def fold(events: Iterable[Event]) -> Conversation:
    """The conversation that events tell."""
    conversation = Conversation()
    for event in events:
        apply(conversation, event)
    return conversation
