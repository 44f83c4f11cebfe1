"""`sim.py replay`: a session once more, turn by turn, from the log; with --verify, made again and compared."""

from __future__ import annotations

import argparse
import asyncio
import time

from agents import Terminal, UsageError, plain
from graphs.verifying import verify_session
from replay import Transcript, View, as_json, closing, find, fold
from store import HasStore, open_log

_PAUSE = 1.2
"""Seconds after a turn at speed 1."""


def replay_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py replay`."""
    parser.description = "Shows a session again, turn by turn, from the log. No model is called, unless --verify makes every event again."
    parser.add_argument("id", nargs="?", default="last", help="a conversation or a branch (default last)")
    parser.add_argument(
        "--speed", type=float, default=0.0, metavar="X", help="with pauses: 1 is a calm reading pace, 2 is twice as fast (default: none)"
    )
    parser.add_argument("--until", type=int, metavar="N", help="stop after this turn")
    parser.add_argument("--thoughts", action="store_true", help="what both thought")
    parser.add_argument("--variants", action="store_true", help="what else might have been answered")
    parser.add_argument("--verify", action="store_true", help="run the built-in engine again and prove each event byte-identical")


def replay(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py replay`."""
    if args.speed < 0:
        raise UsageError("--speed cannot be negative; 0 shows everything at once.")
    with open_log(settings.store) as log:
        stream = find(log, args.id)
        events = log.read(stream)
    conversation = fold(stored.event for stored in events)
    if args.until is not None and not 1 <= args.until <= len(conversation.exchanges):
        raise UsageError(f"There is no turn {args.until} in this conversation; it has {len(conversation.exchanges)}.")
    if args.verify:
        verdict = asyncio.run(verify_session(events))
        terminal.result({"id": stream, "same": verdict.same, **verdict.__dict__})
        if verdict.same:
            terminal.say(f"{stream}: {verdict.compared} events made again, every one of them byte for byte the same.")
            terminal.say(f"Next: python sim.py branch {stream} --at {max(1, len(conversation.exchanges) // 3)}")
            return 0
        terminal.say(f"{stream}: {verdict.compared} events are the same; version {verdict.version} is not.")
        terminal.say(f"  kept:       {plain(verdict.found)}\n  made again: {plain(verdict.expected)}")
        terminal.say("The engine, its data files or the log changed since. `sim.py log verify` looks for damage.")
        return 1
    terminal.result(as_json(stream, conversation))
    transcript = Transcript(terminal, View(variants=args.variants, thoughts=args.thoughts))
    transcript.head(conversation, f"  {stream}")
    before = None
    for exchange in conversation.exchanges[: args.until]:
        transcript.seeker(exchange, before)
        _pause(args.speed)
        transcript.supporter(exchange)
        _pause(args.speed)
        before = exchange.spoken.affect
    if args.until is None:
        terminal.say(f"\n{closing(conversation)}")
    terminal.say(f"Next: python sim.py branch {stream} --at {args.until or max(1, len(conversation.exchanges) // 3)} --care-level 0.2")
    return 0


def _pause(speed: float) -> None:
    if speed:
        time.sleep(_PAUSE / speed)


COMMANDS = {"replay": (replay_arguments, replay)}
"""Command to the function that declares its words and the one that runs it."""
