"""A batch on a Ray cluster is the batch that one machine would have played, whatever is lost on the way."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents import Budget, RunId, SessionSnapshot
from agents.models.endpoints import OTHER_KEY
from graphs.batch import Means, Onlooker, Run, conduct, load_run, plan_run
from graphs.crew import Crew
from graphs.line import Line
from graphs.outcome import Tally
from graphs.request import Request
from store import RunEnded, SqlLog, StoreSettings, open_log, verify
from tests.conftest import PostgresServer
from tests.graphs.batches import all_calls, answered_twice, line, streams, talk, voiced
from tests.graphs.clusters import TwoNodes, closed_port, listening_beyond_loopback, of_ray, two_nodes
from tests.serving.running import Server
from tests.talking import BUILTIN

pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[cluster]' -c constraints.txt)")
pytestmark = pytest.mark.slow

RUN = RunId("run-of-the-cluster")
KEY = "sk-of-this-test-alone-77aa"
SHORT = BUILTIN.model_copy(update={"turn_limit": 6})


@pytest.fixture(scope="module")
def running_cluster() -> Iterator[TwoNodes]:
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture
def cluster(running_cluster: TwoNodes) -> TwoNodes:
    running_cluster.restore()
    return running_cluster


@dataclass
class Played:
    """A batch in PostgreSQL."""

    log: SqlLog
    store: StoreSettings
    run: Run
    crew: Crew

    def play(self, address: str | None, at: dict[int, Callable[[], object]] | None = None, **changes: Any) -> tuple[Tally, RunEnded]:
        """Plays what is missing on two workers, and does something after so many outcomes; `stop` of it raises the flag."""
        flag, told = threading.Event(), 0

        def tell(tally: Tally, spent: tuple[float, int]) -> None:
            nonlocal told
            told += 1
            if (at or {}).get(told, lambda: None)() == "stop":
                flag.set()

        means = Means("ray", 2, changes.get("store", self.store), address)
        return conduct(self.log, self.run, self.crew, means, Onlooker(flag, tell))

    def again(self) -> Played:
        return Played(self.log, self.store, load_run(self.log, self.run.id), self.crew)

    def under_way(self) -> int:
        """How many sessions were begun and have no end."""
        return sum(one[-1].event.type != "ConversationEnded" for one in streams(self.log, self.run).values())

    def told(self) -> dict[str, list[str]]:
        return {stream: talk(stored) for stream, stored in streams(self.log, self.run).items()}


@pytest.fixture
def planned(postgres: PostgresServer) -> Iterator[Callable[..., Played]]:
    logs = []

    def plan(settings: SessionSnapshot = SHORT, personas: str = "12", line_: Line | None = None) -> Played:
        store = StoreSettings(log=postgres.url(), durability="normal")
        log = open_log(store, create=True)
        logs.append(log)
        run = plan_run(log, RUN, Request(personas=personas, settings=settings), (line_ or line()).budget)
        return Played(log, store, run, Crew(settings, line_ or line()))

    yield plan
    for log in logs:
        log.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The batch as this process plays it by itself."""
    return played_here(tmp_path_factory.mktemp("alone") / "vigil.db", SHORT, "12")


def played_here(path: Path, settings: SessionSnapshot, personas: str) -> dict[str, list[str]]:
    store = StoreSettings(log=str(path), durability="normal")
    with open_log(store, create=True) as log:
        run = plan_run(log, RUN, Request(personas=personas, settings=settings), line().budget)
        here = Played(log, store, run, Crew(settings, line()))
        conduct(log, run, here.crew, Means(), Onlooker(threading.Event(), lambda tally, spent: None))
        return here.told()


def test_a_cluster_plays_what_one_machine_would_event_for_event(
    cluster: TwoNodes, planned: Callable[..., Played], alone: dict[str, list[str]]
) -> None:
    batch = planned()
    tally, ended = batch.play(cluster.address)
    assert (ended.outcome, tally.kinds["done"], tally.reasons) == ("completed", 12, [])
    assert batch.told() == alone
    assert verify(batch.log).problems == []


def test_a_killed_worker_leaves_no_gap_and_no_duplicate(
    cluster: TwoNodes, planned: Callable[..., Played], alone: dict[str, list[str]]
) -> None:
    batch, killed, cut = planned(), list[int | None](), list[int]()

    def kill() -> None:
        killed.append(cluster.kill_a_worker())
        cut.append(batch.under_way())

    tally, ended = batch.play(cluster.address, {2: kill, 5: kill, 8: kill})
    assert any(killed)
    assert any(cut)
    assert (ended.outcome, tally.kinds["done"], tally.reasons) == ("completed", 12, [])
    assert batch.told() == alone
    assert verify(batch.log).problems == []


def test_a_lost_node_leaves_no_gap_and_no_duplicate(cluster: TwoNodes, planned: Callable[..., Played], alone: dict[str, list[str]]) -> None:
    batch = planned()
    tally, ended = batch.play(cluster.address, {4: cluster.lose_a_node})
    assert (ended.outcome, tally.kinds["done"], tally.reasons) == ("completed", 12, [])
    assert batch.told() == alone
    assert verify(batch.log).problems == []


def test_the_flag_stops_all_nodes_and_a_second_run_does_the_rest(
    cluster: TwoNodes, planned: Callable[..., Played], alone: dict[str, list[str]]
) -> None:
    batch = planned()
    tally, ended = batch.play(cluster.address, {3: lambda: "stop"})
    assert ended.outcome == "stopped"
    assert 3 <= tally.kinds["done"] < 12
    assert not tally.kinds["failed"]
    tally, ended = batch.again().play(cluster.address)
    assert (ended.outcome, tally.kinds["done"]) == ("completed", 12)
    assert batch.told() == alone
    assert verify(batch.log).problems == []


def test_with_models_a_kill_pays_nothing_twice_and_the_key_is_nowhere(
    cluster: TwoNodes, planned: Callable[..., Played], chat_server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    chat_server.set(key=KEY, latency_ms=30.0)
    settings = voiced(chat_server, turn_limit=4)
    batch = planned(settings, "6", line(keys={OTHER_KEY: SecretStr(KEY)}))
    killed: list[int | None] = []
    tally, ended = batch.play(cluster.address, dict.fromkeys((1, 2, 3), lambda: killed.append(cluster.kill_a_worker())))
    assert any(killed)
    assert (ended.outcome, tally.kinds["done"], tally.reasons) == ("completed", 6, [])
    stored = streams(batch.log, batch.run)
    assert [answered_twice(one) for one in stored.values()] == [[]] * 6
    in_the_log, at_the_server = len(all_calls(batch.log, batch.run)), chat_server.counts().requests
    in_flight = 8 * len(
        list(filter(None, killed))
    )  # three replies and what the Seeker would say to each, and a call that was only just begun
    assert in_the_log <= at_the_server <= in_the_log + in_flight
    assert verify(batch.log).problems == []
    assert found(cluster.folder, "play_chunk")
    assert found(cluster.folder, KEY) == []
    assert capfd.readouterr() == ("", "")


def found(folder: Path, words: str) -> list[str]:
    """The files in a folder that hold these words."""
    return [str(file) for file in folder.rglob("*") if file.is_file() and words.encode() in file.read_bytes()]


def test_the_budget_of_a_batch_holds_on_all_nodes_together(cluster: TwoNodes, planned: Callable[..., Played], chat_server: Server) -> None:
    batch = planned(voiced(chat_server, turn_limit=4), "6", line(budget=Budget(max_tokens=30_000)))
    tally, ended = batch.play(cluster.address)
    assert ended.outcome == "budget_spent"
    assert tally.missing
    counts = chat_server.counts()
    assert 10_000 < sum(counts.prompt_tokens.values()) + sum(counts.completion_tokens.values()) <= 30_000


def test_a_worker_that_cannot_reach_the_log_says_so(cluster: TwoNodes, planned: Callable[..., Played]) -> None:
    away = StoreSettings(log=f"postgresql://postgres:not-for-you@127.0.0.1:{closed_port()}/postgres")
    tally, ended = planned().play(cluster.address, store=away)
    assert ended.outcome == "stopped"
    assert re.fullmatch(r"The worker on \S+ cannot use the log. .* must hold on every node\.", ended.reason)
    assert tally.hopeless == ended.reason
    assert "not-for-you" not in ended.reason


def test_a_cluster_of_its_own_is_seen_by_this_machine_only_and_ends_with_the_batch(planned: Callable[..., Played]) -> None:
    batch, others, seen = planned(SHORT, "2"), of_ray(), list[list[str]]()
    tally, ended = batch.play(None, {1: lambda: seen.append(listening_beyond_loopback([os.getpid(), *set(of_ray()) - set(others)]))})
    assert (ended.outcome, tally.kinds["done"], seen) == ("completed", 2, [[]])
    assert set(of_ray()) <= set(others)
