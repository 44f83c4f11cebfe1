"""Conversations to measure with: events of about 1 KB, of the kinds and sizes that a session writes, the same in every run.

The words are a benchmark's, not a persona's: whole sentences in a random order, some with letters beyond ASCII.
"""

from __future__ import annotations

import random
from functools import lru_cache

from agents import Affect, DialogueAct, RiskLevel, VariantId
from store import (
    ConversationEnded,
    Event,
    ReactionForeseen,
    RiskFlagged,
    SeekerSpoke,
    VariantChosen,
    VariantJudged,
    VariantProposed,
)
from tests.stories import started

PER_TURN = 8
"""One utterance, two variants with a foreseen reaction and a judgement each, one choice."""
PER_CONVERSATION = 100
_TURNS = 12

_SENTENCES = (
    "I keep setting the table for two and only notice when I sit down.",
    "Nobody at work has said a word about it since I came back.",
    "It’s the evenings that are hard, when the street goes quiet.",
    "My sister calls on Sundays, and I tell her that I am fine.",
    "You have carried this alone for a long time, it sounds like.",
    "What would it be like to let one person know a little of it?",
    "I don’t know what I expected you to say to that, honestly.",
    "There is a café on the corner where we used to go, and I cross the road.",
    "You don’t have to decide anything tonight; we can stay with this for a while.",
    "Some mornings I am up before the alarm, and some days I never get up at all.",
    "That you still water the plants tells me that a part of you is looking after things.",
    "I thought that it would be easier by spring, and now it is June.",
    "When you said that, I noticed that my shoulders came down a bit.",
    "Maybe. I’ve heard that before, and then nothing happened.",
    "It makes sense that you are angry; a promise was broken.",
    "She left her coat here – it is still hanging in the hall.",
)
_DIMENSIONS = ("empathy", "attunement", "autonomy", "clarity", "pacing")
_STRATEGIES = ("reflect", "validate", "ask_open", "name_strength", "offer_choice", "stay_silent")


def turn(number: int, random_: random.Random) -> list[Event]:
    """The eight events of one turn."""
    events: list[Event] = [
        SeekerSpoke(
            turn=number, message=_words(random_, 11), private_thought=_words(random_, 4), act=_act(random_), affect=_affect(random_)
        )
    ]
    for care_level, name in ((0.2, "a"), (0.8, "b")):
        events += _variant(number, VariantId(f"{number}{name}"), care_level, random_)
    events.append(
        VariantChosen(turn=number, variant=VariantId(f"{number}{random_.choice('ab')}"), chooser="best", reason=_words(random_, 6))
    )
    return events


def _variant(number: int, variant: VariantId, care_level: float, random_: random.Random) -> list[Event]:
    return [
        VariantProposed(
            turn=number,
            variant=variant,
            care_level=care_level,
            style="warm" if care_level > 0.5 else "plain",
            strategy=tuple(random_.sample(_STRATEGIES, 3)),
            message=_words(random_, 11),
            private_thought=_words(random_, 5),
        ),
        ReactionForeseen(
            turn=number,
            variant=variant,
            message=_words(random_, 10),
            private_thought=_words(random_, 4),
            act=_act(random_),
            affect=_affect(random_),
        ),
        VariantJudged(
            turn=number,
            variant=variant,
            judge="constitution@3",
            scores={dimension: round(random_.uniform(0, 5), 2) for dimension in _DIMENSIONS},
            evidence={dimension: (_words(random_, 1), _words(random_, 1)) for dimension in _DIMENSIONS},
        ),
    ]


def conversation(seed: int) -> list[Event]:
    """A whole conversation of 100 events."""
    random_ = random.Random(seed)
    events: list[Event] = [started(seed)]
    for number in range(1, _TURNS + 1):
        events += turn(number, random_)
        if number in (4, 8):
            events.append(RiskFlagged(turn=number, level=RiskLevel.LOW, words=(_words(random_, 1),)))
    return [*events, ConversationEnded(outcome="closed_by_seeker", turns=_TURNS, reason=_words(random_, 1))]


@lru_cache(maxsize=1)
def conversations() -> tuple[list[Event], ...]:
    """Fifty conversations to draw from, so that a big log need not be made of as many objects."""
    return tuple(conversation(seed) for seed in range(50))


def turns(count: int) -> list[list[Event]]:
    """One turn after another, numbered from 1."""
    random_ = random.Random(count)
    return [turn(number, random_) for number in range(1, count + 1)]


def _words(random_: random.Random, sentences: int) -> str:
    return " ".join(random_.choices(_SENTENCES, k=sentences))


def _act(random_: random.Random) -> DialogueAct:
    return random_.choice(list(DialogueAct))


def _affect(random_: random.Random) -> Affect:
    return Affect(**{name: round(random_.uniform(0, 100), 1) for name in Affect.model_fields})
