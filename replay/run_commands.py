"""`sim.py runs`: the batches of the log, and what became of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from agents import Progress, RunId, StreamId, Terminal, plain
from replay.batches import find_run, own
from replay.cost_commands import FIGURES, costs, costs_arguments, figures
from replay.runs import Report
from store import ConversationEnded, HasStore, Log, StoredEvent, UnknownId, open_log

_SHOWN = 20
"""Failures that `runs show` prints; `--json` has all of them."""


def runs_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py runs`."""
    parser.description = "The batches of the log, and what became of them."
    verbs = parser.add_subparsers(dest="verb", metavar="list|show", required=True)
    verbs.add_parser("list", help="all runs, newest last")
    show = verbs.add_parser("show", help="one run: its plan, how far it is, failures, faults of the simulator, cost")
    show.add_argument("id", nargs="?", default="last", help="a run, a unique beginning of its id, or last (default)")


def runs(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py runs`."""
    with open_log(settings.store) as log:
        return _VERBS[args.verb](args, log, terminal)


def _list(args: argparse.Namespace, log: Log, terminal: Terminal) -> int:
    reports = [_report(log, RunId(info.id), whole=False) for info in log.streams("run-")]
    terminal.result({"runs": [report.row() for report in reports]})
    if not reports:
        terminal.say("No run yet. `python sim.py generate` plans and plays one.")
        return 0
    terminal.table(
        ("id", "when", "planned", "done", "failed", "missing", "outcome", "models", "cost $"),
        [
            (
                report.run,
                _when(report.planned_at),
                f"{report.total:,}",
                f"{report.states['done']:,}",
                f"{report.states['failed']:,}",
                f"{report.missing:,}",
                report.outcome.replace("_", " "),
                plain(", ".join(report.models)) or "builtin",
                f"{report.costs.total().cost:.4f}",
            )
            for report in reports
        ],
    )
    terminal.say(f"\n{len(reports)} shown. Next: python sim.py runs show {reports[-1].run}")
    return 0


def _show(args: argparse.Namespace, log: Log, terminal: Terminal) -> int:
    report = _report(log, find_run(log, args.id), whole=True)
    terminal.result(report.as_json())
    terminal.say(terminal.style(report.run, "bold"))
    terminal.facts(_facts(report))
    for trouble in report.troubles[:_SHOWN]:
        terminal.say(f"  {trouble.id} {trouble.state}: {plain(trouble.reason)}")
    if (more := len(report.troubles) - _SHOWN) > 0:
        terminal.say(f"  … and {more:,} more: python sim.py runs show {report.run} --json")
    if rows := report.costs.rows():
        terminal.say()
        terminal.table(("role", *FIGURES), [(*group, *figures(sums)) for group, sums in [*rows, (("total",), report.costs.total())]])
    terminal.say(f"\nNext: python sim.py {report.next_step}")
    return 0


def _facts(report: Report) -> dict[str, object]:
    asked, states, failed = report.asked, report.states, report.attempts_failed
    begun = f" ({states['begun']:,} of them begun)" if states["begun"] else ""
    reason = f": {plain(report.ended.reason)}" if report.ended and report.ended.reason and not report.open else ""
    told = {
        "asked for": plain(asked.in_words()) if asked else "written by another version of Vigil: it cannot be gone on with",
        "models": plain(", ".join(f"{chair} {model}" for chair, model in asked.models.items())) if asked else "",
        "budget": ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in report.planned.budget.items()) or "none",
        "planned": _when(report.planned_at),
        "took": f"{timedelta(seconds=(report.last_at - report.planned_at) // 1_000_000)} from the plan to the last event",
        "outcome": f"{report.outcome.replace('_', ' ')}{' (under way, or killed)' if report.open else ''}{reason}",
        "sessions": f"{report.total:,} planned, {states['done']:,} done, {states['failed']:,} failed, {report.missing:,} missing{begun}",
        "simulator": _simulator(report),
        "form": f"{report.repairs:,} answers asked for again, {report.costs.total().unusable:,} of no use" if report.models else "",
        "failed attempts": ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in failed.most_common()),
    }
    return {name: words for name, words in told.items() if words}


def _simulator(report: Report) -> str:
    checked = report.simulator
    if not checked.messages:
        return "no message of a model's Seeker yet" if report.models else "built in"
    kinds = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in checked.kinds.most_common())
    return (
        f"{100 * checked.rate:.1f}% of the Seekers' messages are marked as faults ({checked.marked:,} of {checked.messages:,})"
        f"{f': {kinds}' if kinds else ''}; {checked.reasked:,} asked again, {checked.mended:,} mended by it"
    )


def _report(log: Log, run: RunId, *, whole: bool) -> Report:
    report = Report(run, log.read(run))
    whole = whole or bool(report.models) or report.asked is None
    progress = Progress(f"Reading {run}", report.total)
    for number, stream in enumerate(report.planned.conversations):
        progress.at(number)
        if events := own(log, stream) if whole else _end(log, stream):
            report.add(stream, events)
    progress.close()
    return report


def _end(log: Log, stream: StreamId) -> Sequence[StoredEvent]:
    """The last event where that is how a conversation ended, else all: what cost nothing need not be read whole."""
    try:
        last = log.read(stream, log.head(stream).version - 1)
    except UnknownId:
        return []
    return last if isinstance(last[-1].event, ConversationEnded) else log.read(stream)


def _when(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M")


_VERBS: dict[str, Callable[[argparse.Namespace, Log, Terminal], int]] = {"list": _list, "show": _show}

COMMANDS = {"costs": (costs_arguments, costs), "runs": (runs_arguments, runs)}
"""Command to the function that declares its words and the one that runs it."""
