"""Playing a session in front of somebody: each turn is shown once it is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from agents import HUMAN, Terminal
from graphs.keyboard import Keyboard
from graphs.person import Left
from graphs.position import Position
from graphs.session import session_at
from replay import Conversation, Transcript, View, apply
from store import Event, Log


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


def play(log: Log, position: Position, live: Live, terminal: Terminal) -> bool:
    """Plays to the end; False if a person left before it."""
    settings = position.settings
    person = Keyboard(terminal) if HUMAN in (settings.chooser, settings.models.get("seeker")) else None
    try:
        asyncio.run(session_at(position, log, live, person).play(position))
    except Left:
        return False
    return True
