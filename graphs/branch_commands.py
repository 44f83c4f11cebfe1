"""`sim.py branch` and `sim.py sweep`: other lives of a conversation."""

from __future__ import annotations

import argparse
import json
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from agents import CHAIRS, Ids, Progress, StreamId, Terminal, UsageError, read_models_file, sources
from graphs.branching import Override, follow, fork, open_branch
from graphs.commands import result
from graphs.line import HasKeys, check_line, limit_arguments, line_of, voices_for
from graphs.live import Live, play, seat, stopping_kindly
from graphs.sweeping import Worth, sweep
from replay import Transcript, View, closing, edited, find, fold, load, override_in_words
from store import open_log


def branch_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py branch`."""
    parser.description = (
        "Opens another life of a conversation at a turn and plays it to its end. The parent stays as it is. Without anything that "
        "differs, the same people live it again with other luck."
    )
    parser.add_argument("id", nargs="?", default="last", help="a conversation or a branch (default last)")
    parser.add_argument("--at", type=int, required=True, metavar="N", help="the turn in which it becomes another one")
    parser.add_argument("--choose", metavar="VARIANT", help="the Supporter says this one of the offered replies: cool, even, warm…")
    parser.add_argument("--say", metavar="WORDS", help="the Supporter says this")
    parser.add_argument("--seeker-says", metavar="WORDS", help="the Seeker says this")
    parser.add_argument("--care-level", type=float, metavar="X", help="from here on the Supporter answers at this care level, 0 to 1")
    parser.add_argument("--model", action="append", default=[], metavar="CHAIR=NAME", help="from here on somebody else sits there")
    parser.add_argument("--base-url", metavar="URL", help="where the endpoint of --model is, if not where its preset says")
    parser.add_argument("--models", type=Path, metavar="FILE", help="a TOML file with decoding, limits and prices")
    limit_arguments(parser)
    parser.add_argument(
        "--persona-edit",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="from here on the Seeker is otherwise: hexaco.emotionality=80",
    )
    parser.add_argument("--luck", type=int, metavar="N", help="from here on other random draws")
    parser.add_argument("--turns", type=int, metavar="N", help="the most turns, those before the branch included")
    parser.add_argument("--reason", default="", help="why, for the record")
    parser.add_argument("--thoughts", action="store_true", help="what both think")
    parser.add_argument("--brief", action="store_true", help="only what is said, not the variants")


def branch(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py branch`."""
    override = _override(args)
    file = read_models_file(args.models) if args.models else None
    line = line_of(args, settings, file)
    with ExitStack() as stack:
        log = stack.enter_context(open_log(settings.store))
        parent = find(log, args.id)
        if not override.as_json():
            override = Override(luck=1 + len(log.children(parent)))
        events = log.read(parent)
        at = fork(events, args.at, override)
        if override.models and at.before.settings:
            now = {**at.before.settings.models, **override.models}
            voices = voices_for(at.before.settings, override.models, args.base_url, file)
            override = replace(override, voices=voices, prompts=sources(now))
        new = StreamId(Ids().branch())
        reason = args.reason or override_in_words(override.as_json())
        if at.before.settings:
            check_line(line, edited(at.before.settings, override.as_json().get("settings", {})))
        position = open_branch(log, parent, new, at, override, reason=reason)
        table_ = stack.enter_context(seat(line, log, position.settings))
        with stopping_kindly(new):
            position, first = table_.do(position.settings, lambda stage: follow(position, stage))
        conversation = load(log, new)
        transcript = Transcript(terminal, View(variants=not args.brief, thoughts=args.thoughts))
        transcript.head(conversation, f"  {new}, from {parent} at turn {args.at}")
        if first and conversation.exchanges[-1].chosen:
            transcript.turn(conversation.exchanges[-1])
        live = Live(terminal, conversation, View(variants=not args.brief, thoughts=args.thoughts))
        with stopping_kindly(new):
            done = play(table_, position, live, terminal)
        original = load(log, parent)
    terminal.result({**result(new, conversation), "parent": parent, "at": args.at, "overrides": override.as_json()})
    if not done:
        terminal.say(f"\nLeft; everything so far is kept.\nNext: python sim.py resume {new}")
        return 0
    terminal.say(f"\n{closing(conversation)}\nBefore: {closing(original)}")
    terminal.say(f"Saved {new}, a branch of {parent} at turn {args.at}. Next: python sim.py diff {parent} {new}")
    return 0


def _override(args: argparse.Namespace) -> Override:
    models: dict[str, str] = {}
    for given in args.model:
        chair, equals, name = given.partition("=")
        if not equals:
            chair, name = "supporter", given
        if chair in models:
            raise UsageError(f"--model names the {chair} twice. Leave one of them out.")
        models[chair] = name
    edits: dict[str, JsonValue] = {}
    for given in args.persona_edit:
        field, equals, value = given.partition("=")
        if not equals or not field or not value:
            raise UsageError(f"--persona-edit {given!r} is not FIELD=VALUE, as in hexaco.emotionality=80.")
        if field in edits:
            raise UsageError(f"--persona-edit names {field} twice. Leave one of them out.")
        edits[field] = _value(value)
    if unknown := set(models) - set(CHAIRS):
        raise UsageError(f"There is no chair {sorted(unknown)[0]!r}. Chairs are {', '.join(CHAIRS)}.")
    return Override(args.choose, args.say, args.seeker_says, args.care_level, models, persona=edits, luck=args.luck, turns=args.turns)


def _value(text: str) -> JsonValue:
    """Numbers and other JSON as such, everything else as text."""
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value


def sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py sweep`."""
    parser.description = (
        "Plays every reply that was offered to the end, each as a branch, and says what each choice was worth: how much less distress "
        "there is in the rest of the session than on the mean of its turn's replies."
    )
    parser.add_argument("id", nargs="?", default="last", help="a conversation that is over (default last)")
    parser.add_argument("--at", default="all", metavar="TURNS", help="all (default), a turn, or turns such as 3,7 or 5-9")
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="play each reply N times, with other luck each time")
    parser.add_argument("--models", type=Path, metavar="FILE", help="a TOML file with limits and prices")
    limit_arguments(parser)


def sweep_command(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py sweep`."""
    if args.samples < 1:
        raise UsageError("--samples plays nothing. Give 1 or more.")
    with open_log(settings.store) as log:
        stream = find(log, args.id)
        conversation = fold(stored.event for stored in log.read(stream))
        if conversation.ended is None:
            raise UsageError(f"{stream} is not over, so nothing is known of its end. First: python sim.py resume {stream}")
        turns = _turns(args.at, len(conversation.exchanges))
        progress = Progress("Playing", sum(len(conversation.exchanges[turn - 1].variants) for turn in turns) * args.samples)
        assert conversation.settings is not None
        line = line_of(args, settings, read_models_file(args.models) if args.models else None)
        check_line(line, conversation.settings)
        with seat(line, log, conversation.settings) as at:
            worths = at.do(conversation.settings, lambda stage: sweep(stage, stream, turns, args.samples, ids=Ids(), tell=progress.at))
    progress.close()
    terminal.result({"id": stream, "samples": args.samples, "turns": [worth.as_json() for worth in worths]})
    terminal.table(
        ("turn", "reply", "style", "reward", "distress after", "at the end", "worth", "spread", "branch"),
        [row for worth in worths for row in _rows(worth)],
    )
    if worths:
        agree = sum(worth.best().chosen for worth in worths)
        terminal.say(f"\nIn {agree} of {len(worths)} turns the reply that was given was also worth the most in the end.")
    terminal.say(f"Next: python sim.py tree {stream}")
    return 0


def _rows(worth: Worth) -> list[tuple[object, ...]]:
    return [
        (
            worth.turn,
            f"{reply.variant}{' ▸' if reply.chosen else ''}",
            reply.style,
            f"{reply.reward:.2f}" if reply.reward is not None else "",
            f"{reply.distress:.1f}",
            f"{reply.end:.1f}",
            f"{reply.worth:+.2f}",
            f"{reply.spread:.1f}" if len(reply.lives) > 1 else "",
            reply.branches[0] if reply.branches else "",
        )
        for reply in worth.replies
    ]


def _turns(text: str, last: int) -> list[int]:
    if text == "all":
        return list(range(1, last + 1))
    turns: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not found:
            raise UsageError(f"--at {text!r} is neither all, nor a turn, nor turns such as 3,7 or 5-9.")
        turns |= set(range(int(found[1]), int(found[2] or found[1]) + 1))
    if outside := sorted(turn for turn in turns if not 1 <= turn <= last):
        raise UsageError(f"There is no turn {outside[0]} in this conversation; it has {last}.")
    return sorted(turns)


COMMANDS = {"branch": (branch_arguments, branch), "sweep": (sweep_arguments, sweep_command)}
"""Command to the function that declares its words and the one that runs it."""
