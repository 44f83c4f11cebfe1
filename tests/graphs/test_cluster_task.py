"""Two workers at one session: the log lets one go on, and the other finds out how it ended. No cluster is started here."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agents import Budget, RunId, UsageError
from graphs.batch import Means
from graphs.cluster import ClusterUnavailable, on_ray
from graphs.cluster_desk import Desk, Leaving
from graphs.cluster_task import play_contested
from graphs.crew import Crew, Watch
from graphs.outcome import Outcome
from graphs.request import Request, Wanted
from graphs.session import Stage
from store import SqlLog, StoreSettings, open_log, verify
from tests.graphs.batches import line, talk
from tests.graphs.clusters import closed_port
from tests.talking import BUILTIN

SETTINGS = BUILTIN.model_copy(update={"turn_limit": 6})
CREW = Crew(SETTINGS, line())
POSTGRES = StoreSettings(log="postgresql://postgres@127.0.0.1:1/postgres")


@pytest.fixture
def wanted() -> Wanted:
    return next(Request(personas="1", settings=SETTINGS).sessions(RunId("run-contested")))


def play(log: SqlLog, wanted: Wanted, stopping: Callable[[], bool] = lambda: False, **stage: object) -> list[Outcome]:
    return asyncio.run(play_contested([wanted], CREW, Stage(log, stopping=stopping, **stage), pauses_s=(0.0, 0.0)))  # type: ignore[arg-type]


class Other:
    """Another worker that plays the session, all of it or some turns, when the first one has just kept a turn."""

    def __init__(self, path: Path, wanted: Wanted, turns: int) -> None:
        self._path, self._wanted, self._turns = path, wanted, turns
        self.came = False

    def show(self, events: object) -> None:
        if not self.came:
            self.came = True
            thread = threading.Thread(target=self._play)
            thread.start()
            thread.join()

    def _play(self) -> None:
        looks = iter(range(1_000))
        with open_log(StoreSettings(log=str(self._path), durability="normal")) as log:
            play(log, self._wanted, stopping=lambda: next(looks) > self._turns)


@pytest.mark.parametrize("turns", [1, 2, 100])
def test_whoever_loses_a_session_to_another_writer_ends_it_or_tells_how_it_ended(
    log: SqlLog, tmp_path: Path, wanted: Wanted, turns: int
) -> None:
    other = Other(tmp_path / "vigil.db", wanted, turns)
    assert play(log, wanted, show=other.show) == [Outcome(wanted.stream, "done")]
    assert other.came
    assert verify(log).problems == []
    with open_log(StoreSettings(log=str(tmp_path / "alone.db"), durability="normal"), create=True) as alone:
        play(alone, wanted)
        assert talk(log.read(wanted.stream)) == talk(alone.read(wanted.stream))


def test_whoever_loses_a_session_and_has_to_leave_says_only_that_it_left(log: SqlLog, tmp_path: Path, wanted: Wanted) -> None:
    other = Other(tmp_path / "vigil.db", wanted, 2)
    [outcome] = play(log, wanted, stopping=lambda: other.came and log.head(wanted.stream).version > 40, show=other.show)
    assert outcome.kind == "stopped"


def test_an_attempt_has_to_leave_once_a_later_one_has_begun() -> None:
    desk = Desk(Budget(), (0.0, 0))
    first, other = desk.begin(1), desk.begin(2)
    assert not desk.leave(1, first)
    second = desk.begin(1)
    assert (desk.leave(1, first), desk.leave(1, second), desk.leave(2, other)) == (True, False, False)
    desk.stop()
    assert (desk.leave(1, second), desk.leave(2, other)) == (True, True)


def test_a_task_asks_whether_to_leave_twice_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphs.cluster_desk.asked", lambda answer: answer)
    now, asked = [0.0], list[float]()

    class At:
        """A desk without a process around it."""

        class begin:
            remote = staticmethod(lambda chunk: 1)

        class leave:
            remote = staticmethod(lambda chunk, attempt: asked.append(now[0]))

    leaving = Leaving(At, 1, lambda: now[0])
    for tick in range(100):
        now[0] = tick / 50
        assert not leaving()
    assert asked == [0.0, 0.5, 1.0, 1.5]


def refused(crew: Crew, means: Means) -> str:
    watch = Watch(lambda outcome: None, threading.Event(), None)  # type: ignore[arg-type]
    with pytest.raises((UsageError, ClusterUnavailable)) as raised:
        on_ray(crew, means, iter(()), watch, (0.0, 0))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_without_ray_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert refused(CREW, Means("ray", 2, POSTGRES)).endswith("Run pip install -e '.[cluster]' -c constraints.txt")


def test_a_log_in_a_file_is_no_log_for_a_cluster() -> None:
    pytest.importorskip("ray")
    assert "Give --log postgresql://USER@HOST/DATABASE" in refused(CREW, Means("ray", 2, StoreSettings(log="vigil.db")))


@pytest.mark.parametrize("cache", ["answers.db", POSTGRES.log])
def test_a_cache_that_nodes_cannot_share_is_refused(cache: str) -> None:
    pytest.importorskip("ray")
    crew = Crew(SETTINGS, line(cache=StoreSettings(log=cache)))
    assert "?schema=" in refused(crew, Means("ray", 2, POSTGRES))


def test_an_address_where_nobody_answers_is_told_at_once() -> None:
    pytest.importorskip("ray")
    address = f"127.0.0.1:{closed_port()}"
    assert refused(CREW, Means("ray", 2, POSTGRES, address)).startswith(f"No Ray cluster answers at {address}: ")


@pytest.mark.parametrize("address", ["nonsense", "ray://127.0.0.1:10001", "127.0.0.1:port"])
def test_an_address_that_is_none_is_a_usage_error(address: str) -> None:
    pytest.importorskip("ray")
    assert "HOST:PORT" in refused(CREW, Means("ray", 2, POSTGRES, address))
