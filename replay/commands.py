"""`sim.py list`, `show`, `tree` and `diff`: looking at conversations, without touching them."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice, zip_longest

from pydantic import JsonValue

from agents import StreamId, Terminal, UsageError, find_category, plain
from replay.conversation import Conversation, Exchange
from replay.family import Life, family, root_of, walk
from replay.summaries import OUTCOMES, RISKS, Wanted, as_json, conversations, find, lines, load, one_of, outcome, rows
from replay.transcript import Transcript, View, closing, headline, meter
from store import HasStore, open_log


def list_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py list`."""
    parser.add_argument("--persona", metavar="WHO", help="the beginning of a persona's id, or part of a name")
    parser.add_argument("--category", help="a kind of crisis, by name or slug")
    parser.add_argument("--risk", help=" or ".join(RISKS))
    parser.add_argument("--outcome", help=", ".join(OUTCOMES))
    parser.add_argument("--roots", action="store_true", help="leave branches out")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most N, newest first (default 20; 0 shows all)")


def list_conversations(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py list`."""
    if args.limit < 0:
        raise UsageError("--limit cannot be negative.")
    wanted = Wanted(
        persona=args.persona,
        category=find_category(args.category).name if args.category else None,
        risk=one_of("--risk", args.risk, RISKS),
        outcome=one_of("--outcome", args.outcome, OUTCOMES),
        roots=args.roots,
    )
    with open_log(settings.store) as log:
        found = list(islice(rows(log, wanted), args.limit or None))
    terminal.result({"conversations": [row.as_json() for row in found]})
    if not found:
        terminal.say("No conversation passes. `python sim.py run` makes one.")
        return 0
    terminal.table(
        ("id", "name", "place", "crisis", "turns", "distress", "risk", "outcome", "when"),
        [
            (
                row.id,
                plain(row.name)[:24],
                f"{plain(row.city)[:22]} {row.year}",
                row.category[:28],
                row.turns,
                f"{row.distress_first:.0f} → {row.distress_last:.0f}" if row.distress_first is not None else "",
                "!" if row.flagged else "",
                row.outcome.replace("_", " "),
                datetime.fromtimestamp(row.started_at / 1e6, UTC).strftime("%Y-%m-%d %H:%M"),
            )
            for row in found
        ],
    )
    terminal.say(f"\n{len(found)} shown. Next: python sim.py replay {found[0].id}")
    return 0


def show_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py show`."""
    parser.add_argument("id", nargs="?", default="last", help="a conversation, a unique beginning of its id, or last (default)")
    parser.add_argument("--thoughts", action="store_true", help="what both thought")
    parser.add_argument("--variants", action="store_true", help="what else might have been answered")
    parser.add_argument("--jsonl", action="store_true", help="one utterance a line: conversation, turn, speaker, text")
    parser.add_argument("--all", action="store_true", help="with --jsonl: every conversation of the log that did not branch")


def show(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py show`."""
    if args.all and not args.jsonl:
        raise UsageError("--all prints every conversation as lines: give --jsonl with it.")
    with open_log(settings.store) as log:
        wanted = [info.id for info in reversed(conversations(log)) if info.parent is None] if args.all else [find(log, args.id)]
        loaded = [(stream, load(log, stream)) for stream in wanted]
    if args.jsonl:
        for stream, conversation in loaded:
            for line in lines(stream, conversation):
                print(json.dumps(line, ensure_ascii=False), file=terminal.out)
        return 0
    [(stream, conversation)] = loaded
    terminal.result(as_json(stream, conversation))
    transcript = Transcript(terminal, View(variants=args.variants, thoughts=args.thoughts))
    transcript.head(conversation, f"  {stream}")
    before = None
    for exchange in conversation.exchanges:
        transcript.turn(exchange, before)
        before = exchange.spoken.affect
    terminal.say(f"\n{closing(conversation)}\nNext: python sim.py branch {stream} --at {max(1, len(conversation.exchanges) // 2)}")
    return 0


def tree_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py tree`."""
    parser.add_argument("id", nargs="?", default="last", help="any life of the family (default last)")


def tree(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py tree`."""
    with open_log(settings.store) as log:
        wanted = find(log, args.id)
        life = family(log, root_of(log, wanted))
    terminal.result(life.as_json())
    if life.conversation.persona:
        terminal.say(terminal.style(plain(headline(life.conversation.persona)), "bold"))
    for line in _branches(life, terminal, wanted):
        terminal.say(line)
    leaves = [one for _, one in walk(life)]
    best = min(leaves, key=lambda one: (one.conversation.distress() or (0.0, 100.0))[1])
    other = next((one for one in leaves if one.id != life.id), None)
    terminal.say(f"\n{len(leaves)} {'lives' if len(leaves) > 1 else 'life'}; the calmest end is {best.id}.")
    terminal.say(
        f"Next: python sim.py diff {life.id} {best.id if best.id != life.id else other.id}"
        if other
        else f"Next: python sim.py branch {life.id} --at 7"
    )
    return 0


def _branches(life: Life, terminal: Terminal, marked: StreamId, indent: str = "", *, last: bool = True, root: bool = True) -> list[str]:
    knot = "" if root else f"{indent}{'└─' if last else '├─'} "
    name = terminal.style(life.id, "bold" if life.id == marked else "cyan")
    out = [f"{knot}{name}  {describe(life)}"]
    below = indent if root else indent + ("   " if last else "│  ")
    for number, child in enumerate(life.children):
        out += _branches(child, terminal, marked, below, last=number == len(life.children) - 1, root=False)
    return out


def describe(life: Life) -> str:
    """A life in a line: where it left its parent and why, and how it ended."""
    distress = life.conversation.distress()
    ends = f"{outcome(life.conversation.ended).replace('_', ' ')}, {len(life.conversation.exchanges)} turns"
    moved = f", distress {distress[0]:.0f} → {distress[1]:.0f}" if distress else ""
    if life.forked is None:
        return ends + moved
    return f"at {life.forked.turn}: {plain(override_in_words(life.forked.opened.overrides))}; {ends}{moved}"


_DETAIL = ("voices", "prompts")
"""What `models` brings along, too long for a line."""


def override_in_words(overrides: Mapping[str, JsonValue]) -> str:
    """What a branch does otherwise."""
    words = []
    for name, value in overrides.items():
        if isinstance(value, dict):
            words += [f"{field} = {new}" for field, new in value.items() if field not in _DETAIL]
        elif name in ("say", "seeker_says"):
            words.append(f"{'Supporter' if name == 'say' else 'Seeker'} says “{textwrap.shorten(str(value), 40, placeholder='…')}”")
        else:
            words.append(f"{name} {value}")
    return ", ".join(words) or "the same again"


def diff_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py diff`."""
    parser.add_argument("a", help="a life")
    parser.add_argument("b", help="another one")


def diff(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py diff`."""
    with open_log(settings.store) as log:
        a, b = find(log, args.a), find(log, args.b)
        one, other = load(log, a), load(log, b)
    shared = shared_turns(one, other)
    if not shared and one.started != other.started:
        terminal.say(f"{a} and {b} share no turn: they are different conversations, shown side by side.")
    terminal.result({"a": as_json(a, one), "b": as_json(b, other), "shared_turns": shared})
    transcript = Transcript(terminal, View(variants=False))
    transcript.head(one)
    for exchange in one.exchanges[:shared]:
        transcript.turn(exchange)
    _side_by_side(terminal, (a, one), (b, other), shared)
    terminal.say(f"\n{a}: {closing(one)}\n{b}: {closing(other)}")
    terminal.say(f"Next: python sim.py tree {a}")
    return 0


def shared_turns(one: Conversation, other: Conversation) -> int:
    """How many turns were word for word the same, Seeker and Supporter both, from the start."""
    count = 0
    for left, right in zip(one.exchanges, other.exchanges, strict=False):
        if left.spoken != right.spoken or left.reply != right.reply:
            break
        count += 1
    return count


def _side_by_side(terminal: Terminal, a: tuple[StreamId, Conversation], b: tuple[StreamId, Conversation], shared: int) -> None:
    width = (min(140, shutil.get_terminal_size((110, 24)).columns) - 3) // 2
    rule = terminal.style("─" * (2 * width + 3), "dim")
    terminal.say(f"\n{rule}\n{a[0].ljust(width)} │ {b[0]}\n{rule}")
    for left, right in zip_longest(a[1].exchanges[shared:], b[1].exchanges[shared:]):
        for one, two in ((_seeker(left, width), _seeker(right, width)), (_reply(left, width), _reply(right, width))):
            for x, y in zip_longest(one, two, fillvalue=""):
                terminal.say(f"{x.ljust(width)} │ {y}".rstrip())
            terminal.say(f"{' ' * width} │")


def _seeker(exchange: Exchange | None, width: int) -> list[str]:
    if exchange is None:
        return []
    return [
        f"{exchange.spoken.turn:2} Seeker  {meter(exchange.spoken.affect)}"[:width],
        *textwrap.wrap(plain(exchange.spoken.message), width),
    ]


def _reply(exchange: Exchange | None, width: int) -> list[str]:
    if exchange is None or exchange.reply is None:
        return []
    reward = exchange.reward(exchange.reply.variant)
    score = f" {reward:.2f}" if reward is not None else ""
    return [f"   Supporter, {exchange.reply.style}{score}"[:width], *textwrap.wrap(plain(exchange.reply.message), width)]


COMMANDS = {
    "list": (list_arguments, list_conversations),
    "show": (show_arguments, show),
    "tree": (tree_arguments, tree),
    "diff": (diff_arguments, diff),
}
"""Command to the function that declares its words and the one that runs it."""
