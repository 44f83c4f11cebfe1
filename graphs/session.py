"""A session on LangGraph: the Seeker speaks, the turn is answered and appended, again until somebody ends it.

There is no checkpointer: the log is the checkpoint, and each turn is in it before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypedDict

from agents import Cast, DialogueAct, Ids, Scene, SessionSnapshot, Spoken, StreamId
from graphs.turn import CARE_LEVELS, answer, end, hear_seeker, open_scene
from store import ConversationEnded, ConversationStarted, Event, Log

Shown = Callable[[list[Event]], None]


class State(TypedDict, total=False):
    """What flows along the edges."""

    scene: Scene
    following: Spoken | None
    version: int
    ended: bool


class Session:
    """One conversation between a cast, written to a log."""

    def __init__(self, cast: Cast, log: Log, turn_limit: int = 20, show: Shown = lambda events: None) -> None:
        self._cast, self._log, self._turn_limit, self._show = cast, log, turn_limit, show

    def play(self, seed: int, ids: Ids) -> StreamId:
        """Plays from the first word to the end and returns the conversation's id."""
        started = self.started(seed)
        stream = StreamId(ids.conversation())
        version = self._keep(stream, 0, [started])
        state: State = {"scene": open_scene(started), "following": None, "version": version, "ended": False}
        self._compiled(stream).invoke(state, {"recursion_limit": 2 * self._turn_limit + 5})
        return stream

    def started(self, seed: int) -> ConversationStarted:
        """The first event, with every setting."""
        cast = self._cast
        return ConversationStarted(
            persona=cast.persona,
            crisis=cast.crisis,
            seed=seed,
            split="train",
            language="en",
            settings=SessionSnapshot(
                models={"seeker": "builtin", "supporter": "builtin", "judge": "builtin"},
                prompts=cast.sources,
                chooser="best",
                turn_limit=self._turn_limit,
                care_levels=CARE_LEVELS,
            ),
        )

    def _compiled(self, stream: StreamId) -> Any:
        from langgraph.graph import END, START, StateGraph

        def play_turn(state: State) -> State:
            return self._turn(stream, state)

        graph = StateGraph(State)
        graph.add_node("turn", play_turn)
        graph.add_edge(START, "turn")
        graph.add_conditional_edges("turn", after_turn, {"again": "turn", "end": END})
        return graph.compile()

    def _turn(self, stream: StreamId, state: State) -> State:
        scene, spoke = hear_seeker(state["scene"], state.get("following") or self._cast.seeker.speak(state["scene"]))
        if spoke.act is DialogueAct.CLOSE:
            version = self._keep(stream, state["version"], [spoke, end(scene, closed=True)])
            return {"scene": scene, "version": version, "ended": True}
        outcome = answer(scene, self._cast)
        last = scene.turn >= self._turn_limit
        ending: list[ConversationEnded] = [end(scene, closed=False)] if last else []
        version = self._keep(stream, state["version"], [spoke, *outcome.events, *ending])
        return {"scene": outcome.scene, "following": outcome.following, "version": version, "ended": last}

    def _keep(self, stream: StreamId, version: int, events: list[Event]) -> int:
        head = self._log.append(stream, version, events)
        self._show(events)
        return head.version


def after_turn(state: State) -> Literal["again", "end"]:
    """Where a turn leads."""
    return "end" if state["ended"] else "again"
