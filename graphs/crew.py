"""What every process of a batch needs to play its sessions, and how one session of a batch is played. It starts no process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from agents import CallFailed, Halted, Purse, SessionSnapshot, StreamId, VigilError
from graphs.leaving import Flag
from graphs.line import Line
from graphs.outcome import Outcome
from graphs.playing import play_on
from graphs.request import Wanted
from graphs.session import Stage, begin, first_event
from store import ConversationEnded, Log, LogUnavailable, StreamExists, UnknownId, VersionConflict

_APART_S = 0.04
"""Sessions begin this long after each other. All at once they would stay in step: each would ask when all others ask, and wait for them."""
_ALL_BEGUN_S = 1.5
"""By then all that are played at once have begun."""


@dataclass(frozen=True)
class Crew:
    """How the sessions of a batch are played; the same in every process."""

    settings: SessionSnapshot
    line: Line
    at_once: int = 1
    """Sessions at once in one process."""


@dataclass(frozen=True)
class Watch:
    """Who is told how each session was left, who says when it is time to leave, and who holds the money."""

    tell: Callable[[Outcome], None]
    flag: Flag
    purse: Purse


async def play_wanted(wanted: Wanted, crew: Crew, stage: Stage) -> Outcome:
    """Plays one session, or goes on with it; whatever happens to it, the others go on."""
    stream = wanted.stream
    try:
        try:
            stage.log.head(stream)
        except UnknownId:
            begin(stage.log, stream, first_event(wanted.guest, wanted.seed, crew.settings, wanted.language))
        await play_on(stream, stage)
        return how_it_ended(stage.log, stream) or Outcome(stream, "left", "it has no end")
    except Halted as halted:
        return Outcome(stream, "budget" if halted.reason == "budget" else "stopped")
    except CallFailed as failure:
        return Outcome(stream, "left", f"{failure.kind}: {failure}", hopeless=failure.kind in ("auth", "unknown_model"))
    except LogUnavailable:
        raise
    except VigilError as error:
        contested = isinstance(error, (StreamExists, VersionConflict))
        return Outcome(stream, "left", f"{type(error).__name__}: {error}", contested=contested)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one session must not end the others; it is reported, and logged whole
        structlog.get_logger("batch").exception("a session broke", session=stream)
        return Outcome(stream, "left", f"{type(error).__name__}: {error}")


def how_it_ended(log: Log, stream: StreamId) -> Outcome | None:
    """How a session of the log ended, if it did."""
    head = log.head(stream)
    [last] = log.read(stream, head.version - 1)
    if not isinstance(last.event, ConversationEnded):
        return None
    if last.event.outcome == "failed":
        return Outcome(stream, "failed", last.event.reason)
    return Outcome(stream, "done")


async def play_all(sessions: Iterable[Wanted], crew: Crew, stage: Stage, tell: Callable[[Outcome], None]) -> None:
    """Plays sessions, so many at once; takes the next one when there is room for it, and none once it is time to leave."""
    waiting, running = iter(sessions), set[asyncio.Task[Outcome]]()
    apart_s = min(_APART_S, _ALL_BEGUN_S / crew.at_once) if stage.switchboard else 0.0
    while True:
        while len(running) < crew.at_once and not stage.stopping() and (wanted := next(waiting, None)):
            running.add(asyncio.create_task(play_wanted(wanted, crew, stage)))
            await asyncio.sleep(apart_s)
        if not running:
            return
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            tell(task.result())


def in_chunks(sessions: Iterator[Wanted], size: int) -> Iterator[list[Wanted]]:
    """The sessions in lists of a size."""
    while chunk := [wanted for _, wanted in zip(range(size), sessions, strict=False)]:
        yield chunk
