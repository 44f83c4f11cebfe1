"""`sim.py run`: plays a session in front of a person, and keeps it."""

from __future__ import annotations

import argparse
import textwrap
import time
from typing import Protocol

from agents import Affect, Ids, StreamId, Terminal, UsageError, first_cast, plain
from graphs.session import Session
from replay import Conversation, fold
from store import ConversationEnded, Event, SeekerSpoke, StoreSettings, VariantChosen, VariantJudged, VariantProposed, open_log

_WIDTH = 78


class HasStore(Protocol):
    """The part of the settings that a session needs."""

    @property
    def store(self) -> StoreSettings: ...


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py run`."""
    parser.description = (
        "Plays a session with the built-in engine: a rule-driven simulator with one hand-written story, no key and no network. "
        "It is a first session, not yet the whole cast."
    )
    parser.add_argument("--seed", type=int, default=1, help="the root of every random draw (default 1)")
    parser.add_argument("--turns", type=int, default=20, metavar="N", help="the most turns (default 20)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="how many sessions, with rising seeds")


def run(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py run`."""
    for name in ("turns", "count"):
        if getattr(args, name) < 1:
            raise UsageError(f"--{name} {getattr(args, name)} plays nothing. Give 1 or more.")
    ids = Ids()
    results: list[dict[str, object]] = []
    with open_log(settings.store, create=True) as log:
        for seed in range(args.seed, args.seed + args.count):
            cast = first_cast(seed)
            terminal.say(_headline(terminal, cast.persona.name, cast.crisis.summary, seed))
            begun = time.perf_counter()
            show = _Show(terminal)
            stream = Session(cast, log, args.turns, show).play(seed, ids)
            conversation = fold(stored.event for stored in log.read(stream))
            results.append(_summary(stream, conversation))
            _close(terminal, stream, conversation, time.perf_counter() - begun)
    terminal.result(results[0] if args.count == 1 else {"sessions": results})
    terminal.say("Next: python sim.py log info")
    return 0


class _Show:
    """Prints each turn once it is kept."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __call__(self, events: list[Event]) -> None:
        variants = {event.variant: event for event in events if isinstance(event, VariantProposed)}
        rewards = {event.variant: event.scores["reward"] for event in events if isinstance(event, VariantJudged)}
        say, style = self._terminal.say, self._terminal.style
        for event in events:
            if isinstance(event, SeekerSpoke):
                say(f"\n{style(f'{event.turn:2}  Seeker', 'cyan', 'bold')}  {style(meter(event.affect), 'dim')}")
                say(_bubble(event.message))
            elif isinstance(event, VariantChosen):
                chosen = variants[event.variant]
                scores = "  ".join(f"{'▸' if v == event.variant else ' '}{variants[v].style} {rewards[v]:.2f}" for v in variants)
                say(f"    {style('Supporter', 'green', 'bold')}  {style(scores, 'dim')}")
                say(_bubble(chosen.message))


def _headline(terminal: Terminal, name: str, summary: str, seed: int) -> str:
    title = terminal.style(plain(name), "bold")
    note = terminal.style("Everything here is simulated: nobody real is speaking.", "dim")
    return f"\n{title}, seed {seed}. {plain(summary)}\n{note}"


def _bubble(text: str) -> str:
    return textwrap.fill(plain(text), _WIDTH, initial_indent="    ", subsequent_indent="    ")


def meter(affect: Affect) -> str:
    """Distress and trust as a row of blocks."""
    return f"distress {_blocks(affect.distress)} {affect.distress:.0f}  trust {_blocks(affect.trust)} {affect.trust:.0f}"


def _blocks(value: float) -> str:
    full = round(value / 10)
    return "█" * full + "░" * (10 - full)


def _summary(stream: StreamId, conversation: Conversation) -> dict[str, object]:
    first, last = conversation.exchanges[0].spoken.affect, conversation.exchanges[-1].spoken.affect
    return {
        "id": stream,
        "turns": len(conversation.exchanges),
        "outcome": conversation.ended.outcome if conversation.ended else "open",
        "distress_first": first.distress,
        "distress_last": last.distress,
        "trust_first": first.trust,
        "trust_last": last.trust,
    }


def _close(terminal: Terminal, stream: StreamId, conversation: Conversation, seconds: float) -> None:
    ended: ConversationEnded | None = conversation.ended
    first, last = conversation.exchanges[0].spoken.affect, conversation.exchanges[-1].spoken.affect
    how = {"closed_by_seeker": "The Seeker closed it", "turn_limit": "It reached its turn limit"}.get(
        ended.outcome if ended else "", "It ended"
    )
    terminal.say(
        f"\n{how} after {len(conversation.exchanges)} turns. "
        f"Distress {first.distress:.0f} → {last.distress:.0f}, trust {first.trust:.0f} → {last.trust:.0f}."
    )
    terminal.say(f"Saved {stream} ({len(conversation.exchanges)} turns, {seconds:.1f} s).")


COMMANDS = {"run": (run_arguments, run)}
"""Command to the function that declares its words and the one that runs it."""
