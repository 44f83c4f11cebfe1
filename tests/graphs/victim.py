"""A process that plays one session and may be killed at any moment."""

from __future__ import annotations

import asyncio
from multiprocessing.synchronize import Event as Flag

from agents import StreamId
from graphs.session import Stage, begin, compiled, first_event, session_at
from store import StoreSettings, open_log
from tests.agents.given import guest
from tests.talking import BUILTIN

compiled()


def play(path: str, seed: int, begun: Flag) -> None:
    """Plays the session of a seed into a log, telling when its first event is kept."""
    with open_log(StoreSettings(log=path, durability="normal"), create=True) as log:
        position = begin(log, StreamId(f"c-{seed}"), first_event(guest(seed), seed, BUILTIN))
        begun.set()
        asyncio.run(session_at(position, Stage(log)).play(position))
