"""A worker process that spends from a shared purse until it is refused, and tells what it spent. Light to import, for it is spawned."""

from __future__ import annotations

import random
import time
from multiprocessing.queues import Queue

from agents.models.budget import SharedPurse


def spend(purse: SharedPurse, seed: int, told: Queue[tuple[float, int]]) -> None:
    """Calls that take less than was held back for them."""
    random_source = random.Random(seed)
    cost, tokens = 0.0, 0
    while purse.reserve(0.002, 100):
        took = random_source.randint(0, 100)
        time.sleep(0.0001)
        purse.settle(0.002, 100, took * 0.00002, took)
        cost, tokens = cost + took * 0.00002, tokens + took
    told.put((cost, tokens))
