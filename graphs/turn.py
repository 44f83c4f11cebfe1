"""What happens in a turn, as steps from a scene to events: somebody speaks, replies are proposed, foreseen, weighed, one is chosen.

It knows agents and events. LangGraph strings these steps together (`session.py`); so do verification and a plain loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from agents import (
    COLD,
    Affect,
    CallFailed,
    Cast,
    DialogueAct,
    Foreseen,
    Judgement,
    Proposal,
    Role,
    Scene,
    SessionSnapshot,
    Spoken,
    Stance,
    Utterance,
    stance_of,
    watch,
)
from store import ConversationEnded, Event, ReactionForeseen, RiskFlagged, SeekerSpoke, VariantChosen, VariantJudged, VariantProposed

T = TypeVar("T")


@dataclass(frozen=True)
class Weighed:
    """A reply with what is foreseen of it and what the judges make of it."""

    proposal: Proposal
    foreseen: Foreseen | None
    judgement: Judgement

    @property
    def reward(self) -> float:
        return self.judgement.scores["reward"]


def stances(settings: SessionSnapshot) -> tuple[Stance, ...]:
    """In which manners the Supporter proposes."""
    levels = tuple(map(stance_of, settings.care_levels))
    return (*levels, COLD) if settings.cold else levels


def hear_seeker(scene: Scene, spoken: Spoken) -> tuple[Scene, list[Event]]:
    """The Seeker spoke: a turn begins."""
    turn = scene.turn + 1
    danger = spoken.danger or watch(spoken.message)
    events: list[Event] = [
        SeekerSpoke(
            turn=turn, message=spoken.message, private_thought=spoken.thought, act=spoken.act, affect=spoken.affect, told=spoken.told,
            appraisal=spoken.appraisal, faults=spoken.faults,
        )
    ]  # fmt: skip
    if danger:
        events.append(RiskFlagged(turn=turn, level=danger.level, words=danger.words))
    after = replace(
        scene,
        turn=turn,
        said=(*scene.said, Utterance(Role.SEEKER, spoken.message)),
        affect=spoken.affect,
        told=(*scene.told, *spoken.told),
        turns_left=None if scene.turns_left is None else scene.turns_left - 1,
        leaving=spoken.act is DialogueAct.CLOSE,
        danger=danger,
    )
    return after, events


async def propose(scene: Scene, cast: Cast, manners: Sequence[Stance]) -> list[Proposal]:
    """One reply in each manner, at once; a manner in which the model finds no words is left out."""
    return await _all([cast.supporter.propose(scene, stance) for stance in manners])


async def weigh(scene: Scene, proposals: Sequence[Proposal], cast: Cast, look_ahead: int) -> list[Weighed]:
    """What each reply would lead to, from the same moment, and what the judges make of it; one that cannot be weighed is left out."""
    return await _all([_weigh(scene, proposal, cast, look_ahead) for proposal in proposals])


async def _all(steps: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What came of steps taken at once. All of them end before anything is raised: what was asked of a model is paid, and kept.

    A step that failed for good is left out while another one is left.
    """
    results = await asyncio.gather(*steps, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    done = [result for result in results if not isinstance(result, BaseException)]
    for failure in failures:
        if not (isinstance(failure, CallFailed) and failure.lasts):
            raise failure
    if failures and not done:
        raise failures[0]
    return done


async def _weigh(scene: Scene, proposal: Proposal, cast: Cast, look_ahead: int) -> Weighed:
    foreseen = await foresee(scene, proposal, cast, look_ahead) if look_ahead else None
    return Weighed(proposal, foreseen, await cast.judge.weigh(scene, proposal, foreseen))


async def foresee(scene: Scene, proposal: Proposal, cast: Cast, look_ahead: int) -> Foreseen:
    """The Seeker's answer to a reply, and where further exchanges in the same manner would lead."""
    after = answered(scene, proposal)
    first = spoken = await cast.seeker.speak(after)
    ahead: list[Affect] = []
    for _ in range(look_ahead - 1):
        if after.leaving or after.turns_left == 0:
            break
        try:
            after, _ = hear_seeker(after, spoken)
            following = await cast.supporter.propose(after, Stance(proposal.style, proposal.care_level))
            after = answered(after, following)
            spoken = await cast.seeker.speak(after)
        except CallFailed as failure:
            if not failure.lasts:
                raise
            break  # no model sees further, and what was seen so far holds
        ahead.append(spoken.affect)
    return Foreseen(first, tuple(ahead))


def answered(scene: Scene, proposal: Proposal) -> Scene:
    """The scene after a reply was given."""
    return replace(scene, said=(*scene.said, Utterance(Role.SUPPORTER, proposal.message)))


def variant_events(turn: int, weighed: Sequence[Weighed]) -> list[Event]:
    """Everything about the replies of a turn but which one was chosen."""
    proposed: list[Event] = [
        VariantProposed(
            turn=turn, variant=w.proposal.variant, care_level=w.proposal.care_level, style=w.proposal.style,
            strategy=w.proposal.strategy, message=w.proposal.message, private_thought=w.proposal.thought,
        )
        for w in weighed
    ]  # fmt: skip
    foreseen: list[Event] = [_foreseen(turn, w.proposal, w.foreseen) for w in weighed if w.foreseen]
    judged: list[Event] = [
        VariantJudged(
            turn=turn, variant=w.proposal.variant, judge=w.judgement.judge, scores=w.judgement.scores,
            evidence=w.judgement.evidence, violations=w.judgement.violations,
        )
        for w in weighed
    ]  # fmt: skip
    return [*proposed, *foreseen, *judged]


def _foreseen(turn: int, proposal: Proposal, foreseen: Foreseen) -> ReactionForeseen:
    spoken = foreseen.spoken
    return ReactionForeseen(
        turn=turn, variant=proposal.variant, message=spoken.message, private_thought=spoken.thought, act=spoken.act,
        affect=spoken.affect, told=spoken.told, danger=spoken.danger or watch(spoken.message), ahead=foreseen.ahead,
        appraisal=spoken.appraisal, faults=spoken.faults,
    )  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Which reply continues the conversation, by whom and why."""

    weighed: Weighed
    chooser: str
    reason: str


def chosen_event(turn: int, choice: Choice) -> VariantChosen:
    """The event that says so."""
    return VariantChosen(turn=turn, variant=choice.weighed.proposal.variant, chooser=choice.chooser, reason=choice.reason)


def ending(scene: Scene) -> ConversationEnded | None:
    """How a conversation is over after this turn, if it is."""
    if scene.turns_left == 0:
        return ConversationEnded(outcome="turn_limit", turns=scene.turn)
    if scene.leaving:
        return ConversationEnded(outcome="closed_by_seeker", turns=scene.turn)
    return None
