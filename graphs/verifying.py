"""Proving that a session is what its agents would do: every event is made again and compared, byte for byte.

Only beginnings, forks, the words and choices of a person and the recorded answers of models are taken as given; all that follows from
them must come out the same. No model is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from agents import HUMAN, Call, CallFailed, Cast, Reply, Scene, StreamId, VariantId, cast, request_key
from graphs.branching import first_events
from graphs.choosers import chooser
from graphs.person import TYPED, by_person, typed
from graphs.position import Position, position_of
from graphs.record import Answers, answers_in
from graphs.session import chance_of
from graphs.turn import Choice, Weighed, chosen_event, ending, hear_seeker, propose, stances, variant_events, weigh
from replay import Conversation, apply
from store import (
    BranchOpened,
    ConversationEnded,
    ConversationStarted,
    Event,
    ModelFailed,
    ModelReplied,
    Registry,
    SeekerSpoke,
    StoredEvent,
    VariantChosen,
    VariantProposed,
)

_NOWHERE = StreamId("")


@dataclass(frozen=True)
class Verdict:
    """What a verification found."""

    compared: int
    """Events that were made again and are the same."""
    version: int | None = None
    """The version of the first event that is not the same."""
    found: str = ""
    expected: str = ""

    @property
    def same(self) -> bool:
        return self.version is None


class FromMemory:
    """Answers calls with what was answered then, and nothing else."""

    def __init__(self, answers: Answers, lineage: str) -> None:
        self._answers, self._lineage = answers, lineage

    async def ask(self, call: Call) -> Reply:
        reply = self._answers.replies.get(request_key(self._lineage, call))
        if reply is None:
            raise CallFailed("other", f"The log holds no answer to this call ({call.purpose}, turn {call.turn}).", lasting=True)
        return reply

    def unusable(self, call: Call, failure: CallFailed) -> None:
        """It is written down already."""


async def verify_session(stored: Sequence[StoredEvent]) -> Verdict:
    """Makes the events of one life again."""
    registry, conversation = Registry(), Conversation()
    answers = answers_in(one.event for one in stored)
    told = [(at, one.event) for at, one in enumerate(stored, 1) if not isinstance(one.event, (ModelReplied, ModelFailed))]
    events = [event for _, event in told]
    compared = index = 0
    while index < len(events):
        if isinstance(events[index], (ConversationStarted, BranchOpened)):
            opened = apply(conversation, events[index])
            index += 1
            made = await _first(opened, events[index - 1], answers)
        else:
            made = await _turn(conversation, events[index:], answers)
            if not made:
                return Verdict(compared, told[index][0], _shown(registry, events[index]), "nothing more: the conversation is over")
        for again in made:
            # A branch may leave its parent within a turn, and a session may have been stopped.
            if index == len(events) or isinstance(events[index], BranchOpened):
                break
            if _shown(registry, events[index]) != _shown(registry, again):
                return Verdict(compared, told[index][0], _shown(registry, events[index]), _shown(registry, again))
            apply(conversation, events[index])
            index += 1
            compared += 1
    return Verdict(compared)


def _shown(registry: Registry, event: Event) -> str:
    return f"{event.type} {registry.encode(event)}"


async def _first(opened: Conversation, event: Event, answers: Answers) -> list[Event]:
    """What follows at once from an opening."""
    if not isinstance(event, BranchOpened):
        return []
    return await first_events(opened, event.overrides, _cast(position_of(_NOWHERE, opened), answers))


def _cast(position: Position, answers: Answers) -> Cast:
    return cast(position.settings, position.seed, position.luck, FromMemory(answers, position.lineage))


async def _turn(conversation: Conversation, ahead: Sequence[Event], answers: Answers) -> list[Event]:
    """The events of the next turn, or of the rest of one that a branch began."""
    position = position_of(_NOWHERE, conversation)
    if position.ended:
        return []
    if isinstance(ahead[0], ConversationEnded) and ahead[0].outcome == "failed":
        return [ahead[0]]
    people, scene, made = _cast(position, answers), position.scene, list[Event]()
    if not position.unanswered:
        spoken = position.following or await people.seeker.speak(scene)
        if position.settings.models.get("seeker") == HUMAN and isinstance(ahead[0], SeekerSpoke):
            spoken = by_person(ahead[0].message, await people.seeker.speak(scene))
        scene, made = hear_seeker(scene, spoken)
    weighed = await weigh(scene, await propose(scene, people, stances(position.settings)), people, position.settings.look_ahead)
    choice = await _choice(scene, weighed, _of_turn(ahead), position, people)
    if choice.weighed not in weighed:
        weighed = [*weighed, choice.weighed]
    end = ending(scene)
    return [*made, *variant_events(scene.turn, weighed), chosen_event(scene.turn, choice), *([end] if end else [])]


def _of_turn(ahead: Sequence[Event]) -> list[Event]:
    """The recorded events up to where the next turn begins."""
    return [*ahead[:1], *takewhile(lambda event: not isinstance(event, (SeekerSpoke, BranchOpened)), ahead[1:])]


async def _choice(scene: Scene, weighed: list[Weighed], recorded: Sequence[Event], position: Position, people: Cast) -> Choice:
    if position.settings.chooser != HUMAN:
        return await chooser(position.settings.chooser, chance_of(position)).choose(scene, weighed)
    chosen = next((event.variant for event in recorded if isinstance(event, VariantChosen)), VariantId(""))
    if chosen == TYPED:
        words = next(event.message for event in recorded if isinstance(event, VariantProposed) and event.variant == TYPED)
        [own] = await weigh(scene, [typed(words)], people, position.settings.look_ahead)
        return Choice(own, HUMAN, "written by a person")
    by_name = {one.proposal.variant: one for one in weighed}
    return Choice(by_name.get(chosen, weighed[0]), HUMAN, "chosen by a person")
