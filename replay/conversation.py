"""A conversation as its events tell it. It knows what each event adds, and nothing of where events come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
        rewards = [judged.scores["reward"].value for judged in self.judged if judged.variant == variant and "reward" in judged.scores]
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


def apply(conversation: Conversation, event: Event) -> Conversation:
    """What one more event makes of a conversation."""
    conversation.version += 1
    match event:
        case SeekerSpoke():
            conversation.exchanges.append(Exchange(event))
        case VariantProposed():
            conversation.exchanges[event.turn - 1].variants[event.variant] = event
        case ReactionForeseen():
            conversation.exchanges[event.turn - 1].foreseen[event.variant] = event
        case VariantJudged():
            conversation.exchanges[event.turn - 1].judged.append(event)
        case VariantChosen():
            conversation.exchanges[event.turn - 1].chosen = event
        case ConversationStarted():
            conversation.started = event
        case ConversationEnded():
            conversation.ended = event
        case _:
            # Votes, calls, flags and branch points change nothing of what was said.
            pass
    return conversation


def fold(events: Iterable[Event]) -> Conversation:
    """The conversation that events tell."""
    conversation = Conversation()
    for event in events:
        apply(conversation, event)
    return conversation
