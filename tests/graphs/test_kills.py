"""A session that is killed at any moment and resumed is the session that it would have been, byte for byte."""

from __future__ import annotations

import multiprocessing
import random
import time
from pathlib import Path

import pytest

from agents import StreamId
from store import StoreSettings, open_log, verify
from tests.agents.given import guest
from tests.graphs import victim
from tests.graphs.given import at, finish, payloads, played

_KILLS = 200
_SEEDS = 8


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([victim.__name__])
    whole: dict[int, list[str]] = {}
    took: dict[int, float] = {}
    with open_log(StoreSettings(log=str(tmp_path / "whole.db"), durability="normal"), create=True) as log:
        for seed in range(_SEEDS):
            begun = time.perf_counter()
            whole[seed] = payloads(log.read(played(log, seed, guest(seed))))
            took[seed] = time.perf_counter() - begun
    chance = random.Random(1)
    cut = 0
    for number in range(_KILLS):
        seed, path = number % _SEEDS, str(tmp_path / f"{number}.db")
        begun_flag = context.Event()
        process = context.Process(target=victim.play, args=(path, seed, begun_flag))
        process.start()
        assert begun_flag.wait(60)
        time.sleep(chance.random() * 1.3 * took[seed])
        process.kill()
        process.join()
        stream = StreamId(f"c-{seed}")
        with open_log(StoreSettings(log=path, durability="normal")) as log:
            kept = payloads(log.read(stream))
            assert kept == whole[seed][: len(kept)]
            cut += len(kept) < len(whole[seed])
            finish(log, at(log, stream))
            assert payloads(log.read(stream)) == whole[seed]
            assert verify(log).problems == []
        for file in tmp_path.glob(f"{number}.db*"):
            file.unlink()
    assert cut > _KILLS / 3
