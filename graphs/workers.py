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
from graphs.crew import Crew, Watch, in_chunks, play_all
from graphs.leaving import Flag
from graphs.outcome import Outcome
from graphs.request import Wanted
from graphs.table import Table, table
from store import Counter, HandedLog, Log, handing_over

_LOST = 3
"""How often in a row a pool that broke before any session was over is made anew."""


class WorkersLost(VigilError):
    """Worker processes died again and again."""


def in_process(crew: Crew, log: Log, sessions: Iterator[Wanted], watch: Watch) -> None:
    """Plays all sessions here."""
    with table(crew.line, log, watch.purse, watch.flag.is_set) as here:
        here.do(crew.settings, lambda stage: play_all(sessions, crew, stage, watch.tell))


def in_processes(crew: Crew, log: Log, sessions: Iterator[Wanted], watch: Watch, workers: int) -> None:
    """Plays all sessions in worker processes. One that dies is replaced, and its sessions are gone on with."""
    shared = Crew(crew.settings, crew.line.shared(workers), crew.at_once)
    chunks, lost_in_a_row = in_chunks(sessions, crew.at_once), 0
    with handing_over(log) as counter:
        while lost_in_a_row < _LOST:
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(workers, context, _ready, (shared, counter, watch.purse, watch.flag))
            try:
                told, lost = _through(pool, chunks, watch, 2 * workers)
            except KeyboardInterrupt:
                for process in multiprocessing.active_children():
                    process.kill()  # they wait for answers that nobody wants any more
                raise
            finally:
                pool.shutdown()
            if not lost:
                return
            chunks, lost_in_a_row = chain(lost, chunks), 0 if told else lost_in_a_row + 1
    raise WorkersLost(f"Worker processes died {_LOST} times. Is there enough memory? Everything so far is kept; give fewer --workers.")


def _through(pool: ProcessPoolExecutor, chunks: Iterator[list[Wanted]], watch: Watch, most: int) -> tuple[int, list[list[Wanted]]]:
    """Plays until nothing is left: how many sessions were told of. If the pool breaks, what was under way comes back."""
    under_way: dict[Future[list[Outcome]], list[Wanted]] = {}
    told, in_hand = 0, list[list[Wanted]]()
    try:
        while True:
            while len(under_way) < most and not watch.flag.is_set() and (chunk := next(chunks, None)):
                in_hand = [chunk]
                under_way[pool.submit(_play, chunk)] = chunk
                in_hand = []
            if not under_way:
                return told, []
            done, _ = wait(under_way, return_when=FIRST_COMPLETED, timeout=1)
            for future in done:
                outcomes = future.result()
                del under_way[future]
                told += len(outcomes)
                for outcome in outcomes:
                    watch.tell(outcome)
    except BrokenProcessPool:
        return told, [*in_hand, *under_way.values()]


_HERE: dict[str, Any] = {}
"""What a worker process holds for as long as it lives."""


def _ready(crew: Crew, counter: Counter, purse: Purse, flag: Flag) -> None:
    """Makes a fresh process ready: it leaves when its parent is gone, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    configure()
    at = Table(crew.line, HandedLog(counter), asyncio.Runner(), purse, flag.is_set)
    _HERE.update(table=at, crew=crew, flag=flag)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _play(sessions: list[Wanted]) -> list[Outcome]:
    """Plays some sessions in a worker process."""
    at: Table = _HERE["table"]
    crew: Crew = _HERE["crew"]
    outcomes: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if outcome.hopeless:
            _HERE["flag"].set()

    at.do(crew.settings, lambda stage: play_all(iter(sessions), crew, stage, tell))
    return outcomes
