"""A session on LangGraph: the Seeker speaks, replies are proposed, weighed and one is chosen, again until somebody ends it.

One node a stage, compiled once, no checkpointer: the log is the checkpoint, and each turn is in it, whole, before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from agents import (
    HUMAN,
    CallFailed,
    Cast,
    Chance,
    Guest,
    Halted,
    Proposal,
    Scene,
    SessionSnapshot,
    Spoken,
    StreamId,
    Switchboard,
    cast,
    check_language,
    check_model,
    rubrics,
    sources,
)
from graphs.choosers import Chooser, chooser
from graphs.person import Person, PersonAsSeeker, typed
from graphs.position import Position, position_of
from graphs.record import Answers, Record
from graphs.turn import Choice, Weighed, answered, chosen_event, ending, hear_seeker, propose, stances, variant_events, weigh
from replay import Conversation, apply
from store import ConversationEnded, ConversationStarted, Event, Log

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Shown = Callable[[Sequence[Event]], None]


class State(TypedDict, total=False):
    """What flows along the edges."""

    scene: Scene
    following: Spoken | None
    unanswered: bool
    pending: list[Event]
    """Events of the turn in hand."""
    proposals: list[Proposal]
    weighed: list[Weighed]
    choice: Choice
    ended: bool


@dataclass(frozen=True)
class Stage:
    """Where sessions take place: the log, the models if any are asked, and who watches."""

    log: Log
    show: Shown = lambda events: None
    switchboard: Switchboard | None = None
    person: Person | None = None
    stopping: Callable[[], bool] = lambda: False
    """Asked before each turn: whether it is time to leave."""


@dataclass(frozen=True)
class Session:
    """One conversation in the making: its cast, its log, who chooses and who watches."""

    record: Record
    settings: SessionSnapshot
    cast: Cast
    chooser: Chooser
    stage: Stage

    async def play(self, position: Position) -> Position:
        """Plays from a position to the end.

        What a model cannot do today (no key, no server, too many requests) is raised, and the session stays open; what it will never do
        ends the session as failed.
        """
        if position.ended:
            return position
        if position.opening:
            raise ValueError(f"{position.stream} was just opened; `branching.follow` says what follows first")
        state: State = {
            "scene": position.scene,
            "following": position.following,
            "unanswered": position.unanswered,
            "pending": [],
            "ended": False,
        }
        limit = 4 * max(1, self.settings.turn_limit - position.scene.turn + 1) + 8
        config: Any = {"recursion_limit": limit, "configurable": {"session": self}}
        from langsmith.run_helpers import tracing_context

        try:
            # LangGraph would send every state to a tracing service that the environment names: a conversation is nobody's business.
            with tracing_context(enabled=False):
                end = await compiled().ainvoke(state, config)
        except CallFailed as failure:
            if not failure.lasts:
                raise
            return self.end_as_failed(position, failure)
        return replace(position, version=self.record.version, scene=end["scene"], following=None, unanswered=False, ended=True)

    def end_as_failed(self, position: Position, failure: CallFailed) -> Position:
        """The session ends here, with all that it has."""
        ended = ConversationEnded(outcome="failed", turns=self.record.turns, reason=f"{failure.kind}: {failure}")
        self.record.append([ended])
        self.stage.show([ended])
        return replace(position, version=self.record.version, ended=True)

    async def seeker_speaks(self, state: State) -> State:
        """A turn begins, unless a branch begins within one."""
        if self.stage.stopping():
            raise Halted("stopped")
        if state["unanswered"]:
            return {"unanswered": False, "pending": []}
        scene = state["scene"]
        if self.stage.person is not None and self.settings.models.get("seeker") == HUMAN:
            spoken = await PersonAsSeeker(self.stage.person, self.cast.seeker).speak(scene)
        else:
            spoken = state.get("following") or await self.cast.seeker.speak(scene)
        scene, events = hear_seeker(scene, spoken)
        return {"scene": scene, "pending": events, "following": None}

    async def supporter_proposes(self, state: State) -> State:
        """Replies in all manners, at once."""
        return {"proposals": await propose(state["scene"], self.cast, stances(self.settings))}

    async def judges_weigh(self, state: State) -> State:
        """Where each reply would lead, and what it is worth."""
        return {"weighed": await weigh(state["scene"], state["proposals"], self.cast, self.settings.look_ahead)}

    async def variant_is_chosen(self, state: State) -> State:
        """One reply becomes what was said; the turn is kept whole, then shown."""
        scene, weighed = state["scene"], state["weighed"]
        choice = await self._choose(scene, weighed)
        if choice.weighed not in weighed:
            weighed = [*weighed, choice.weighed]
        end = ending(scene)
        events = [*state["pending"], *variant_events(scene.turn, weighed), chosen_event(scene.turn, choice), *([end] if end else [])]
        self.record.append(events)
        self.stage.show(events)
        foreseen = choice.weighed.foreseen
        return {
            "scene": answered(scene, choice.weighed.proposal),
            "following": foreseen.spoken if foreseen else None,
            "pending": [],
            "ended": end is not None,
        }

    async def _choose(self, scene: Scene, weighed: list[Weighed]) -> Choice:
        if self.stage.person is None or self.settings.chooser != HUMAN:
            return await self.chooser.choose(scene, weighed)
        decided = await self.stage.person.decide(scene, weighed)
        if isinstance(decided, Weighed):
            return Choice(decided, HUMAN, "chosen by a person")
        [own] = await weigh(scene, [typed(decided)], self.cast, self.settings.look_ahead)
        return Choice(own, HUMAN, "written by a person")


def after_turn(state: State) -> Literal["again", "end"]:
    """Where a turn leads."""
    return "end" if state["ended"] else "again"


STAGES = ("seeker_speaks", "supporter_proposes", "judges_weigh", "variant_is_chosen")


@cache
def compiled() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The turn graph, compiled once; the session travels in the run's configuration."""
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph import END, START, StateGraph

    def node(stage: str) -> Callable[[State, RunnableConfig], Any]:
        async def run(state: State, config: RunnableConfig) -> Any:
            return await getattr(config["configurable"]["session"], stage)(state)

        # LangGraph reads the annotation to know that the node wants the configuration.
        run.__annotations__ = {"state": State, "config": RunnableConfig, "return": Any}
        return run

    graph = StateGraph(State)
    for stage in STAGES:
        graph.add_node(stage, node(stage))  # type: ignore[call-overload]
    graph.add_edge(START, STAGES[0])
    for before, after in pairwise(STAGES):
        graph.add_edge(before, after)
    graph.add_conditional_edges(STAGES[-1], after_turn, {"again": STAGES[0], "end": END})
    return graph.compile()


def snapshot(settings: SessionSnapshot) -> SessionSnapshot:
    """The settings with the versions of everything that speaks and weighs, all names checked."""
    for chair, model in settings.models.items():
        check_model(chair, model)
    if settings.chooser != HUMAN:
        chooser(settings.chooser, Chance(0))
    return settings.model_copy(update={"prompts": sources(settings.models), "rubrics": rubrics()})


def first_event(guest: Guest, seed: int, settings: SessionSnapshot, language: str = "en") -> ConversationStarted:
    """The first event, with every setting."""
    check_language(language, settings.models)
    return ConversationStarted(
        persona=guest.persona, crisis=guest.crisis, seed=seed, split=guest.split, language=language, settings=snapshot(settings)
    )


def begin(log: Log, stream: StreamId, started: ConversationStarted) -> Position:
    """A new conversation, kept."""
    log.append(stream, 0, [started])
    return position_of(stream, apply(Conversation(), started))


def session_at(position: Position, stage: Stage, answers: Answers | None = None) -> Session:
    """The session that goes on from a position; `answers` are those that its stream holds already."""
    settings = position.settings
    record = Record(stage.log, position.stream, position.version, answers, position.scene.turn)
    asking = stage.switchboard.caller(record, position.lineage) if stage.switchboard else None
    people = cast(settings, position.seed, position.luck, asking)
    choosing = chooser(settings.chooser if settings.chooser != HUMAN else "best", chance_of(position))
    return Session(record, settings, people, choosing, stage)


def chance_of(position: Position) -> Chance:
    """The draws of a session that no agent makes."""
    return Chance(position.seed, "session", *([f"luck {position.luck}"] if position.luck else []))
