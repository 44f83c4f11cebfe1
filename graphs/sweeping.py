"""What every reply that might have been given was worth: each is played to the end from its own moment, as a branch.

The value of a reply is counterfactual: the same Seeker, the same moment, the same luck, another reply.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents import Ids, StreamId, VariantId
from graphs.branching import Override, fork, open_branch
from graphs.playing import play_on
from graphs.session import Stage
from replay import Conversation, fold, load
from store import StoredEvent

REASON = "sweep"


@dataclass(frozen=True)
class After:
    """How distressed a Seeker was after a reply."""

    rest: float
    """On the mean of all that followed, the reaction to the reply first."""
    end: float
    """When it was over."""


@dataclass(frozen=True)
class Reply:
    """One reply of a turn and where it led."""

    variant: VariantId
    style: str
    reward: float | None
    chosen: bool
    lives: tuple[After, ...]
    """What came of it, for each time that it was played."""
    branches: tuple[StreamId, ...]
    worth: float = 0.0
    """How much less distress there was in the rest of the session than on the mean of its turn's replies."""

    @property
    def distress(self) -> float:
        """In the rest of the session, on the mean of all lives."""
        return statistics.fmean(life.rest for life in self.lives)

    @property
    def end(self) -> float:
        """At the end, on the mean of all lives."""
        return statistics.fmean(life.end for life in self.lives)

    @property
    def spread(self) -> float:
        """Between the calmest and the least calm of its lives."""
        rests = [life.rest for life in self.lives]
        return max(rests) - min(rests)


@dataclass(frozen=True)
class Worth:
    """The replies of one turn."""

    turn: int
    replies: tuple[Reply, ...]

    def best(self) -> Reply:
        return max(self.replies, key=lambda reply: reply.worth)

    def as_json(self) -> dict[str, object]:
        return {
            "turn": self.turn,
            "between": max(r.distress for r in self.replies) - min(r.distress for r in self.replies),
            "replies": [
                {
                    "variant": reply.variant, "style": reply.style, "reward": reply.reward, "chosen": reply.chosen, "distress": reply.distress,
                    "end": reply.end, "worth": reply.worth, "spread": reply.spread, "branches": reply.branches,
                    "lives": [{"rest": life.rest, "end": life.end} for life in reply.lives],
                }
                for reply in self.replies
            ],
        }  # fmt: skip


async def sweep(
    stage: Stage, stream: StreamId, turns: Sequence[int], samples: int, *, ids: Ids, tell: Callable[[int], None]
) -> list[Worth]:
    """Plays the replies of some turns; what an earlier sweep played already is not played again."""
    events = stage.log.read(stream)
    whole = fold(stored.event for stored in events)
    lives = _Lives(stage, stream, events, ids)
    done = 0
    worths = []
    for turn in turns:
        exchange = whole.exchanges[turn - 1]
        replies = []
        for variant, proposed in exchange.variants.items():
            chosen = exchange.chosen is not None and exchange.chosen.variant == variant
            lived = [_after(whole, turn)] if chosen else []
            branches = []
            for sample in range(len(lived), samples):
                branch, conversation = await lives.played(turn, variant, sample)
                branches.append(branch)
                lived.append(_after(conversation, turn))
            done += samples
            tell(done)
            replies.append(Reply(variant, proposed.style, exchange.reward(variant), chosen, tuple(lived), tuple(branches)))
        worths.append(_weighed(turn, replies))
    return worths


class _Lives:
    """The branches of a sweep, those of earlier ones among them."""

    def __init__(self, stage: Stage, stream: StreamId, events: Sequence[StoredEvent], ids: Ids) -> None:
        self._stage, self._stream, self._events, self._ids = stage, stream, events, ids
        self._known: dict[tuple[int, str], StreamId] = {}
        for child in stage.log.children(stream):
            forked = load(stage.log, child.id).branches[-1]
            if forked.opened.reason == REASON:
                self._known[forked.turn, str(forked.opened.overrides)] = child.id

    async def played(self, turn: int, variant: VariantId, sample: int) -> tuple[StreamId, Conversation]:
        """One reply played to the end; a life that was stopped is gone on with."""
        override = Override(choose=variant, luck=sample or None)
        branch = self._known.get((turn, str(override.as_json())))
        if branch is None:
            branch = StreamId(self._ids.branch())
            open_branch(self._stage.log, self._stream, branch, fork(self._events, turn, override), override, reason=REASON)
        await play_on(branch, self._stage)
        return branch, load(self._stage.log, branch)


def _after(conversation: Conversation, turn: int) -> After:
    """What came after the reply of a turn."""
    felt = [(exchange.reaction() or exchange.spoken).affect.distress for exchange in conversation.exchanges[turn - 1 :]]
    return After(statistics.fmean(felt), felt[-1])


def _weighed(turn: int, replies: Sequence[Reply]) -> Worth:
    mean = statistics.fmean(reply.distress for reply in replies)
    return Worth(turn, tuple(replace(reply, worth=mean - reply.distress) for reply in replies))
