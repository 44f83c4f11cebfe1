"""Playing a session in front of somebody: each turn is shown once it is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from agents import HUMAN, SessionSnapshot, Terminal
from graphs.keyboard import Keyboard
from graphs.line import Line, asks_models
from graphs.person import Left
from graphs.playing import play_on
from graphs.position import Position
from graphs.session import Stage
from replay import Conversation, Transcript, View, apply
from store import Event, Log

T = TypeVar("T")


class Live:
    """Prints the turns of a session as they are kept, and knows the conversation so far."""

    def __init__(self, terminal: Terminal, conversation: Conversation, view: View, pace: float = 0.0) -> None:
        self.conversation = conversation
        self._transcript, self._pace = Transcript(terminal, view), pace

    def __call__(self, events: Sequence[Event]) -> None:
        before = self.conversation.affect
        for event in events:
            apply(self.conversation, event)
        if self.conversation.exchanges:
            self._transcript.turn(self.conversation.exchanges[-1], before)
        if self._pace:
            time.sleep(self._pace)


def play(line: Line, position: Position, live: Live, terminal: Terminal, log: Log) -> bool:
    """Plays to the end; False if a person left before it."""
    settings = position.settings
    person = Keyboard(terminal) if HUMAN in (settings.chooser, settings.models.get("seeker")) else None
    try:
        asked(line, settings, Stage(log, live, None, person), lambda stage: play_on(position.stream, stage))
    except Left:
        return False
    return True


def asked(line: Line, settings: SessionSnapshot, stage: Stage, work: Callable[[Stage], Coroutine[Any, Any, T]]) -> T:
    """Does some work on a stage, with a switchboard where models have to be asked, in an event loop of its own."""

    async def open_and_work() -> T:
        if not asks_models(settings):
            return await work(stage)
        with line.switchboard() as switchboard:
            try:
                return await work(replace(stage, switchboard=switchboard))
            finally:
                await switchboard.close()

    return asyncio.run(open_and_work())
