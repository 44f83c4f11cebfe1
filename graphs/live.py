"""Playing a session in front of somebody: each turn is shown once it is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from agents import HUMAN, CallFailed, Halted, SessionSnapshot, StreamId, Terminal, VigilError
from graphs.keyboard import Keyboard
from graphs.leaving import SharedFlag, interruptible
from graphs.line import Line
from graphs.person import Left
from graphs.playing import play_on
from graphs.position import Position
from graphs.table import Table, table
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


def play(at: Table, position: Position, live: Live, terminal: Terminal) -> bool:
    """Plays to the end; False if a person left before it."""
    settings = position.settings
    person = Keyboard(terminal) if by_hand(settings) else None
    try:
        at.do(settings, lambda stage: play_on(position.stream, stage), live, person)
    except Left:
        return False
    return True


@contextmanager
def seat(line: Line, log: Log, settings: SessionSnapshot) -> Iterator[Table]:
    """A table in front of somebody: Ctrl-C finishes what is in hand, unless a person sits there, for whom it means to leave at once."""
    flag = SharedFlag()
    with ExitStack() as stack:
        if not by_hand(settings):
            stack.enter_context(interruptible(flag))
        yield stack.enter_context(table(line, log, stopping=flag.is_set))


class SessionStopped(VigilError):
    """A session could not go on today; nothing of it is lost."""


class SessionInterrupted(SessionStopped):
    """A person asked to stop."""

    exit_code = 130


@contextmanager
def stopping_kindly(stream: StreamId) -> Iterator[None]:
    """Says how to go on with a session that is stopped within the block."""
    try:
        yield
    except (CallFailed, Halted) as stopped:
        kind = SessionInterrupted if isinstance(stopped, Halted) and stopped.reason == "stopped" else SessionStopped
        raise kind(f"{stopped}\nEverything so far is kept. Next: python sim.py resume {stream}") from None


def by_hand(settings: SessionSnapshot) -> bool:
    """Whether a person sits at the keyboard."""
    return HUMAN in (settings.chooser, settings.models.get("seeker"))
