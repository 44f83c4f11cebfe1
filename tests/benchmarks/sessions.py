"""How fast sessions are played and kept, against the same agents in a plain loop that appends raw rows; and the first run of a newcomer."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agents import Guest, Ids, StreamId, drawn
from graphs.session import Stage, begin, first_event, session_at
from graphs.turn import chosen_event, ending, hear_seeker, variant_events
from store import Event, Registry, StoreSettings, open_log
from tests.benchmarks.harness import Bench, Round, Row, at_least, at_most, medians
from tests.conftest import ROOT
from tests.talking import BUILTIN, play

_SESSIONS = 12


def speed(bench: Bench) -> list[Row]:
    """Whole sessions: three variants, foreseen reactions, judges, stored."""
    guests = [(seed, drawn(seed)) for seed in range(1, _SESSIONS + 1)]
    ours, plain = medians(_through_the_graph(bench.folder, guests), _plain(bench.folder, guests), times=5)
    return [
        Row(
            "20-turn sessions per second, one core, 3 variants, foreseen reactions, judges, stored",
            _SESSIONS / ours,
            "sessions/s",
            "the same agents in a plain loop with raw appends",
            _SESSIONS / plain,
            (at_least(0.45), at_least(4, "sessions/s")),
        )
    ]


def _through_the_graph(folder: Path, guests: list[tuple[int, Guest]]) -> Round:
    @contextmanager
    def round_() -> Iterator[Callable[[], object]]:
        path = folder / f"ours-{time.monotonic_ns()}.db"
        with open_log(StoreSettings(log=str(path), durability="normal"), create=True) as log:

            async def work() -> None:
                for seed, guest in guests:
                    position = begin(log, StreamId(Ids().conversation()), first_event(guest, seed, BUILTIN))
                    await session_at(position, Stage(log)).play(position)

            yield lambda: asyncio.run(work())

    return round_


def _plain(folder: Path, guests: list[tuple[int, Guest]]) -> Round:
    @contextmanager
    def round_() -> Iterator[Callable[[], object]]:
        raw = sqlite3.connect(folder / f"raw-{time.monotonic_ns()}.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = NORMAL")
        raw.execute("CREATE TABLE event (position INTEGER PRIMARY KEY, stream TEXT, type TEXT, payload TEXT)")
        registry = Registry()

        def append(seed: int, events: Sequence[Event]) -> None:
            raw.execute("BEGIN IMMEDIATE")
            rows = [(f"c-{seed}", event.type, registry.encode(event)) for event in events]
            raw.executemany("INSERT INTO event (stream, type, payload) VALUES (?, ?, ?)", rows)
            raw.execute("COMMIT")

        async def work() -> None:
            for seed, guest in guests:
                append(seed, [first_event(guest, seed, BUILTIN)])
                for turn in await play(guest, seed):
                    events: list[Event] = hear_seeker(turn.before, turn.spoken)[1]
                    events += [*variant_events(turn.scene.turn, turn.weighed), chosen_event(turn.scene.turn, turn.choice)]
                    if end := ending(turn.scene):
                        events.append(end)
                    append(seed, events)

        yield lambda: asyncio.run(work())
        raw.close()

    return round_


def first_run(bench: Bench) -> list[Row]:
    """What a newcomer waits for after installation."""
    took = []
    for number in range(3):
        begun = time.perf_counter()
        words = [sys.executable, str(ROOT / "sim.py"), "--log", str(bench.folder / f"first-{number}.db"), "run"]
        subprocess.run(words, cwd=bench.folder, check=True, capture_output=True)
        took.append(time.perf_counter() - begun)
    return [Row("sim.py run: start to end of a session, without pacing", sorted(took)[1], "s", floors=(at_most(6, "s"),))]
