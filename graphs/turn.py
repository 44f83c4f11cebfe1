"""What happens in a turn, as pure steps from a scene to events. It knows agents and events, not LangGraph."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents import Cast, Proposal, Role, Scene, Spoken, Utterance
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

CARE_LEVELS = (0.2, 0.5, 0.8)


@dataclass(frozen=True)
class Outcome:
    """A turn that was decided: its events, the scene after it, what the Seeker says next."""

    events: tuple[Event, ...]
    scene: Scene
    following: Spoken


def open_scene(started: ConversationStarted) -> Scene:
    """The moment before the first word."""
    return Scene(started.persona, started.crisis, started.language, turn=0, said=(), affect=None)


def hear_seeker(scene: Scene, spoken: Spoken) -> tuple[Scene, SeekerSpoke]:
    """The Seeker spoke: a turn begins."""
    turn = scene.turn + 1
    event = SeekerSpoke(turn=turn, message=spoken.message, private_thought=spoken.thought, act=spoken.act, affect=spoken.affect)
    return replace(scene, turn=turn, said=(*scene.said, Utterance(Role.SEEKER, spoken.message)), affect=spoken.affect), event


def answer(scene: Scene, cast: Cast) -> Outcome:
    """Three replies, the reaction to each from the same moment, the judgement of each, and the choice of one."""
    weighed: list[tuple[float, Proposal, Spoken]] = []
    proposed: list[Event] = []
    foreseen: list[Event] = []
    judged: list[Event] = []
    for level in CARE_LEVELS:
        proposal = cast.supporter.propose(scene, level)
        reaction = cast.seeker.speak(_after(scene, proposal))
        judgement = cast.judge.weigh(scene, proposal, reaction)
        proposed.append(_proposed(scene.turn, proposal))
        foreseen.append(
            ReactionForeseen(
                turn=scene.turn, variant=proposal.variant, message=reaction.message, private_thought=reaction.thought,
                act=reaction.act, affect=reaction.affect,
            )
        )  # fmt: skip
        judged.append(
            VariantJudged(
                turn=scene.turn,
                variant=proposal.variant,
                judge=judgement.judge,
                scores=judgement.scores,
                evidence=judgement.evidence,
                violations=judgement.violations,
            )
        )
        weighed.append((judgement.scores["reward"], proposal, reaction))
    reward, chosen, following = max(weighed, key=lambda item: item[0])
    choice = VariantChosen(turn=scene.turn, variant=chosen.variant, chooser="best", reason=f"reward {reward:g}")
    return Outcome((*proposed, *foreseen, *judged, choice), _after(scene, chosen), following)


def _after(scene: Scene, proposal: Proposal) -> Scene:
    return replace(scene, said=(*scene.said, Utterance(Role.SUPPORTER, proposal.message)))


def _proposed(turn: int, proposal: Proposal) -> VariantProposed:
    return VariantProposed(
        turn=turn, variant=proposal.variant, care_level=proposal.care_level, style=proposal.style, strategy=proposal.strategy,
        message=proposal.message, private_thought=proposal.thought,
    )  # fmt: skip


def end(scene: Scene, *, closed: bool) -> ConversationEnded:
    """The conversation is over."""
    return ConversationEnded(outcome="closed_by_seeker" if closed else "turn_limit", turns=scene.turn)
