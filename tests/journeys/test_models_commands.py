"""Models from the command line: look for keys, check, ask, generate with them, see what it cost and what became of it."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.test_front_door import Sim, said, sim
from tests.serving.running import Server

__all__ = ["sim"]
SECRET = "sk-verysecretvalue123"


def test_keys_from_the_environment_and_from_dotenv_are_found_and_never_shown(sim: Sim, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENROUTER_API_KEY={SECRET}\nMODEL_API_KEY={SECRET}\n")
    done = sim("models", "list", "--json", env={"OPENAI_API_KEY": SECRET})
    told = said(done)
    keys = {row["kind"]: row["key_set"] for row in told["endpoints"]}  # type: ignore[attr-defined]
    assert (keys["openai"], keys["openrouter"], keys["hf"]) == (True, True, False)
    assert told["other_key"] == {"key": "MODEL_API_KEY", "key_set": True}
    assert SECRET not in done.stdout + done.stderr


def test_a_model_is_checked_and_an_unfit_one_fails_with_one_line(sim: Sim, chat_server: Server) -> None:
    done = sim("models", "check", "openai:test-model", "--base-url", chat_server.url)
    assert done.returncode == 0, done.stderr
    assert "answers, and keeps to a form" in done.stdout
    done = sim("models", "check", "openai:nobody", "--base-url", chat_server.url)
    assert done.returncode == 1
    assert len(done.stdout.strip().splitlines()) == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_a_question_is_answered_on_stdout_its_cost_told_on_stderr_and_nothing_kept(sim: Sim, chat_server: Server, tmp_path: Path) -> None:
    chat_server.set(answers="echo", texts=["A quiet morning is grey."])
    done = sim("models", "ask", "openai:test-model", "What is it like?", "--base-url", chat_server.url)
    assert (done.returncode, done.stdout) == (0, "A quiet morning is grey.\n")
    assert "tokens" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_wrong_key_is_told_without_showing_it(sim: Sim, chat_server: Server) -> None:
    chat_server.set(key="another")
    done = sim("models", "ask", "openai:test-model", "Hello?", "--base-url", chat_server.url, env={"MODEL_API_KEY": SECRET})
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "does not take this key" in done.stderr
    assert SECRET not in done.stderr


def test_costs_and_runs_agree_with_what_the_server_counted(sim: Sim, chat_server: Server) -> None:
    chat_server.set(fault_rate=0.2, faults=["server_error", "empty", "truncated", "rate_limit_bare"])
    models = ("--seeker", "openai:test-model", "--supporter", "openai:test-model", "--base-url", chat_server.url)
    patient = ("--attempts", "12", "--backoff", "0.01")
    played = said(sim("generate", "--personas", "2", "--categories", "burnout", "--turns", "2", *models, *patient, "--json"))
    counted = chat_server.counts()
    told = said(sim("costs", str(played["id"]), "--json"))
    assert {row["role"] for row in told["rows"]} == {"seeker", "supporter"}  # type: ignore[attr-defined]
    total = told["total"]
    assert (total["calls"], total["prompt_tokens"], total["completion_tokens"]) == (  # type: ignore[index]
        counted.requests,
        counted.all_prompt_tokens,
        counted.all_completion_tokens,
    )
    assert total["failed"] > 0  # type: ignore[index]
    shown = said(sim("runs", "show", "--json"))
    assert (shown["id"], shown["planned"], shown["done"], shown["outcome"]) == (played["id"], 2, 2, "completed")
    assert shown["total"] == total
    assert shown["simulator"]["messages"] > 0  # type: ignore[index]
    assert [run["id"] for run in said(sim("runs", "list", "--json"))["runs"]] == [played["id"]]  # type: ignore[attr-defined]


_WRONG: list[tuple[tuple[str, ...], str]] = [
    (("models", "check"), "Name a model to check"),
    (("models", "check", "gpt-9"), "openai:gpt-9"),
    (("costs", "--by", "modle"), "Did you mean 'model'"),
    (("costs", "run-nothing"), "Nothing in this log is called"),
    (("runs", "show"), "holds no run yet"),
]


def test_a_built_in_session_costs_nothing_and_wrong_words_get_one_line(sim: Sim) -> None:
    assert sim("run", "--turns", "1").returncode == 0
    assert "built-in sessions cost nothing" in sim("costs").stdout
    assert "No run yet" in sim("runs", "list").stdout
    for words, says in _WRONG:
        done = sim(*words)
        assert done.returncode == 2, (words, done.stderr)
        assert says in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
