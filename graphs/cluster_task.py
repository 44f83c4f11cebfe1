"""One task of a cluster: some sessions of a batch, played on whatever node it came to, with a connection to the log of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from agents import StreamId, VigilError, configure
from graphs.cluster_desk import Actor, Leaving, RayPurse
from graphs.crew import Crew, how_it_ended, play_all
from graphs.outcome import Outcome
from graphs.request import Wanted
from graphs.session import Stage
from graphs.table import table
from store import LogUnavailable, SqlLog, StoreSettings, open_log

_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 8)
"""How long whoever lost a session to another writer waits before it looks again: in all, longer than a call usually takes."""


@dataclass(frozen=True)
class Chunk:
    """Sessions that go to a worker together."""

    number: int
    sessions: Sequence[Wanted]


def play_chunk(chunk: Chunk, crew: Crew, store: StoreSettings, desk: Actor) -> list[Outcome] | VigilError:
    """Plays sessions, or goes on with them; what no session can be blamed for comes back as an error.

    An error is returned, not raised: Ray would wrap it and log where it came from.
    """
    configure()
    try:
        purse = RayPurse(desk, crew.line.budget)
        leaving = Leaving(desk, chunk.number)
        with _opened(store) as log, table(crew.line, log, purse, leaving) as here:
            outcomes = here.do(crew.settings, lambda stage: play_contested(chunk.sessions, crew, stage))
        if crew.settings.voices:
            purse.spent()  # once this is answered, the desk has heard of every payment
        return outcomes
    except VigilError as error:
        return error


def _opened(store: StoreSettings) -> SqlLog:
    try:
        return open_log(store)
    except LogUnavailable as error:
        raise LogUnavailable(f"The worker on {socket.gethostname()} cannot use the log. {error} Its URL must hold on every node.") from None


async def play_contested(sessions: Sequence[Wanted], crew: Crew, stage: Stage, pauses_s: Sequence[float] = _PAUSES_S) -> list[Outcome]:
    """Plays sessions that somebody else may still be at, such as a worker that was taken for dead.

    Of two writers the log lets one go on. The other waits and reads again: then the session is over, or it is this one's to go on with.
    """
    outcomes: dict[StreamId, Outcome] = {}
    todo = list(sessions)
    for pause_s in (0.0, *pauses_s):
        await asyncio.sleep(pause_s)
        await play_all(todo, crew, stage, lambda outcome: outcomes.update({outcome.stream: outcome}))
        todo = [one for one in todo if one.stream in outcomes and outcomes[one.stream].contested]
        if not todo or stage.stopping():
            break
    for stream in (one.stream for one in todo):
        left = Outcome(stream, "stopped") if stage.stopping() else outcomes[stream]
        outcomes[stream] = how_it_ended(stage.log, stream) or left
    return list(outcomes.values())
