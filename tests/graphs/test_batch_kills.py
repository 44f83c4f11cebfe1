"""A batch that is killed at any moment and gone on with holds the conversations that it would have held, and pays for next to nothing twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import StoreSettings, open_log, verify
from tests.conftest import ROOT, wait_until
from tests.graphs.batches import again, all_calls, answered_twice, batch, lives, streams, voiced
from tests.serving.running import Server, serving

pytestmark = pytest.mark.slow
KILLS, SESSIONS, AT_ONCE = 6, 8, 4


def killed(server: Server, path: Path, run: str, seconds: float) -> None:
    """Goes on with a batch in a process of its own, and kills that when it has asked for so long."""
    before = server.counts().requests
    command = [sys.executable, "-m", "tests.graphs.batch_victim", str(path), run, str(AT_ONCE)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: server.counts().requests > before or process.poll() is not None, 60)
            time.sleep(seconds)
        finally:
            process.kill()


def test_a_batch_killed_again_and_again_holds_what_it_would_have_held(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with serving(close_after=None, latency_ms=20, keep=0) as server:
        settings = voiced(server, turn_limit=6)
        with open_log(StoreSettings(log=str(tmp_path / "whole.db")), create=True) as log:
            whole = batch(log, settings, str(SESSIONS), at_once=AT_ONCE)
            begun = time.perf_counter()
            whole.play()
            took = time.perf_counter() - begun
            wanted = lives(log, whole.run)
        asked = server.counts().requests
        server.reset()
        with open_log(StoreSettings(log=str(tmp_path / "killed.db")), create=True) as log:
            run = batch(log, settings, str(SESSIONS), at_once=AT_ONCE).run.id
        for _ in range(KILLS):
            killed(server, tmp_path / "killed.db", run, chance.uniform(0, 1.5 * took / KILLS))
        with open_log(StoreSettings(log=str(tmp_path / "killed.db"))) as log:
            last = again(log, run, at_once=AT_ONCE)
            cut = sum(talked != wanted[who] for who, talked in lives(log, last.run).items())
            assert last.play()[0].kinds == {"done": SESSIONS}
            kept = streams(log, last.run)
            assert lives(log, last.run) == wanted
            assert [answered_twice(stored) for stored in kept.values()] == [[]] * SESSIONS
            assert verify(log).problems == []
            assert len(all_calls(log, last.run)) == asked
        more = server.counts().requests - asked
    print(f"{cut} of {SESSIONS} sessions were in the middle at the end; {more} calls were made twice")
    assert 0 <= more <= KILLS * (1 + AT_ONCE * 3)
