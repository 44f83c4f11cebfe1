"""Runs the benchmarks: `python -m tests.benchmarks [ONLY] [--events N]`; prints a table and writes `bench.json`.

Logs are made in the system's folder for temporary files (`TMPDIR` names another): it has to be on a real disk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agents import Terminal
from tests.benchmarks import models, people, sessions, store_append, store_branch, store_postgres, store_read, store_size, talking
from tests.benchmarks.harness import Bench, Benchmark, Row, Skipped, show, write

ROOT = Path(__file__).resolve().parents[2]

BENCHMARKS = (
    Benchmark("append-raw-normal", store_append.against_raw_normal),
    Benchmark("append-raw-full", store_append.against_raw_full),
    Benchmark("append-eventsourcing", store_append.against_eventsourcing),
    Benchmark("append-sqlmodel", store_append.against_sqlmodel),
    Benchmark("read-fold", store_read.against_sqlmodel),
    Benchmark("branch-open", store_branch.opening),
    Benchmark("branch-depth", store_branch.reading_deep),
    Benchmark("big-log", store_size.in_a_big_log),
    Benchmark("size-on-disk", store_size.on_disk),
    Benchmark("postgres", store_postgres.append_and_read),
    Benchmark("people-draw", people.drawing),
    Benchmark("people-plan", people.planning),
    Benchmark("people-plausible", people.plausibility),
    Benchmark("session-speed", sessions.speed),
    Benchmark("session-first", sessions.first_run),
    Benchmark("models-latency", models.latency),
    Benchmark("models-overhead", models.overhead),
    Benchmark("models-processes", models.processes),
    Benchmark("models-memory", models.memory),
    Benchmark("models-faults", models.faults),
    Benchmark("models-kills", models.kills),
    Benchmark("talk-variety", talking.variety),
    Benchmark("talk-own-life", talking.own_life),
    Benchmark("talk-category", talking.category),
    Benchmark("talk-agreement", talking.agreement),
    Benchmark("talk-safety", talking.safety),
)


def main(arguments: Sequence[str]) -> int:
    """Measures what was asked for; exit code 1 if a floor was not reached, 2 if nothing goes by that name."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Vigil's figures, each beside its reference.")
    parser.add_argument("only", nargs="?", default="", metavar="ONLY", help="run the benchmarks whose key contains this")
    parser.add_argument("--events", type=int, default=2_000_000, metavar="N", help="how many events make a big log (default: 2,000,000)")
    options = parser.parse_args(arguments)
    chosen = [benchmark for benchmark in BENCHMARKS if options.only in benchmark.key]
    if not chosen:
        print(f"No benchmark's key contains {options.only!r}. There are: {', '.join(b.key for b in BENCHMARKS)}.", file=sys.stderr)
        return 2
    rows = [row for benchmark in chosen for row in _measured(benchmark, options.events)]
    show(rows, Terminal())
    write(rows, ROOT / "bench.json")
    missed = sum(not row.ok for row in rows)
    print(f"{missed} of {len(rows)} figures missed their floor." if missed else "Every floor is reached.", file=sys.stderr)
    return 1 if missed else 0


def _measured(benchmark: Benchmark, events: int) -> Sequence[Row]:
    print(f"{benchmark.key} …", file=sys.stderr, flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
        try:
            rows = benchmark.measure(Bench(Path(folder), events))
        except Skipped as reason:
            print(f"  left out: {reason}", file=sys.stderr)
            return ()
    print(f"  {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
