"""Many sessions from the command line: played, stopped by a person, a kill or a budget, and gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.journeys.people import alive, nothing_left_of, some_people, started
from tests.journeys.test_front_door import Sim, said, sim
from tests.serving.running import Server

__all__ = ["sim"]
_RUN = re.compile(r"run-[0-9a-z]{12}")


@pytest.fixture
def people(tmp_path: Path) -> str:
    """A folder of six persona files."""
    return some_people(tmp_path, 6)


def voiced(server: Server) -> tuple[str, ...]:
    return "--seeker", "openai:test-model", "--supporter", "openai:test-model", "--base-url", server.url


def test_a_batch_is_played_by_several_processes_and_told_in_stable_words(sim: Sim, people: str) -> None:
    done = sim("generate", "--personas", people, "--turns", "2", "--workers", "2", "--json")
    answer = said(done)
    assert list(answer) == ["id", "outcome", "planned", "done", "failed", "missing", "reason", "cost", "tokens", "failures"]
    assert answer == {
        "id": answer["id"], "outcome": "completed", "planned": 6, "done": 6, "failed": 0, "missing": 0, "reason": "", "cost": 0.0,
        "tokens": 0, "failures": [],
    }  # fmt: skip
    assert len(said(sim("list", "--json"))["conversations"]) == 6  # type: ignore[arg-type]
    shown = sim("generate", "--resume", str(answer["id"]))
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, f"{answer['id']}: 6 sessions planned.")
    assert "All done: 6 of 6 sessions" in shown.stdout
    assert shown.stdout.splitlines()[-1] == f"Next: python sim.py runs show {answer['id']}"
    again = sim("generate", "--personas", people, "--turns", "2", "--skip-existing")
    assert (again.returncode, "all of these conversations are there already" in again.stderr) == (2, True)
    assert "Clean" in sim("log", "verify").stdout


@pytest.mark.slow
def test_planned_people_are_played_part_by_part(sim: Sim) -> None:
    words = ("generate", "--personas", "4", "--categories", "burnout", "--per-persona", "2", "--turns", "1", "--json")
    first, second = said(sim(*words, "--limit", "5")), said(sim(*words, "--offset", "5"))
    assert (first["done"], second["done"]) == (5, 3)
    told = said(sim("list", "--json", "--category", "burnout"))["conversations"]
    assert len(told) == 8  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_ctrl_c_keeps_what_is_in_hand_and_the_run_is_gone_on_with_without_paying_twice(
    sim: Sim, people: str, tmp_path: Path, chat_server: Server, workers: int
) -> None:
    chat_server.set(latency_ms=60, close_after=None)
    words = ("generate", "--personas", people, "--turns", "4", "--at-once", "1", "--workers", str(workers), *voiced(chat_server))
    with started(tmp_path, *words) as process:
        wait_until(lambda: chat_server.counts().requests > 15, 30)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        nothing_left_of(process)
    assert process.returncode == 130, err
    assert err.count("Stopping: what is in hand is finished and kept.") == 1
    assert "Traceback" not in err
    run = _RUN.findall(out)[0]
    assert out.splitlines()[-1] == f"Next: python sim.py generate --resume {run}"
    assert "Stopped: " in out
    resumed = said(sim("generate", "--resume", run, "--json", "--at-once", "6"))
    assert (resumed["outcome"], resumed["done"], resumed["missing"]) == ("completed", 6, 0)
    assert said(sim("costs", run, "--json"))["total"]["calls"] == chat_server.counts().requests  # type: ignore[index]
    asked = chat_server.counts().requests
    chat_server.reset()
    said(sim("generate", "--personas", people, "--turns", "4", *voiced(chat_server), "--json"))
    assert chat_server.counts().requests == asked


def test_a_second_ctrl_c_leaves_at_once_with_all_processes(people: str, tmp_path: Path, chat_server: Server) -> None:
    chat_server.set(latency_ms=60_000)
    with started(tmp_path, "generate", "--personas", people, "--workers", "2", *voiced(chat_server)) as process:
        wait_until(lambda: chat_server.counts().at_once > 1, 30)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
        nothing_left_of(process)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_killed_command_leaves_no_process_behind_and_its_run_is_gone_on_with(
    sim: Sim, people: str, tmp_path: Path, chat_server: Server
) -> None:
    chat_server.set(latency_ms=60, close_after=None)
    words = ("generate", "--personas", people, "--turns", "3", "--at-once", "1", "--workers", "2", *voiced(chat_server))
    with started(tmp_path, *words) as process:
        wait_until(lambda: chat_server.counts().requests > 15, 30)
        assert len(alive(process)) >= 3
        process.kill()
        nothing_left_of(process)
    resumed = said(sim("generate", "--resume", "last", "--json"))
    assert (resumed["outcome"], resumed["done"], resumed["missing"]) == ("completed", 6, 0)
    kept = said(sim("costs", str(resumed["id"]), "--json"))["total"]["calls"]  # type: ignore[index]
    # Two sessions at once, three calls of each in flight.
    assert kept <= chat_server.counts().requests <= kept + 6
    assert "Clean" in sim("log", "verify").stdout


@pytest.mark.slow
def test_a_budget_stops_a_run_cleanly_and_more_of_it_goes_on(sim: Sim, people: str, tmp_path: Path, chat_server: Server) -> None:
    (tmp_path / "models.toml").write_text('[prices."openai:test-model"]\nprompt = 1.0\ncompletion = 2.0\n')
    words = ("generate", "--personas", people, "--turns", "2", "--models", "models.toml", *voiced(chat_server))
    done = sim(*words, "--max-cost", "0.04", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    spent = said_anyway(done.stdout)
    counts = chat_server.counts()
    assert spent["outcome"] == "budget_spent"
    assert 0.02 < float(str(spent["cost"])) <= 0.04
    assert spent["cost"] == pytest.approx((counts.all_prompt_tokens + 2 * counts.all_completion_tokens) / 1e6)
    shown = sim("generate", "--resume", "last", "--models", "models.toml")
    assert (shown.returncode, "The budget is spent: " in shown.stdout) == (1, True)
    assert shown.stdout.splitlines()[-1] == f"Next: python sim.py generate --resume {spent['id']}"
    resumed = said(sim("generate", "--resume", "last", "--models", "models.toml", "--max-cost", "5", "--json"))
    assert (resumed["outcome"], resumed["done"]) == ("completed", 6)
    tokens = chat_server.counts()
    assert resumed["tokens"] == tokens.all_prompt_tokens + tokens.all_completion_tokens


def said_anyway(out: str) -> dict[str, object]:
    """What a command told that did not end well."""
    told: dict[str, object] = json.loads(out)
    return told


@pytest.mark.slow
def test_one_session_that_fails_is_named_and_the_run_is_only_partly_done(sim: Sim, people: str, chat_server: Server) -> None:
    chat_server.set(script=["refusal"])
    done = sim("generate", "--personas", people, "--turns", "1", "--at-once", "1", *voiced(chat_server))
    assert done.returncode == 1
    assert "Partly done: 5 of 6 sessions played to their end, 1 failed, 0 missing." in done.stdout
    assert re.search(r"^  c-\w+: refusal: ", done.stdout, re.MULTILINE)
    told = said(sim("runs", "show", "--json"))
    assert (told["done"], told["failed"], told["outcome"]) == (5, 1, "partly_failed")
