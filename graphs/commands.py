"""`sim.py run`, `resume`, `branch` and `graph`: sessions in front of a person."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from agents import (
    HUMAN,
    Guest,
    Ids,
    SessionSnapshot,
    StreamId,
    Terminal,
    UsageError,
    Wish,
    drawn_speaking,
    from_file,
    one_of_each_family,
    planned,
    read_models_file,
    sources,
)
from graphs.line import HasKeys, chair_arguments, check_line, limit_arguments, line_of, models_of, seated
from graphs.live import Live, play, seat, stopping_kindly
from graphs.manner import session_arguments, session_settings
from graphs.position import Position, position_of
from graphs.session import begin, compiled, first_event
from graphs.table import Table
from replay import Conversation, Transcript, View, closing, find, load, outcome
from store import Log, open_log

HONEST = (
    "The built-in engine is a rule-driven simulator: it needs no key and no network, and it does not understand. "
    "Stories, rules and word lists decide what is said. A person can take either chair."
)


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py run`."""
    parser.description = f"Plays a session and keeps every turn. {HONEST}"
    who = parser.add_argument_group("who comes")
    who.add_argument("--seed", type=int, default=1, help="the root of every random draw (default 1)")
    who.add_argument("--persona", metavar="WHO", help="a planned persona's id, or a persona file")
    who.add_argument("--city", help="of birth")
    who.add_argument("--decade", help="of birth, such as 1960s")
    who.add_argument("--age", type=int, help="20 to 100")
    who.add_argument("--sex", choices=["female", "male"])
    who.add_argument("--category", help="kind of crisis")
    who.add_argument(
        "--count", type=int, default=1, metavar="N", help="how many sessions, with rising seeds; no situation twice while another fits"
    )
    who.add_argument("--families", action="store_true", help="one session with each of the 69 families of the plan of this seed")
    who.add_argument("--language", metavar="TAG", default="en", help="what is spoken: en (default), es, … or native, each person's own")
    chair_arguments(parser)
    limit_arguments(parser)
    session_arguments(parser)
    you = parser.add_argument_group("where you sit")
    you.add_argument("--interactive", action="store_true", help="you choose or write what the Supporter says")
    you.add_argument("--play", choices=["seeker"], help="you are the Seeker")
    seen = parser.add_argument_group("what is shown")
    seen.add_argument("--thoughts", action="store_true", help="what both think")
    seen.add_argument("--brief", action="store_true", help="only what is said, not the variants")
    seen.add_argument("--pace", type=float, default=0.0, metavar="S", help="seconds to wait after each turn")


def run(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py run`."""
    models, file = models_of(args)
    wanted = seated(_settings(args), {**models, **({"seeker": HUMAN} if args.play else {})}, args.base_url, file)
    line = line_of(args, settings, file)
    check_line(line, wanted)
    guests = _guests(args)
    results: list[dict[str, object]] = []
    ids = Ids()
    with open_log(settings.store, create=True) as log, seat(line, log, wanted) as at:
        for seed, guest in guests:
            stream = StreamId(ids.conversation())
            language = guest.persona.language if args.language == "native" else args.language
            position = begin(log, stream, first_event(guest, seed, wanted, language))
            done, conversation = _play(log, position, at, args, terminal)
            results.append(result(stream, conversation))
            if not done:
                return _left(stream, conversation, terminal)
    terminal.result(results[0] if len(results) == 1 else {"sessions": results})
    last = results[-1]["id"]
    half = max(1, len(conversation.exchanges) // 3)
    terminal.say(f"Next: python sim.py branch {last} --at {half} --care-level 0.2" if len(results) == 1 else "Next: python sim.py list")
    return 0


def _settings(args: argparse.Namespace) -> SessionSnapshot:
    if args.count < 1:
        raise UsageError(f"--count {args.count} plays nothing. Give 1 or more.")
    if args.interactive and (given := "--chooser" if args.chooser else "--care-level" if args.care_level is not None else None):
        raise UsageError(f"{given} and --interactive contradict: both say which reply is given. Leave one of them out.")
    if args.play and args.interactive:
        raise UsageError("--play seeker and --interactive contradict: you can sit in one chair. Leave one of them out.")
    settings = session_settings(args)
    return settings.model_copy(update={"chooser": HUMAN}) if args.interactive else settings


def _guests(args: argparse.Namespace) -> list[tuple[int, Guest]]:
    wishes = {name: getattr(args, name) for name in ("city", "decade", "age", "sex")}
    contradicting = [f"--{name}" for name, value in wishes.items() if value is not None]
    if args.persona and (contradicting or args.families):
        raise UsageError(
            f"--persona and {(contradicting or ['--families'])[0]} contradict: somebody who is named is not drawn. Leave one of them out."
        )
    if args.families:
        if contradicting or args.category or args.count > 1:
            raise UsageError("--families takes everybody of the plan: leave --count, --category and wishes out.")
        return [(args.seed + number, guest) for number, guest in enumerate(one_of_each_family(args.seed))]
    if args.persona:
        path = Path(args.persona)
        guest = from_file(path, args.category) if path.suffix == ".json" or path.is_file() else planned(args.persona)
        return [(args.seed + number, guest) for number in range(args.count)]
    wish = Wish(category=args.category, **wishes)
    guests: list[tuple[int, Guest]] = []
    for seed in range(args.seed, args.seed + args.count):
        told = {guest.crisis.situation for _, guest in guests}
        guests.append((seed, drawn_speaking(args.language, seed, wish, told)))
    return guests


def _play(log: Log, position: Position, at: Table, args: argparse.Namespace, terminal: Terminal) -> tuple[bool, Conversation]:
    """Plays on from a position, shows it, says how it ended."""
    conversation = load(log, position.stream)
    view = View(variants=not args.brief, thoughts=args.thoughts, seeker=True)
    if position.settings.chooser == HUMAN or position.settings.models.get("seeker") == HUMAN:
        view = View(variants=False, thoughts=False, seeker=False)
    Transcript(terminal, view).head(conversation, f"  {position.stream}")
    live = Live(terminal, conversation, view, getattr(args, "pace", 0.0))
    begun = time.perf_counter()
    with stopping_kindly(position.stream):
        done = play(at, position, live, terminal)
    seconds = time.perf_counter() - begun
    if done:
        terminal.say(f"\n{closing(conversation)}\nSaved {position.stream} ({len(conversation.exchanges)} turns, {seconds:.1f} s).")
    return done, conversation


def _left(stream: StreamId, conversation: Conversation, terminal: Terminal) -> int:
    terminal.result(result(stream, conversation))
    turns = len(conversation.exchanges)
    terminal.say(f"\nLeft after {turns} turn{'s' * (turns != 1)}, all kept.\nNext: python sim.py resume {stream}")
    return 0


def result(stream: StreamId, conversation: Conversation) -> dict[str, object]:
    """What a session came to, for `--json`."""
    first = conversation.exchanges[0].spoken.affect if conversation.exchanges else None
    last = (conversation.exchanges[-1].reaction() or conversation.exchanges[-1].spoken).affect if conversation.exchanges else None
    return {
        "id": stream,
        "persona": conversation.persona.id if conversation.persona else None,
        "category": conversation.started.crisis.category if conversation.started else None,
        "turns": len(conversation.exchanges),
        "outcome": outcome(conversation.ended),
        "affect_first": first.model_dump() if first else None,
        "affect_last": last.model_dump() if last else None,
        "flagged": sum(exchange.flagged is not None for exchange in conversation.exchanges),
    }


def resume_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py resume`."""
    parser.description = "Goes on with a session that was stopped, to exactly the events that it would have had."
    parser.add_argument("id", nargs="?", default="last", help="a conversation (default last)")
    limit_arguments(parser)
    parser.add_argument("--models", type=Path, metavar="FILE", help="a TOML file with limits and prices")
    parser.add_argument("--thoughts", action="store_true", help="what both think")
    parser.add_argument("--brief", action="store_true", help="only what is said, not the variants")


def resume(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py resume`."""
    with open_log(settings.store) as log:
        stream = find(log, args.id)
        conversation = load(log, stream)
        position = position_of(stream, conversation)
        if position.ended:
            terminal.result(result(stream, conversation))
            terminal.say(f"{stream} is over: {closing(conversation)} Next: python sim.py replay {stream}")
            return 0
        line = line_of(args, settings, read_models_file(args.models) if args.models else None)
        check_line(line, position.settings)
        if sources(position.settings.models) != position.settings.prompts:
            terminal.say("What people speak from has changed since this session began: a turn that was in hand is asked for anew.")
        with seat(line, log, position.settings) as at:
            done, conversation = _play(log, position, at, args, terminal)
    if not done:
        return _left(stream, conversation, terminal)
    terminal.result(result(stream, conversation))
    terminal.say(f"Next: python sim.py replay {stream}")
    return 0


def graph_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py graph`."""
    parser.description = "Draws the turn graph: Mermaid text, and a picture where matplotlib is installed (extra `plots`)."
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw it into this file")


def graph(args: argparse.Namespace, settings: object, terminal: Terminal) -> int:
    """Runs `sim.py graph`."""
    drawn_graph = compiled().get_graph()
    mermaid = drawn_graph.draw_mermaid()
    terminal.result({"mermaid": mermaid, "png": str(args.png) if args.png else None})
    terminal.say(mermaid)
    if args.png:
        from graphs.drawing import draw_png

        draw_png([(edge.source, edge.target, edge.conditional) for edge in drawn_graph.edges], args.png)
        terminal.say(f"Wrote {args.png}.")
    return 0


COMMANDS = {"run": (run_arguments, run), "resume": (resume_arguments, resume), "graph": (graph_arguments, graph)}
"""Command to the function that declares its words and the one that runs it."""
