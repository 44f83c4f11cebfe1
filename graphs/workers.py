"""Batches on one machine: in this process, or in several that hand their turns to this one, which alone writes the log."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from typing import Any

from agents import Purse, VigilError, configure
from graphs.crew import Crew, Flag, Watch, in_chunks, play_all, staged
from graphs.outcome import Outcome
from graphs.request import Wanted
from store import Counter, HandedLog, Log, handing_over

_CHUNK = 4
"""Sessions that a process is given for each one that it plays at once: enough to keep it busy, few enough to share evenly."""
_LOST = 3
"""How often a broken pool is made anew before the batch gives up."""


class WorkersLost(VigilError):
    """Worker processes died again and again."""


def in_process(crew: Crew, log: Log, sessions: Iterator[Wanted], watch: Watch) -> None:
    """Plays all sessions here."""

    async def work() -> None:
        async with staged(crew, log, watch.purse, watch.flag.is_set) as stage:
            await play_all(sessions, crew, stage, watch.tell)

    asyncio.run(work())


def in_processes(crew: Crew, log: Log, sessions: Iterator[Wanted], watch: Watch, workers: int) -> None:
    """Plays all sessions in worker processes. One that dies is replaced, and its sessions are gone on with."""
    shared = Crew(crew.settings, crew.line.shared(workers), crew.at_once)
    chunks = in_chunks(sessions, 1 if crew.at_once == 1 else _CHUNK * crew.at_once)
    with handing_over(log) as counter:
        for _ in range(_LOST):
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(workers, context, _ready, (counter, watch.purse, watch.flag)) as pool:
                lost = _through(pool, shared, chunks, watch, 2 * workers)
            if not lost:
                return
            chunks = chain(lost, chunks)
    raise WorkersLost(f"Worker processes died {_LOST} times. Is there enough memory? Everything so far is kept; give fewer --workers.")


def _through(pool: ProcessPoolExecutor, crew: Crew, chunks: Iterator[list[Wanted]], watch: Watch, most: int) -> list[list[Wanted]]:
    """Plays until nothing is left; if the pool breaks, what was under way comes back."""
    under_way: dict[Future[list[Outcome]], list[Wanted]] = {}
    try:
        while True:
            while len(under_way) < most and not watch.flag.is_set() and (chunk := next(chunks, None)):
                under_way[pool.submit(_play, crew, chunk)] = chunk
            if not under_way:
                return []
            done, _ = wait(under_way, return_when=FIRST_COMPLETED, timeout=1)
            for future in done:
                for outcome in future.result():
                    watch.tell(outcome)
                del under_way[future]
    except BrokenProcessPool:
        return list(under_way.values())


_HERE: dict[str, Any] = {}
"""What a worker process holds for all its sessions."""


def _ready(counter: Counter, purse: Purse, stop: Flag) -> None:
    """Makes a fresh process ready: it leaves when its parent is gone, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    configure()
    _HERE.update(log=HandedLog(counter), purse=purse, stop=stop)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _play(crew: Crew, sessions: list[Wanted]) -> list[Outcome]:
    """Plays some sessions in a worker process."""
    outcomes: list[Outcome] = []
    stop: Flag = _HERE["stop"]

    async def work() -> None:
        async with staged(crew, _HERE["log"], _HERE["purse"], stop.is_set) as stage:
            await play_all(iter(sessions), crew, stage, outcomes.append)

    asyncio.run(work())
    return outcomes
