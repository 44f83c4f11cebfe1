"""Batches for tests and benchmarks: planned into a real log, played against the test server, and held against what the server saw."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from agents import Ids, RunId, SessionSnapshot, StreamId, Voice, presets
from graphs.batch import Means, Onlooker, Run, conduct, load_run, plan_run
from graphs.crew import Crew
from graphs.leaving import Flag
from graphs.line import Line
from graphs.outcome import Tally
from graphs.request import Request
from store import ConversationStarted, Event, Log, ModelFailed, ModelReplied, RunEnded, SqlLog, StoredEvent, UnknownId
from tests.serving.running import Server
from tests.talking import BUILTIN

MODEL = "openai:test-model"


def voiced(server: Server, *chairs: str, voice: dict[str, Any] | None = None, **changes: Any) -> SessionSnapshot:
    """Settings with the test server's model in some chairs (all but the judge's unless told otherwise)."""
    chairs = chairs or ("seeker", "supporter")
    one = Voice(model=MODEL, base_url=server.url, **(voice or {}))
    voices = {chair: presets(chair, one) for chair in chairs}
    models = {**BUILTIN.models, **dict.fromkeys(chairs, MODEL)}
    return BUILTIN.model_copy(update={"models": models, "voices": voices, **changes})


def line(**changes: Any) -> Line:
    """A line that does not wait long."""
    return Line(**{"backoff_s": 0.01, **changes})


@dataclass
class Batch:
    """One batch of a test."""

    log: SqlLog
    run: Run
    crew: Crew
    means: Means = field(default_factory=Means)
    flag: Flag = field(default_factory=threading.Event)
    told: list[int] = field(default_factory=list)

    def play(self) -> tuple[Tally, RunEnded]:
        """Plays what is missing."""
        return conduct(self.log, self.run, self.crew, self.means, Onlooker(self.flag, lambda tally, spent: self.told.append(tally.over)))


def batch(log: SqlLog, settings: SessionSnapshot, personas: str = "4", **given: Any) -> Batch:
    """A batch that is planned and not begun."""
    line_ = given.pop("line", None) or line()
    at_once = given.pop("at_once", 4)
    run = plan_run(log, Ids().run(), Request(personas=personas, settings=settings, **given), line_.budget)
    return Batch(log, run, Crew(settings, line_, at_once))


def again(log: SqlLog, run: RunId, line_: Line | None = None, at_once: int = 4) -> Batch:
    """A batch that was begun, to be gone on with."""
    found = load_run(log, run)
    return Batch(log, found, Crew(found.request.settings, line_ or line(), at_once))


def streams(log: Log, run: Run) -> dict[StreamId, list[StoredEvent]]:
    """The conversations of a batch that were begun."""
    found: dict[StreamId, list[StoredEvent]] = {}
    for stream in run.planned.conversations:
        try:
            found[stream] = log.read(stream)
        except UnknownId:
            continue
    return found


def talk(stored: list[StoredEvent]) -> list[str]:
    """What a conversation is, whoever was asked how often and however long that took."""
    return [f"{one.event.type} {one.event.model_dump_json()}" for one in stored if not isinstance(one.event, (ModelReplied, ModelFailed))]


def lives(log: Log, run: Run) -> dict[tuple[str, int], list[str]]:
    """What every conversation of a batch is, by who it is with and its draws: ids differ from run to run."""
    found: dict[tuple[str, int], list[str]] = {}
    for stored in streams(log, run).values():
        first = stored[0].event
        assert isinstance(first, ConversationStarted)
        found[first.persona.id, first.seed] = talk(stored)
    return found


def calls(events: list[Event]) -> list[ModelReplied | ModelFailed]:
    """Every request that reached a server, or should have."""
    return [
        event
        for event in events
        if (isinstance(event, ModelReplied) and not event.kept) or (isinstance(event, ModelFailed) and event.asked)
    ]


def answered_twice(stored: list[StoredEvent]) -> list[str]:
    """The keys that one conversation holds more than one answer to."""
    keys = Counter(one.event.request_key for one in stored if isinstance(one.event, ModelReplied))
    return [key for key, times in keys.items() if times > 1]


def all_calls(log: Log, run: Run) -> list[ModelReplied | ModelFailed]:
    """Every request of a batch."""
    return calls([one.event for stored in streams(log, run).values() for one in stored])
