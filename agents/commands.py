"""`sim.py personas …` and `sim.py crises …`: words and exit codes around drawing, planning and checking people."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from agents.atlas.atlas import entries
from agents.crises.catalogue import categories, find_category, kind
from agents.ground.errors import UsageError, VigilError
from agents.ground.terminal import Progress, Terminal, plain
from agents.persona import Crisis, Persona
from agents.personas.card import card
from agents.personas.check import implausibilities
from agents.personas.draw import Wish, draw
from agents.personas.files import Problem, as_json, persona_files, problems_of, read_persona, write_json
from agents.personas.legacy import to_legacy
from agents.personas.meeting import planned
from agents.personas.plan import Plan, Planned, make_plan
from agents.personas.selection import RISKS, select
from agents.personas.statistics import balance, by_decade, write_statistics

_FILTERS = ("city", "country", "region", "decade", "age", "category", "risk", "family", "split")


def personas_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py personas`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    planned = verbs.add_parser("plan", help="one family a city, a crisis for every age; what it comes to, or its table")
    planned.add_argument("--out", type=Path, metavar="FILE", help="write the whole plan as CSV")
    drawn = verbs.add_parser("draw", help="draw personas from a seed")
    drawn.add_argument("--count", type=int, default=1, metavar="N", help="how many, with rising seeds")
    for name, text in (
        ("city", "of birth"),
        ("decade", "of birth, such as 1960s"),
        ("category", "kind of crisis"),
        ("sex", "female or male"),
    ):
        drawn.add_argument(f"--{name}", help=text)
    drawn.add_argument("--age", type=int, help="20 to 100")
    shown = verbs.add_parser("show", help="the card of a planned persona, or of a persona file")
    shown.add_argument("who", help="a persona's id, a unique beginning of it, or a file")
    listed = verbs.add_parser("list", help="the planned personas")
    exported = verbs.add_parser("export", help="write planned personas as JSON files")
    exported.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    exported.add_argument("--format", choices=["vigil", "kakoverse"], default="vigil", help="ours, or the original's field names")
    exported.add_argument("--skip-existing", action="store_true", help="leave files that are there as they are")
    for verb in (listed, exported):
        _filters(verb)
    taken = verbs.add_parser("import", help="read persona files, ours or the original's, and write them in ours")
    taken.add_argument("files", nargs="+", type=Path)
    taken.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    checked = verbs.add_parser("check", help="name everything that does not add up in persona files, or in personas drawn now")
    checked.add_argument("files", nargs="*", type=Path)
    checked.add_argument("--drawn", type=int, metavar="N", help="draw N personas and check them")
    verbs.add_parser("cities", help="the 69 cities")
    counted = verbs.add_parser("stats", help="how the plan is spread: CSV, PNG and one page")
    counted.add_argument("--out", type=Path, default=Path("artifacts/plan"), metavar="FOLDER")
    for verb in (planned, drawn, shown, listed, exported, checked, counted):
        verb.add_argument("--seed", type=int, default=1, help="of the plan or the draw (default 1)")


def _filters(parser: argparse.ArgumentParser) -> None:
    texts = {"region": "a part of the world", "age": "an age, or a range such as 20-35", "risk": " or ".join(RISKS), "decade": "of birth"}
    for name in _FILTERS:
        parser.add_argument(f"--{name}", help=texts.get(name))
    parser.add_argument("--offset", type=int, default=0, metavar="N", help="leave the first N out")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N")


def personas(args: argparse.Namespace, settings: object, terminal: Terminal) -> int:
    """Runs `sim.py personas`."""
    for name in ("offset", "limit", "count", "drawn"):
        if (getattr(args, name, None) or 0) < 0:
            raise UsageError(f"--{name} cannot be negative.")
    return _PERSONA_VERBS[args.verb](args, terminal)


def _plan(args: argparse.Namespace, terminal: Terminal) -> int:
    plan = make_plan(args.seed)
    splits = {split: sum(identity.split == split for identity in plan.families) for split in ("train", "validation", "test")}
    terminal.result(
        {"seed": args.seed, "families": len(plan.families), "cells": len(plan.cells), "splits": splits, "balance": balance(plan)}
    )
    terminal.facts(
        {
            "families": f"{len(plan.families)}, one a city",
            "persona-ages": f"{len(plan.cells):,}",
            "splits": ", ".join(f"{split} {count}" for split, count in splits.items()),
            "largest over smallest": ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in balance(plan).items()),
        }
    )
    if args.out:
        _write_plan(plan, args.out)
        terminal.say(f"Wrote {args.out}.")
    terminal.say("Next: python sim.py personas list --limit 10")
    return 0


def _write_plan(plan: Plan, path: Path) -> None:
    import csv

    header = ("id", "family", "split", "name", "city", "country", "birth_decade", "sex", "age", "year", "category", "severity", "summary")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for cell, persona, crisis in plan.personas():
            born, now = persona.birth_context, persona.current_socio_demographics
            row = (persona.id, persona.family, cell.identity.split, persona.name, born.city, born.country, born.decade)
            writer.writerow((*row, persona.gender_at_birth, now.age, now.year, crisis.category, crisis.severity, crisis.summary))


def _draw(args: argparse.Namespace, terminal: Terminal) -> int:
    if args.sex not in (None, "female", "male"):
        raise UsageError(f"--sex {args.sex!r} is neither female nor male.")
    wish = Wish(city=args.city, decade=args.decade, age=args.age, sex=args.sex, category=args.category)
    drawn = [draw(seed, wish) for seed in range(args.seed, args.seed + args.count)]
    terminal.result(as_json(*drawn[0]) if args.count == 1 else {"personas": [as_json(*pair) for pair in drawn]})
    for persona, crisis in drawn:
        terminal.say(plain_card(persona, crisis) + "\n")
    terminal.say("Next: python sim.py personas list --limit 10")
    return 0


def plain_card(persona: Persona, crisis: Crisis | None) -> str:
    """A card that cannot drive the terminal, whatever its file says."""
    return "\n".join(plain(line) for line in card(persona, crisis).split("\n"))


def _show(args: argparse.Namespace, terminal: Terminal) -> int:
    path = Path(args.who)
    if path.suffix == ".json" or path.is_file():
        [file] = persona_files([path])
        persona, crisis = read_persona(file), None
    else:
        guest = planned(args.who, args.seed)
        persona, crisis = guest.persona, guest.crisis
    terminal.result({"persona": persona.model_dump(mode="json"), "crisis": crisis.model_dump(mode="json") if crisis else None})
    terminal.say(plain_card(persona, crisis))
    return 0


def _chosen(args: argparse.Namespace) -> Iterator[tuple[Planned, Persona, Crisis]]:
    selection = select({name: getattr(args, name) for name in _FILTERS})
    wanted = (found for found in make_plan(args.seed).personas(selection.wants) if selection.wants_persona(found[1]))
    return islice(wanted, args.offset, None if args.limit is None else args.offset + args.limit)


def _list(args: argparse.Namespace, terminal: Terminal) -> int:
    rows = list(_chosen(args))
    terminal.result(
        {
            "personas": [
                {"id": p.id, "family": p.family, "name": p.name, "split": c.identity.split, "crisis": k.model_dump(mode="json")}
                for c, p, k in rows
            ]
        }
    )
    table = [
        (p.id, p.name, p.birth_context.city, p.birth_context.decade, c.age, k.category[:34], k.severity, c.identity.split)
        for c, p, k in rows
    ]
    if not table:
        raise UsageError("No planned persona passes these filters. Leave one of them out.")
    terminal.table(("id", "name", "born in", "in the", "age", "crisis", "severity", "split"), table)
    terminal.say(f"\n{len(rows)} shown. Next: python sim.py personas show {rows[0][1].id}")
    return 0


def _export(args: argparse.Namespace, terminal: Terminal) -> int:
    written = skipped = 0
    progress = Progress("Writing", None)
    for _, persona, crisis in _chosen(args):
        path = args.out / f"{persona.id}.json"
        if args.skip_existing and path.exists():
            skipped += 1
            continue
        write_json(path, as_json(persona, crisis) if args.format == "vigil" else to_legacy(persona))
        written += 1
        progress.at(written)
    progress.close()
    terminal.result({"folder": str(args.out), "written": written, "skipped": skipped})
    terminal.say(
        f"Wrote {written:,} personas to {args.out}"
        + (f", left {skipped:,} as they were" if skipped else "")
        + f". Next: python sim.py personas check {args.out}"
    )
    return 0


def _import(args: argparse.Namespace, terminal: Terminal) -> int:
    files = persona_files(args.files)
    read, problems = [], []
    for file in files:
        try:
            read.append((file, read_persona(file)))
        except VigilError as error:
            problems.append(str(error))
    for file, persona in read:
        write_json(args.out / file.name, persona.model_dump(mode="json"))
    terminal.result({"imported": len(read), "failed": len(problems), "problems": problems})
    terminal.say(f"Imported {len(read)} of {len(files)} personas into {args.out}.")
    for problem in problems:
        terminal.say(plain(problem))
    return 1 if problems else 0


def _check(args: argparse.Namespace, terminal: Terminal) -> int:
    files = persona_files(args.files)
    problems = [problem for file in files for problem in problems_of(file)]
    if args.drawn:
        problems += list(_drawn_problems(args))
    if not files and not args.drawn:
        raise UsageError("Name persona files to check, or --drawn N to check what this Vigil draws.")
    terminal.result({"checked": len(files) + (args.drawn or 0), "findings": [problem.__dict__ for problem in problems]})
    for problem in problems:
        terminal.say(plain(str(problem)))
    terminal.say(f"{len(files) + (args.drawn or 0):,} checked, {len(problems)} finding{'s' * (len(problems) != 1)}.")
    return 1 if problems else 0


def _drawn_problems(args: argparse.Namespace) -> Iterator[Problem]:
    progress = Progress("Drawing", args.drawn)
    for seed in range(args.seed, args.seed + args.drawn):
        for found in implausibilities(draw(seed)[0]):
            yield Problem(f"seed {seed}", found.field, found.found, found.expected)
        progress.at(seed - args.seed + 1)
    progress.close()


def _cities(args: argparse.Namespace, terminal: Terminal) -> int:
    terminal.result({"cities": [entry.__dict__ for entry in entries()]})
    terminal.table(("city", "country", "part of the world"), [(entry.city, entry.country, entry.part) for entry in entries()])
    return 0


def _stats(args: argparse.Namespace, terminal: Terminal) -> int:
    plan = make_plan(args.seed)
    written = write_statistics(plan, args.out)
    terminal.result({"folder": str(args.out), "files": [path.name for path in written], "balance": balance(plan)})
    terminal.say(f"Wrote {len(written)} files to {args.out}. Next: open {args.out / 'index.html'}")
    return 0


_PERSONA_VERBS: dict[str, Callable[[argparse.Namespace, Terminal], int]] = {
    "plan": _plan,
    "draw": _draw,
    "show": _show,
    "list": _list,
    "export": _export,
    "import": _import,
    "check": _check,
    "cities": _cities,
    "stats": _stats,
}


def crises_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py crises`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("list", help="the 45 kinds of crisis and their ages")
    shown = verbs.add_parser("show", help="what the catalogue says of one kind")
    shown.add_argument("category", help="its name or slug")
    planned = verbs.add_parser("plan", help="how often each kind is planned, by decade")
    planned.add_argument("--seed", type=int, default=1)


def crises(args: argparse.Namespace, settings: object, terminal: Terminal) -> int:
    """Runs `sim.py crises`."""
    return {"list": _list_kinds, "show": _show_kind, "plan": _plan_kinds}[args.verb](args, terminal)


def _list_kinds(args: argparse.Namespace, terminal: Terminal) -> int:
    rows = [(c.name, f"{c.youngest}-{c.oldest}", kind(c.slug).group, "with care" if kind(c.slug).sensitive else "") for c in categories()]
    terminal.result({"categories": [category.__dict__ for category in categories()]})
    terminal.table(("kind of crisis", "ages", "group", ""), rows)
    terminal.say(f"\n{len(rows)} kinds. Next: python sim.py crises show {categories()[0].slug}")
    return 0


def _show_kind(args: argparse.Namespace, terminal: Terminal) -> int:
    category = find_category(args.category)
    about = kind(category.slug)
    terminal.result(about.model_dump(mode="json"))
    terminal.say(f"{terminal.style(about.category, 'bold')}, {about.youngest} to {about.oldest}\n{about.about}")
    for title, lines in (
        ("At different ages", [f"{stage.youngest}-{stage.oldest}: {stage.note}" for stage in about.life_stages]),
        ("It shows", [sign.first for sign in about.signs]),
        ("Set off by", about.triggers),
        ("Feared", about.fears),
        ("Hoped for", about.hopes),
        ("What helps", about.helps),
        ("What hurts", about.hurts),
        ("Words that call for a question", [f"“{signal.words}” ({signal.level.value}): {signal.ask}" for signal in about.risk_signals]),
        (
            "How severe",
            [f"{name}: {grade.looks} ({grade.months_from} to {grade.months_to} months)" for name, grade in about.severity.items()],
        ),
    ):
        terminal.say("\n" + terminal.style(title, "bold"))
        for line in lines:
            terminal.say(f"  {line}")
    return 0


def _plan_kinds(args: argparse.Namespace, terminal: Terminal) -> int:
    plan = make_plan(args.seed)
    decades, table = by_decade(plan)
    terminal.result({"decades": decades, "counts": {name: dict(counts) for name, counts in table.items()}, "balance": balance(plan)})
    terminal.table(
        ("kind of crisis", *decades, "all"), [(name[:34], *(n[d] for d in decades), sum(n.values())) for name, n in table.items()]
    )
    return 0


COMMANDS = {"personas": (personas_arguments, personas), "crises": (crises_arguments, crises)}
"""Command to the function that declares its words and the one that runs it."""
