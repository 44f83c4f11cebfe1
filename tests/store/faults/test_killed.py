"""Processes that are killed at any moment, and a server that goes away."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Literal

import pytest

from agents import StreamId
from store import LogUnavailable, StoreSettings, open_log, verify
from tests.conftest import PostgresServer
from tests.store.faults.ledger import EVENTS_OF_A_TURN, Ledger, ids_of, turn_of
from tests.store.faults.writers import append, append_from, go_on, running

STREAM = StreamId("c-killed")


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["normal", "full"])
def test_a_writer_killed_at_200_random_moments_loses_no_acknowledged_turn(tmp_path: Path, durability: Literal["normal", "full"]) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for log_number in range(10):
        settings = StoreSettings(log=str(tmp_path / f"{log_number}.db"), durability=durability, busy_timeout_s=10)
        ledger = Ledger(tmp_path / f"{log_number}.txt")
        for kill in range(20):
            # Early enough to hit the making of the log and its opening, late enough for checkpoints.
            longest = 0.06 if kill < 6 else 0.12
            with running(go_on, settings, ledger.path, STREAM):
                time.sleep(moments.uniform(0, longest))
            if kill % 5 == 4:
                with open_log(settings, create=True) as log:
                    ledger.hold_against(log, in_flight=1)
        assert ledger.last_number(STREAM) > 20, "the writers hardly ever wrote"
        with open_log(settings) as log:
            append(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
            ledger.hold_against(log)


@pytest.mark.slow
def test_a_killed_client_of_postgresql_loses_no_acknowledged_turn(postgres: PostgresServer, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    settings = StoreSettings(log=postgres.url(), busy_timeout_s=10)
    ledger = Ledger(tmp_path / "ledger.txt")
    for _ in range(40):
        with running(go_on, settings, ledger.path, STREAM):
            time.sleep(moments.uniform(0, 0.15))
    assert ledger.last_number(STREAM) > 20, "the writers hardly ever wrote"
    with open_log(settings) as log:
        append(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
        ledger.hold_against(log)


@pytest.mark.slow
def test_a_server_that_goes_away_in_mid_append_is_a_clear_error_and_the_same_log_goes_on_when_it_is_back(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    ledger = Ledger(tmp_path / "ledger.txt")
    with open_log(StoreSettings(log=postgres.url(), busy_timeout_s=10), create=True) as log:
        for _ in range(5):
            away = threading.Timer(moments.uniform(0.05, 0.3), postgres.stop)
            away.start()
            try:
                with pytest.raises(LogUnavailable, match=r"retry it with the same event ids|cannot be reached"):
                    append_from(log, ledger, STREAM, ledger.last_number(STREAM) + 1)
                away.join()
                with pytest.raises(LogUnavailable, match="cannot be reached"):
                    log.head(STREAM)
            finally:
                away.join()
                postgres.start()
            number = ledger.last_number(STREAM) + 1
            append(log, ledger, STREAM, number)
            again = log.append(STREAM, EVENTS_OF_A_TURN * (number - 1), turn_of(STREAM, number), ids_of(STREAM, number))
            assert again == log.head(STREAM)
            ledger.hold_against(log)


@pytest.mark.slow
def test_a_server_that_goes_away_with_normal_durability_leaves_whole_turns_only(postgres: PostgresServer) -> None:
    with open_log(StoreSettings(log=postgres.url(), durability="normal"), create=True) as log:
        try:
            for number in range(1, 50):
                log.append(STREAM, EVENTS_OF_A_TURN * (number - 1), turn_of(STREAM, number), ids_of(STREAM, number))
            postgres.stop()
        finally:
            postgres.start()
        assert verify(log).clean
        there = len(log.page())
        assert there % EVENTS_OF_A_TURN == 0
        log.append(STREAM, there, turn_of(STREAM, 50), ids_of(STREAM, 50))
        assert verify(log).clean
