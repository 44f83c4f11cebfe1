"""A batch: planned as an event before the first call, played by an engine, ended with a tally. What is missing of it, the log says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from pydantic import ValidationError

from agents import Budget, Guest, LocalPurse, RunId, SessionSnapshot, SharedPurse, StreamId, UsageError, VigilError, check_language
from graphs.crew import Crew, Watch, how_it_ended
from graphs.leaving import Flag
from graphs.outcome import Outcome, Tally
from graphs.request import Request, Wanted, mark
from graphs.session import snapshot
from graphs.workers import in_process, in_processes
from store import ConversationStarted, Log, ModelFailed, ModelReplied, RunEnded, RunPlanned, StoreSettings, UnknownId

Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class Run:
    """A batch as its stream tells it."""

    id: RunId
    request: Request
    planned: RunPlanned
    ended: RunEnded | None
    """How it was left the last time."""
    version: int
    resumed: bool = False
    """Whether it was begun before."""


@dataclass(frozen=True)
class Means:
    """What a batch is played with, this time."""

    engine: Engine = "local"
    workers: int = 1
    store: StoreSettings = field(default_factory=StoreSettings)
    """Where the log is: workers of a cluster open it themselves."""
    address: str | None = None
    """Of a cluster that is there already."""


@dataclass(frozen=True)
class Onlooker:
    """Who watches a batch as a whole."""

    flag: Flag
    tell: Callable[[Tally, tuple[float, int]], None]


def plan_run(log: Log, run: RunId, request: Request, budget: Budget, *, skip_existing: bool = False) -> Run:
    """Keeps the plan of a batch, once every name and language in it is known."""
    snapshot(request.settings)
    known = _marks(log, request.settings) if skip_existing else set[str]()
    streams, people = _told(_speakable((one for one in request.sessions(run) if one.mark not in known), request))
    if not streams:
        raise UsageError(
            "Nothing is left to generate: all of these conversations are there already."
            if known
            else "No persona fits what was asked for. Ask for other kinds or people, or for a smaller --offset."
        )
    event = RunPlanned(
        conversations=tuple(streams),
        settings={"request": request.model_dump(mode="json"), "people": people},
        budget={name: value for name, value in vars(budget).items() if value is not None},
    )
    return Run(run, request, event, None, log.append(run, 0, [event]).version)


def _speakable(sessions: Iterable[Wanted], request: Request) -> Iterator[Wanted]:
    """Sessions, each checked for a language that everybody at the table has."""
    for one in sessions:
        check_language(one.language, request.settings.models)
        yield one


def _told(sessions: Iterable[Wanted]) -> tuple[list[StreamId], str]:
    """The streams of sessions, and a digest of everybody in them."""
    streams, people = list[StreamId](), sha256()
    for one in sessions:
        streams.append(one.stream)
        people.update(one.mark.encode())
    return streams, people.hexdigest()[:16]


def _marks(log: Log, settings: SessionSnapshot) -> set[str]:
    """The sessions that the log has already, of the same models and as long, and that are over."""
    found: set[str] = set()
    for info in log.streams("c-"):
        [first] = log.read(info.id, 0, 1)
        ended = how_it_ended(log, info.id)
        if isinstance(first.event, ConversationStarted) and ended is not None and ended.kind == "done":
            started = first.event
            if (started.settings.models, started.settings.turn_limit) == (settings.models, settings.turn_limit):
                found.add(mark(Guest(started.persona, started.crisis), started.seed, started.language))
    return found


def load_run(log: Log, run: RunId) -> Run:
    """A batch of the log."""
    events = [stored.event for stored in log.read(run)]
    planned = events[0]
    if not isinstance(planned, RunPlanned):
        raise UsageError(f"{run} is no run. `sim.py runs list` shows them.")
    ended = [event for event in events if isinstance(event, RunEnded)]
    try:
        request = Request.model_validate(planned.settings.get("request"))
    except ValidationError:
        raise UsageError(f"{run} was planned by another version of Vigil, which wrote its request otherwise. Generate anew.") from None
    return Run(run, request, planned, ended[-1] if ended else None, len(events), resumed=True)


def missing(log: Log, run: Run, count: Callable[[Outcome], None]) -> Iterator[Wanted]:
    """The sessions of a batch that have no end; those that have one are counted."""
    wanted = set(run.planned.conversations)
    if run.resumed:
        _, people = _told(one for one in run.request.sessions(run.id) if one.stream in wanted)
        if people != run.planned.settings.get("people"):
            raise UsageError(
                f"The people of {run.id} are not what they were when it was planned: Vigil or the persona files changed. "
                "What is there stays; plan a new run for the rest."
            )
    for one in run.request.sessions(run.id):
        if one.stream not in wanted:
            continue
        ended = _ended(log, one.stream)
        if ended is None:
            yield one
        else:
            count(ended)


def _ended(log: Log, stream: StreamId) -> Outcome | None:
    try:
        return how_it_ended(log, stream)
    except UnknownId:
        return None


def spent_in(log: Log, run: Run) -> tuple[float, int]:
    """The dollars and tokens that a batch has taken so far."""
    cost, tokens = 0.0, 0
    for stream in run.planned.conversations:
        try:
            stored = log.read(stream)
        except UnknownId:
            continue
        for event in (one.event for one in stored):
            if (isinstance(event, ModelReplied) and not event.kept) or isinstance(event, ModelFailed):
                cost += event.cost
                tokens += event.prompt_tokens + event.completion_tokens
    return cost, tokens


def conduct(log: Log, run: Run, crew: Crew, means: Means, onlooker: Onlooker) -> tuple[Tally, RunEnded]:
    """Plays what is missing of a batch, and keeps how it went."""
    tally = Tally(len(run.planned.conversations), patience=max(10, 2 * crew.at_once * means.workers))
    before = spent_in(log, run) if run.resumed else (0.0, 0)
    many = means.workers > 1 and means.engine == "local"
    purse = SharedPurse(crew.line.budget, before) if many else LocalPurse(crew.line.budget, before)

    def count(outcome: Outcome) -> None:
        tally.add(outcome)
        if tally.hopeless or outcome.kind == "budget":
            onlooker.flag.set()
        onlooker.tell(tally, purse.spent())

    sessions, watch = missing(log, run, tally.add), Watch(count, onlooker.flag, purse)
    try:
        if means.engine == "ray":
            from graphs.cluster import on_ray

            on_ray(crew, means, sessions, watch, before)
        elif many:
            in_processes(crew, log, sessions, watch, means.workers)
        else:
            in_process(crew, log, sessions, watch)
    except UsageError:
        raise
    except VigilError as error:
        tally.hopeless = tally.hopeless or str(error)
    ended = RunEnded(outcome=_outcome(tally), ended=tally.over, failed=tally.kinds["failed"], reason=_reason(tally))
    log.append(run.id, log.head(run.id).version, [ended])
    return tally, ended


def _outcome(tally: Tally) -> Literal["completed", "partly_failed", "stopped", "budget_spent"]:
    if tally.kinds["budget"]:
        return "budget_spent"
    if tally.hopeless or (tally.missing and not tally.kinds["left"]):
        return "stopped"
    return "partly_failed" if tally.missing or tally.kinds["failed"] else "completed"


def _reason(tally: Tally) -> str:
    if tally.hopeless:
        return tally.hopeless
    return f"{tally.missing} of {tally.total} have no end yet" if tally.missing else ""
