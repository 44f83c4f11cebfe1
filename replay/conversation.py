"""A conversation as its events tell it. It knows what each event adds, and nothing of where events come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from agents import Affect, Role, Scene, Utterance, VariantId
from store import (
    ConversationEnded,
    ConversationStarted,
    Event,
    ReactionForeseen,
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

    @property
    def reply(self) -> VariantProposed | None:
        """What the Supporter said."""
        return self.variants.get(self.chosen.variant) if self.chosen else None

    def reward(self, variant: VariantId) -> float | None:
        """The latest reward that a judge gave a variant."""
        rewards = [judged.scores["reward"] for judged in self.judged if judged.variant == variant and "reward" in judged.scores]
        return rewards[-1] if rewards else None


@dataclass
class Conversation:
    """What is known after some events; made by `fold`."""

    version: int = 0
    started: ConversationStarted | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    ended: ConversationEnded | None = None

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
        if self.started is None:
            raise ValueError("a conversation without its first event has no scene")
        return Scene(
            persona=self.started.persona,
            crisis=self.started.crisis,
            language=self.started.language,
            turn=len(self.exchanges),
            said=self.said(),
            affect=self.affect,
        )


def _started(conversation: Conversation, event: ConversationStarted) -> None:
    conversation.started = event


def _spoke(conversation: Conversation, event: SeekerSpoke) -> None:
    conversation.exchanges.append(Exchange(event))


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
    SeekerSpoke: _spoke,
    VariantProposed: _proposed,
    ReactionForeseen: _foreseen,
    VariantJudged: _judged,
    VariantChosen: _chosen,
    ConversationEnded: _ended,
}
"""Votes, calls, flags and branch points change nothing of what was said."""


def apply(conversation: Conversation, event: Event) -> Conversation:
    """What one more event makes of a conversation."""
    conversation.version += 1
    if tell := _TELLS.get(type(event)):
        tell(conversation, event)
    return conversation


def fold(events: Iterable[Event]) -> Conversation:
    """The conversation that events tell."""
    conversation = Conversation()
    for event in events:
        apply(conversation, event)
    return conversation
