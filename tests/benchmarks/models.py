"""What it costs to ask models through Vigil, against the same calls made bare; and batches: two processes, memory, faults, kills.

The server is the tests' own, in a process of its own; the client is always the real langchain-openai.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pydantic import SecretStr

from agents import RunId
from graphs.batch import Means
from graphs.leaving import SharedFlag
from store import ConversationStarted, ModelFailed, SqlLog, StoredEvent, StoreSettings, VariantChosen, open_log, verify
from tests.benchmarks.harness import Bench, Row, at_least, at_most
from tests.conftest import ROOT, wait_until
from tests.graphs.batches import Batch, again, all_calls, answered_twice, batch, streams, talk, voiced
from tests.serving.running import Seen, Server, serving
from tests.talking import BUILTIN


def latency(bench: Bench) -> list[Row]:
    """Eight sessions at once against a server that takes its time."""
    with serving(latency_ms=250, close_after=None) as server, _opened(bench, "latency") as log:
        batch(log, voiced(server, turn_limit=1), "1").play()  # what is imported once is not counted
        played = batch(log, voiced(server), "8", at_once=8)
        took = _play(played)
        # The Seeker opens; then in each turn all replies at once, and all reactions at once.
        path = max(1 + 2 * sum(isinstance(one.event, VariantChosen) for one in stored) for stored in streams(log, played.run).values())
    return [
        Row(
            "throughput: 8 sessions at once, a server that answers in 250 ms, share of the ideal",
            path * 0.25 / took.seconds,
            "×",
            "the ideal: calls on the critical path × 250 ms",
            1.0,
            (at_least(0.8),),
        )
    ]


def overhead(bench: Bench) -> list[Row]:
    """64 sessions at once, where the client's processor is the limit; and what a session costs in processor time."""
    rates: list[tuple[float, float]] = []
    costs: list[tuple[float, float]] = []
    with serving(close_after=None, keep=20_000) as server:
        for number in range(3):
            server.reset()
            with _opened(bench, f"overhead-{number}") as log:
                played = batch(log, voiced(server), "64", at_once=64)
                took = _play(played)
                seen = [one for one in server.requests(20_000) if one.path.endswith("/chat/completions")]
            bare = _bare(server, seen)
            if number:
                rates.append((len(seen) / took.seconds, len(seen) / bare.seconds))
                costs.append((took.cpu / 64, bare.cpu / 64))
    ours, theirs = (median(column) for column in zip(*rates, strict=True))
    cpu, bare_cpu = (median(column) for column in zip(*costs, strict=True))
    return [
        Row(
            "calls per second with 64 sessions at once", ours, "calls/s",
            "bare ChatOpenAI.ainvoke in a gather with the same prompts", theirs, (at_least(0.75),),
        ),
        Row(
            "CPU per session of 20 turns × 3 variants with LLM voices, all judges built in", cpu, "s",
            "CPU of the same calls made bare", bare_cpu, (at_most(1.4),),
        ),
    ]  # fmt: skip


def processes(bench: Bench) -> list[Row]:
    """Built-in sessions in two worker processes, from the first end of a session to the last."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for number in range(3):
        for workers, found in rates.items():
            # As `generate` does where no model is paid.
            with _opened(bench, f"processes-{number}-{workers}", "normal") as log:
                played = batch(log, BUILTIN, "120", at_once=1)
                ends: list[float] = []
                found.append(_rate(Batch(log, played.run, played.crew, Means(workers=workers), SharedFlag(), _Clock(ends)), ends))
    return [
        Row(
            "embedded sessions per second with 2 worker processes", median(rates[2]), "sessions/s",
            "1 process", median(rates[1]), (at_least(1.6),),
        )
    ]  # fmt: skip


class _Clock(list[int]):
    """Notes when each session was over."""

    def __init__(self, ends: list[float]) -> None:
        super().__init__()
        self._ends = ends

    def append(self, over: int) -> None:
        self._ends.append(time.perf_counter())


def _rate(played: Batch, ends: list[float]) -> float:
    tally, _ = played.play()
    assert tally.kinds["done"] == tally.total
    return (len(ends) - 4) / (ends[-1] - ends[3])


def memory(bench: Bench) -> list[Row]:
    """The peak of a process that plays a batch, of built-in sessions and of sessions that ask a server."""
    rows: list[Row] = []
    with serving(close_after=None, keep=0) as server:
        for what, words in (
            ("built-in sessions of 20 turns", []),
            ("sessions of 2 turns with LLM voices", ["--turns", "2", "--seeker", "openai:test-model", "--supporter", "openai:test-model"]),
        ):
            base = ["--base-url", server.url] if words else []
            peaks = [_peak(bench.folder / f"memory-{len(rows)}-{count}.db", count, [*words, *base]) for count in (100, 1_000)]
            rows.append(Row(f"peak memory, 1,000 sessions in one batch: {what}", peaks[1], "MB", "100 sessions", peaks[0], (at_most(1.3),)))
    return rows


def _peak(path: Path, count: int, words: Sequence[str]) -> float:
    command = [sys.executable, str(ROOT / "sim.py"), "--log", str(path), "generate", "--personas", str(count), *words]
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
        "sys.exit(done.stderr) if done.returncode else print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=path.parent, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def faults(bench: Bench) -> list[Row]:
    """Three of ten calls go wrong, over 200 sessions."""
    with (
        serving(close_after=None, hang_s=3, fault_rate=0.3, fault_seed=5, retry_after_s=0.05, keep=0) as server,
        _opened(bench, "faults") as log,
    ):
        settings = voiced(server, turn_limit=6, voice={"timeout_s": 1.0})
        played = batch(log, settings, "200", at_once=32)
        tally, _ = played.play()
        counts, asked = server.counts(), all_calls(log, played.run)
        kept = streams(log, played.run)
        twice = sum(len(answered_twice(stored)) for stored in kept.values())
        problems = verify(log).problems
    tokens = sum(event.prompt_tokens + event.completion_tokens for event in asked)
    billed = counts.all_prompt_tokens + counts.all_completion_tokens
    failed = Counter(event.failure for event in asked if isinstance(event, ModelFailed))
    print(f"faults: {tally.kinds}, {dict(failed)}, server: {counts.outcomes}", file=sys.stderr)
    return [
        Row("200 sessions, 30% of calls failing: sessions neither over nor reported", tally.total - tally.over - tally.kinds["left"], "sessions", floors=(at_most(0, "sessions"),)),
        Row("the same: sessions played to their end", tally.kinds["done"], "sessions"),
        Row("the same: calls answered twice", twice, "calls", floors=(at_most(0, "calls"),)),
        Row("the same: problems that `log verify` finds", len(problems), "problems", floors=(at_most(0, "problems"),)),
        Row("the same: calls in the log", len(asked), "calls", "calls that the server counted", counts.requests, (at_least(1.0), at_most(1.0))),
        Row("the same: tokens in the log", tokens, "tokens", "tokens that the server counted", billed, (at_least(1.0), at_most(1.0))),
    ]  # fmt: skip


def kills(bench: Bench) -> list[Row]:
    """A batch killed twenty times at random moments and resumed, against one that nobody touched."""
    times, at_once, variants = 20, 8, 3
    with serving(close_after=None, latency_ms=20, keep=0) as server:
        settings = voiced(server, turn_limit=6)
        with _opened(bench, "whole") as log:
            whole = batch(log, settings, "24", at_once=at_once)
            took = _play(whole)
            wanted = {_who(stored): talk(stored)[1:] for stored in streams(log, whole.run).values()}
        calls = server.counts().requests
        server.reset()
        path = bench.folder / "killed.db"
        with open_log(StoreSettings(log=str(path)), create=True) as log:
            run = batch(log, settings, "24", at_once=at_once).run.id
        chance = random.Random(1)
        for _ in range(times):
            _killed(server, path, run, at_once, chance.uniform(0, 1.6 * took.seconds / times))
        with open_log(StoreSettings(log=str(path))) as log:
            last = again(log, run, at_once=at_once)
            left = sum(_who(stored) not in wanted or talk(stored)[1:] != wanted[_who(stored)] for stored in streams(log, last.run).values())
            tally, _ = last.play()
            kept = list(streams(log, last.run).values())
        got = {_who(stored): talk(stored)[1:] for stored in kept}
        more = server.counts().requests - calls
    print(f"kills: {left} of 24 sessions were still open after the last kill; {tally.kinds}", file=sys.stderr)
    return [
        Row(
            "a batch of 24 sessions killed 20 times and resumed: conversations that differ", sum(got.get(who) != wanted[who] for who in wanted),
            "sessions", floors=(at_most(0, "sessions"),),
        ),
        Row("the same: calls answered twice", sum(len(answered_twice(stored)) for stored in kept), "calls", floors=(at_most(0, "calls"),)),
        Row(
            "the same: calls that reached the server beyond an uninterrupted batch", more, "calls",
            "1 + all that can be in flight, at each kill", times * (1 + at_once * variants), (at_most(1.0),),
        ),
    ]  # fmt: skip


def _who(stored: Sequence[StoredEvent]) -> str:
    first = stored[0].event
    assert isinstance(first, ConversationStarted)
    return f"{first.persona.id} {first.seed}"


def _killed(server: Server, path: Path, run: RunId, at_once: int, seconds: float) -> None:
    """Goes on with a batch in another process, and kills that once it has asked the server for so long."""
    before = server.counts().requests
    command = [sys.executable, "-m", "tests.graphs.batch_victim", str(path), run, str(at_once)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: server.counts().requests > before or process.poll() is not None)
        time.sleep(seconds)
        process.kill()


@dataclass(frozen=True)
class _Took:
    seconds: float
    cpu: float


def _play(played: Batch) -> _Took:
    began, cpu = time.perf_counter(), time.process_time()
    tally, _ = played.play()
    took = _Took(time.perf_counter() - began, time.process_time() - cpu)
    assert tally.kinds["done"] == tally.total, tally
    return took


def _bare(server: Server, seen: Sequence[Seen]) -> _Took:
    """The same prompts through the plain client, as many under way as a batch of 64 sessions has."""
    import httpx2
    from langchain_openai import ChatOpenAI
    from openai import DefaultAsyncHttpxClient

    bodies = [one.body for one in seen]

    async def work() -> _Took:
        # A pool of its own: the client's own one outlives its event loop.
        pool = DefaultAsyncHttpxClient(limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=1000))
        chat = ChatOpenAI(model="test-model", base_url=server.url, api_key=SecretStr("no-key"), max_retries=0, http_async_client=pool)
        room = asyncio.Semaphore(64 * 3)

        async def ask(body: dict[str, Any]) -> None:
            async with room:
                settings = {name: value for name, value in body.items() if name not in ("messages", "model", "stream")}
                await chat.ainvoke(body["messages"], **settings)

        await ask(bodies[0])
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*map(ask, bodies))
        took = _Took(time.perf_counter() - began, time.process_time() - cpu)
        await pool.aclose()
        return took

    return asyncio.run(work())


@contextmanager
def _opened(bench: Bench, name: str, durability: Literal["full", "normal"] = "full") -> Iterator[SqlLog]:
    with open_log(StoreSettings(log=str(bench.folder / f"{name}.db"), durability=durability), create=True) as log:
        yield log
