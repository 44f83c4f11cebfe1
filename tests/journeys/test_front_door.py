"""Driving `sim.py` as a person would: help, a first session, the log's commands, the doctor, wrong words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim import COMMANDS
from tests.conftest import ROOT, PostgresServer

Sim = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sim(tmp_path: Path) -> Sim:
    """Runs `sim.py` in an empty folder."""

    def run(*words: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**{k: v for k, v in os.environ.items() if not k.startswith("VIGIL_")}, **(env or {})}
        return subprocess.run(
            [sys.executable, str(ROOT / "sim.py"), *words],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    return run


def said(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_help_comes_quickly_and_names_every_command(sim: Sim) -> None:
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        done = sim("--help")
        took.append(time.perf_counter() - begun)
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert min(took) < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_of_its_own(sim: Sim, command: str) -> None:
    done = sim(command, "--help")
    assert done.returncode == 0
    assert f"usage: sim.py {command}" in done.stdout
    assert "--log PLACE" in done.stdout


def test_a_first_session_is_played_and_kept_and_the_log_verifies(sim: Sim) -> None:
    done = sim("run")
    assert done.returncode == 0, done.stderr
    assert "Everything here is simulated" in done.stdout
    assert "Next: python sim.py branch c-" in done.stdout.splitlines()[-1]
    assert said(sim("log", "info", "--json"))["streams"] == 1
    assert "Clean" in sim("log", "verify").stdout


def test_without_a_command_a_session_is_played(sim: Sim) -> None:
    assert "Saved c-" in sim("--turns", "2").stdout


def test_the_same_seed_gives_the_same_conversation(sim: Sim) -> None:
    first, second = said(sim("run", "--json", "--seed", "5")), said(sim("run", "--json", "--seed", "5"))
    assert {**first, "id": ""} == {**second, "id": ""}


def test_a_log_travels_to_postgresql_and_back_with_its_heads(sim: Sim, tmp_path: Path, postgres: PostgresServer) -> None:
    sim("run", "--turns", "3")
    place = postgres.url()
    assert sim("log", "export", "--to", "all.jsonl").returncode == 0
    assert sim("log", "import", "all.jsonl", "--log", place).returncode == 0
    exported = sim("log", "export", "--log", place).stdout
    assert sim("log", "import", "-", "--log", "back.db", stdin=exported).returncode == 0
    ends = [said(sim("log", "info", "--json", "--log", at))["anchor"] for at in ("vigil.db", place, "back.db")]
    assert len(set(ends)) == 1
    assert said(sim("log", "verify", "--json", "--log", place))["clean"] is True


def test_an_anchor_sees_a_lost_end(sim: Sim, tmp_path: Path) -> None:
    sim("run", "--turns", "2")
    earlier = (tmp_path / "vigil.db").read_bytes()
    sim("run", "--turns", "2", "--seed", "2")
    anchored = sim("log", "anchor")
    assert anchored.returncode == 0
    short = anchored.stdout.splitlines()[0]
    assert sim("log", "verify").returncode == 0
    (tmp_path / "vigil.db").write_bytes(earlier)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"vigil.db{suffix}").unlink(missing_ok=True)
    done = sim("log", "verify")
    assert done.returncode == 1
    assert "are lost" in done.stdout
    (tmp_path / "vigil.db.anchors.jsonl").unlink()
    assert sim("log", "verify").returncode == 0
    assert sim("log", "verify", "--anchor", short).returncode == 1


def test_a_backup_is_a_log_and_is_never_overwritten(sim: Sim) -> None:
    sim("run", "--turns", "2")
    assert "verified" in sim("log", "backup", "copy.db").stdout
    assert said(sim("log", "info", "--json", "--log", "copy.db"))["anchor"] == said(sim("log", "info", "--json"))["anchor"]
    again = sim("log", "backup", "copy.db")
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_one_conversation_is_exported_by_the_start_of_its_id(sim: Sim) -> None:
    ids = [said(sim("run", "--turns", "2", "--json", "--seed", seed))["id"] for seed in "12"]
    lines = [json.loads(line) for line in sim("log", "export", str(ids[0])[:8]).stdout.splitlines()]
    assert {line["stream"] for line in lines if line["kind"] == "event"} == {ids[0]}


def test_the_schema_is_printed_for_both_databases(sim: Sim) -> None:
    assert "STRICT" in sim("log", "sql-schema").stdout
    assert "plpgsql" in sim("log", "sql-schema", "postgresql").stdout


def test_the_printed_schema_makes_the_tables(sim: Sim, tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "by_hand.db")
    connection.executescript(sim("log", "sql-schema", "sqlite").stdout)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    connection.close()
    assert {"event", "stream", "log", "projection", "projected"} <= names


def test_the_doctor_says_what_is_there_and_never_shows_a_key(sim: Sim, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HF_TOKEN=hf_verysecretvalue123\n")
    done = sim("doctor", env={"OPENAI_API_KEY": "sk-verysecretvalue123"})
    assert done.returncode == 0, done.stdout + done.stderr
    for word in (
        "SQLite",
        "langgraph",
        "training",
        "Log",
        "HF_TOKEN           set",
        "OPENAI_API_KEY     set",
        "OPENROUTER_API_KEY not set",
    ):
        assert word in done.stdout
    assert "verysecret" not in done.stdout + done.stderr
    assert said(sim("doctor", "--json"))["ok"] is True


def test_the_doctor_finds_a_damaged_log(sim: Sim, tmp_path: Path) -> None:
    (tmp_path / "vigil.db").write_text("Dear diary, this is no database, and it is longer than a header of a hundred bytes. " * 3)
    done = sim("doctor")
    assert done.returncode == 1
    assert "not a Vigil log" in done.stdout


WRONG = [
    (("lgo",), 2, "no command 'lgo'. Did you mean 'log'?"),
    (("log",), 2, "required: VERB"),
    (("log", "verfy"), 2, "invalid choice"),
    (("log", "info"), 1, "There is no log at vigil.db"),
    (("log", "info", "--log", "mysql://x/y"), 2, "mysql:// is no place for a log"),
    (("log", "info", "--log", "."), 1, "is a directory"),
    (("log", "info", "--log", "postgresql://nobody:geheim@127.0.0.1:1/x"), 1, "cannot be reached"),
    (("log", "import", "missing.jsonl"), 1, "cannot be read"),
    (("log", "backup", "x.db"), 1, "There is no log"),
    (("run", "--turns", "0"), 2, "plays nothing"),
    (("run", "--turns", "many"), 2, "invalid int value"),
]


@pytest.mark.parametrize(("words", "code", "message"), WRONG, ids=[" ".join(w) for w, _, _ in WRONG])
def test_wrong_words_get_one_line_that_says_what_to_do(sim: Sim, words: tuple[str, ...], code: int, message: str) -> None:
    done = sim(*words)
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_unknown_and_ambiguous_ids_are_told_apart(sim: Sim) -> None:
    for seed in "12":
        sim("run", "--turns", "1", "--seed", seed)
    unknown, ambiguous = sim("log", "export", "c-zzzz!"), sim("log", "export", "c-")
    assert (unknown.returncode, ambiguous.returncode) == (2, 2)
    assert "Nothing in this log is called" in unknown.stderr
    assert "could be c-" in ambiguous.stderr


def test_a_traceback_is_shown_only_when_asked_for(sim: Sim) -> None:
    assert "Traceback" in sim("log", "info", "--debug").stderr


def test_settings_come_from_a_file_and_the_environment(sim: Sim, tmp_path: Path) -> None:
    (tmp_path / "vigil.toml").write_text('[store]\nlog = "from_file.db"\n')
    sim("run", "--turns", "1")
    assert (tmp_path / "from_file.db").exists()
    sim("run", "--turns", "1", env={"VIGIL_STORE_LOG": "from_environment.db"})
    assert (tmp_path / "from_environment.db").exists()
    (tmp_path / "vigil.toml").write_text('[store]\nlgo = "x"\n')
    done = sim("log", "info")
    assert done.returncode == 2
    assert "store.lgo is not a setting. Did you mean 'store.log'?" in done.stderr
