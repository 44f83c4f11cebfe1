"""`sim.py costs`: what models were asked and what it cost, from the record of every call."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from agents import Progress, StreamId, Terminal, plain, price_of
from replay.batches import meant, own, runs_of
from replay.costs import BY, Costs, Sums, parse_by
from store import HasStore, Log, StoredEvent, open_log, read_all

_NO_CALL = "No model was asked: built-in sessions cost nothing."
FIGURES = ("calls", "failed", "kept", "unusable", "prompt", "answer", "cost $", "mean s", "p95 s", "estimated")
"""What is told of a group of calls."""


def costs_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py costs`."""
    parser.description = (
        "What models were asked and what it cost, from the record of every call. A kept answer came from a cache and cost nothing; "
        "an unusable one came and was paid, but could not be read. Times are those of answers; the 95th percentile is right to half a percent."
    )
    parser.add_argument(
        "id", nargs="?", help="a run, or a conversation, each with its branches; a branch has its own calls only (default the whole log)"
    )
    parser.add_argument(
        "--by", default="role,model", metavar="NAMES", help=f"{', '.join(BY)}, or several with commas between (default role,model)"
    )


def costs(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py costs`."""
    by = parse_by(args.by)
    with open_log(settings.store) as log:
        stream = log.resolve(args.id) if args.id else None
        found = Costs(by, runs_of(log) if "run" in by else None)
        for stored in _events(log, stream):
            found.add(stored)
    terminal.result({"id": stream, **found.as_json(), "unpriced": _unpriced(found)})
    rows, total = found.rows(), found.total()
    if not rows:
        terminal.say(f"{_NO_CALL} Next: python sim.py models list")
        return 0
    table = [(*(plain(key) or "none" for key in group), *figures(sums)) for group, sums in rows]
    last = ("total", *[""] * (len(by) - 1), *figures(total))
    terminal.table((*by, *FIGURES), [*table, last] if len(rows) > 1 else table)
    if unpriced := _unpriced(found):
        terminal.say(f"No price is known for {', '.join(map(plain, unpriced))}: where nobody gave one, it is counted as 0.")
    terminal.say(f"\n{total.calls:,} calls, {total.tokens:,} tokens, ${total.cost:.4f}. Next: python sim.py {_next_step(stream, by)}")
    return 0


def _next_step(stream: StreamId | None, by: Sequence[str]) -> str:
    if stream is None:
        return "runs list"
    if "purpose" not in by:
        return f"costs {stream} --by purpose"
    return f"runs show {stream}" if stream.startswith("run-") else f"show {stream}"


def figures(sums: Sums) -> tuple[str, ...]:
    """The cells of a row under `FIGURES`."""
    mean, late = sums.latencies.mean_ms(), sums.latencies.percentile_ms(0.95)
    return (
        f"{sums.calls:,}",
        f"{sums.failed:,}",
        f"{sums.kept:,}",
        f"{sums.unusable:,}",
        f"{sums.prompt_tokens:,}",
        f"{sums.completion_tokens:,}",
        f"{sums.cost:.4f}",
        "" if mean is None else f"{mean / 1000:.2f}",
        "" if late is None else f"{late / 1000:.2f}",
        f"{100 * sums.estimated_share:.0f}%",
    )


def _unpriced(found: Costs) -> list[str]:
    """Models that were asked, cost nothing so far, and have no price in the table: nobody knows what they cost."""
    if "model" not in found.by:
        return []
    place = found.by.index("model")
    asked: dict[str, float] = {}
    for group, sums in found.rows():
        if sums.tokens:
            asked[group[place]] = asked.get(group[place], 0.0) + sums.cost
    return sorted(model for model, cost in asked.items() if not cost and price_of(model, {}) is None)


def _events(log: Log, stream: StreamId | None) -> Iterator[StoredEvent]:
    """The events of all conversations, or of those that a stream stands for; a cache's copies of answers are none of them."""
    if stream is None:
        progress = Progress("Reading", log.anchor().position)
        for stored in read_all(log):
            progress.at(stored.position)
            if stored.stream.startswith(("c-", "b-")):
                yield stored
        progress.close()
        return
    wanted = meant(log, stream)
    progress = Progress("Reading", len(wanted))
    for number, (one, shared) in enumerate(wanted):
        progress.at(number)
        yield from own(log, one, shared)
    progress.close()
