"""Batches in several worker processes: the same conversations, shared limits and budget, and no harm where a process dies."""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import Any

import pytest
from pydantic import SecretStr

from agents import Budget, Ids, Limit, UsageError
from graphs.batch import Means, plan_run, spent_in
from graphs.crew import Crew
from graphs.leaving import SharedFlag
from store import SqlLog, verify
from tests.conftest import wait_until
from tests.graphs.batches import MODEL, Batch, all_calls, answered_twice, batch, line, lives, streams, voiced
from tests.serving.running import Server
from tests.talking import BUILTIN


def in_two(played: Batch, workers: int = 2) -> Batch:
    """The batch, to be played by worker processes."""
    played.means, played.flag = Means(workers=workers), SharedFlag()
    return played


def alone(log: SqlLog, like: Batch) -> Any:
    """What the same batch is when one process plays it and nothing happens."""
    run = plan_run(log, Ids().run(), like.run.request, Budget())
    assert Batch(log, run, Crew(like.crew.settings, line(), like.crew.at_once)).play()[1].outcome == "completed"
    return lives(log, run)


def kill_a_worker() -> None:
    """Ends one of the processes that play, without a word."""
    for process in multiprocessing.active_children()[:1]:
        process.kill()


def meanwhile(happens: Any) -> threading.Thread:
    """Does something while the test goes on."""
    thread = threading.Thread(target=happens)
    thread.start()
    return thread


def test_several_processes_play_the_conversations_that_one_would(log: SqlLog, chat_server: Server) -> None:
    played = in_two(batch(log, voiced(chat_server, turn_limit=2), "6", at_once=1))
    tally, ended = played.play()
    assert (tally.kinds, ended.outcome, played.told) == ({"done": 6}, "completed", [1, 2, 3, 4, 5, 6])
    asked = chat_server.counts().requests
    assert len(all_calls(log, played.run)) == asked
    assert lives(log, played.run) == alone(log, played)
    assert chat_server.counts().requests == 2 * asked


@pytest.mark.slow
def test_several_processes_play_the_built_in_sessions_that_one_would(log: SqlLog) -> None:
    played = in_two(batch(log, BUILTIN, "6", at_once=1))
    assert played.play()[0].kinds == {"done": 6}
    assert lives(log, played.run) == alone(log, played)


@pytest.mark.slow
def test_a_process_that_is_killed_is_replaced_and_no_call_that_was_kept_is_paid_again(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(latency_ms=20)
    played = in_two(batch(log, voiced(chat_server, turn_limit=3), "12", at_once=2))

    def kill_two() -> None:
        for asked in (30, 120):
            wait_until(lambda asked=asked: chat_server.counts().requests > asked, 30)
            kill_a_worker()

    killing = meanwhile(kill_two)
    tally, ended = played.play()
    killing.join()
    assert (tally.kinds, ended.outcome) == ({"done": 12}, "completed")
    kept = streams(log, played.run)
    assert [answered_twice(stored) for stored in kept.values()] == [[]] * 12
    asked = chat_server.counts().requests
    # Each time both processes go, with at most three calls of two sessions each in flight.
    assert len(all_calls(log, played.run)) <= asked <= len(all_calls(log, played.run)) + 2 * 2 * 2 * 3
    assert lives(log, played.run) == alone(log, played)
    assert verify(log).problems == []


@pytest.mark.slow
def test_processes_that_die_again_and_again_end_the_batch_with_all_that_is_kept(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(latency_ms=2000)
    played = in_two(batch(log, voiced(chat_server, turn_limit=1), "4", at_once=1))
    over = threading.Event()

    def kill_whoever_asks() -> None:
        while not over.wait(0.05):
            if chat_server.counts().at_once:
                kill_a_worker()

    killing = meanwhile(kill_whoever_asks)
    tally, ended = played.play()
    over.set()
    killing.join()
    assert (ended.outcome, ended.ended) == ("stopped", 0)
    assert "died 3 times. Is there enough memory" in ended.reason
    assert tally.hopeless == ended.reason
    assert len(streams(log, played.run)) >= 1
    assert verify(log).problems == []


@pytest.mark.slow
def test_processes_share_a_limit_and_leave_when_they_are_told_while_they_wait_for_it(log: SqlLog, chat_server: Server) -> None:
    settings = voiced(chat_server, turn_limit=5)
    limited = line(limit=Limit(requests_per_minute=20))
    played = in_two(batch(log, settings, "8", line=limited, at_once=1))

    def stop_when_the_minute_is_used() -> None:
        try:
            wait_until(lambda: chat_server.counts().requests >= 20, 30)
            time.sleep(1.0)
        finally:
            played.flag.set()

    stopping = meanwhile(stop_when_the_minute_is_used)
    tally, ended = played.play()
    stopping.join()
    assert ended.outcome == "stopped"
    assert tally.kinds["stopped"] > 0
    assert chat_server.counts().requests == len(all_calls(log, played.run)) == 20


def test_processes_share_a_budget(log: SqlLog, chat_server: Server) -> None:
    budget = Budget(None, 60_000)
    played = in_two(batch(log, voiced(chat_server, turn_limit=3), "8", line=line(budget=budget), at_once=2))
    tally, ended = played.play()
    assert ended.outcome == "budget_spent"
    assert tally.kinds["budget"] > 0
    counts = chat_server.counts()
    assert spent_in(log, played.run)[1] == counts.all_prompt_tokens + counts.all_completion_tokens
    assert 30_000 < spent_in(log, played.run)[1] <= 60_000


def test_a_limit_that_cannot_be_divided_is_told_before_any_process_is_started(log: SqlLog, chat_server: Server) -> None:
    limited = line(limit=Limit(requests_per_minute=1))
    played = in_two(batch(log, voiced(chat_server, turn_limit=1), "4", line=limited))
    with pytest.raises(UsageError, match="cannot be divided among 2 workers"):
        played.play()
    assert chat_server.counts().requests == 0


@pytest.mark.slow
def test_what_breaks_in_a_process_is_reported_without_what_it_held(
    log: SqlLog, chat_server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    held: Any = {"prices": {MODEL: "cheap"}, "keys": {"MODEL_API_KEY": SecretStr("horse-battery-staple")}}
    tally, ended = in_two(batch(log, voiced(chat_server, turn_limit=1), "2", line=line(**held), at_once=1)).play()
    assert (tally.kinds, ended.outcome) == ({"left": 2}, "partly_failed")
    assert "AttributeError" in tally.reasons[0][1]
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count('"event": "a session broke"') == 2
    assert "horse-battery" not in said.err
    assert "locals" not in said.err
