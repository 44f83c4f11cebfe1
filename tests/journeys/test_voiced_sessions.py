"""Sessions whose chairs are voiced by models, from the command line: run, prove, branch, sweep, sit in the other chair, another language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.journeys.test_front_door import Sim, said, sim
from tests.serving.checkpoint import build_checkpoint
from tests.serving.running import Server

__all__ = ["sim"]
_ID = re.compile(r"\b[cb]-[0-9a-z]{12}\b")
MODEL = "openai:test-model"


def all_chairs(server: Server) -> tuple[str, ...]:
    return "--seeker", MODEL, "--supporter", MODEL, "--judge", MODEL, "--base-url", server.url


def ok(sim: Sim, *words: str, stdin: str = "") -> str:
    done = sim(*words, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_session_of_models_is_shown_proven_branched_and_swept(sim: Sim, chat_server: Server) -> None:
    session = str(said(sim("run", "--turns", "2", *all_chairs(chat_server), "--json"))["id"])
    asked = chat_server.counts().requests
    assert "byte for byte the same" in ok(sim, "replay", session, "--verify")
    assert chat_server.counts().requests == asked
    other = chat_server.url.replace("127.0.0.1", "localhost")
    branch = said(sim("branch", session, "--at", "2", "--model", f"supporter={MODEL}", "--base-url", other, "--json"))
    assert (branch["parent"], branch["at"]) == (session, 2)
    # Three replies to what the Seeker had said, three reactions to them, three judgements; equal replies share theirs.
    assert asked + 7 <= chat_server.counts().requests <= asked + 9
    assert "byte for byte the same" in ok(sim, "replay", str(branch["id"]), "--verify")
    swept = said(sim("sweep", session, "--at", "2", "--json"))
    assert len(swept["turns"][0]["replies"]) > 1  # type: ignore[index]


def test_a_branch_may_seat_a_model_where_the_built_in_one_was_and_back(sim: Sim, chat_server: Server) -> None:
    said(sim("run", "--turns", "3", "--json"))
    branch = said(sim("branch", "last", "--at", "2", "--model", f"supporter={MODEL}", "--base-url", chat_server.url, "--json"))
    assert chat_server.counts().answered == 2 * 3
    assert "byte for byte the same" in ok(sim, "replay", str(branch["id"]), "--verify")
    chat_server.reset()
    back = said(sim("branch", str(branch["id"]), "--at", "3", "--model", "supporter=builtin", "--json"))
    assert back["turns"] == 3
    assert chat_server.counts().requests == 0


@pytest.mark.slow
def test_a_person_answers_a_seeker_that_a_model_voices_and_comes_back(sim: Sim, chat_server: Server) -> None:
    out = ok(sim, "run", "--interactive", "--turns", "3", *all_chairs(chat_server), stdin="1\nI hear you. What was that like?\n/quit\n")
    assert "Left after 2 turns" in out
    stream = _ID.findall(out.splitlines()[-1])[0]
    assert "It reached its turn limit after 3 turns" in ok(sim, "resume", stream, stdin="2\n1\n")
    assert "I hear you. What was that like?" in ok(sim, "show", stream)
    assert "byte for byte the same" in ok(sim, "replay", stream, "--verify")


def test_a_person_is_the_seeker_of_a_supporter_that_a_model_voices(sim: Sim, chat_server: Server) -> None:
    typed = ("My dog died and I still fill his bowl.", "Only the neighbour knows.")
    models = ("--supporter", MODEL, "--base-url", chat_server.url)
    out = ok(sim, "run", "--play", "seeker", "--turns", "2", *models, stdin="\n".join([*typed, ""]))
    assert "after 2 turns" in out
    assert out.count("    Supporter  ") == 2
    asked = [seen.text for seen in chat_server.requests() if seen.path.endswith("/chat/completions")]
    assert len(asked) == 2 * 3
    assert all(any(words in text for text in asked) for words in typed)


def test_another_language_is_spoken_by_models_and_refused_by_the_built_in_cast(sim: Sim, chat_server: Server) -> None:
    said(sim("run", "--turns", "1", "--language", "es", *all_chairs(chat_server), "--json"))
    asked = [seen.text for seen in chat_server.requests() if seen.path.endswith("/chat/completions")]
    assert sum("Spanish" in text for text in asked) >= len(asked) - 3
    before = said(sim("log", "info", "--json"))["anchor"]
    for command in ("run", "generate"):
        done = sim(command, "--turns", "1", "--language", "es")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert "The built-in seeker has only English, not 'es'. Give that chair a model" in done.stderr
    assert said(sim("log", "info", "--json"))["anchor"] == before


@pytest.mark.slow
def test_a_server_that_fails_stops_a_session_kindly_and_it_is_resumed(sim: Sim, chat_server: Server) -> None:
    chat_server.set(script=[*[None] * 6, *["server_error"] * 50])
    done = sim("run", "--turns", "2", *all_chairs(chat_server), "--attempts", "2", "--backoff", "0.01")
    assert done.returncode == 1
    assert "Gave up after 2 attempts." in done.stderr
    assert done.stderr.splitlines()[-1].endswith(f"Next: python sim.py resume {_ID.findall(done.stderr)[-1]}")
    assert "Traceback" not in done.stderr
    chat_server.set(script=[])
    assert "It reached its turn limit after 2 turns" in ok(sim, "resume", "last")
    assert "byte for byte the same" in ok(sim, "replay", "last", "--verify")


@pytest.mark.slow
def test_a_checkpoint_that_talks_nonsense_ends_its_session_as_failed_with_every_call_kept(sim: Sim, tmp_path: Path) -> None:
    build_checkpoint(tmp_path / "tiny", positions=16_384)
    words = ok(sim, "models", "ask", f"local:{tmp_path / 'tiny'}", "How was the morning?")
    assert words.strip()
    (tmp_path / "models.toml").write_text(f'[seeker]\nmodel = "local:{tmp_path / "tiny"}"\nmax_tokens = 40\n')
    done = sim("run", "--turns", "1", "--models", "models.toml", "--json")
    answer = said(done)
    assert (answer["outcome"], answer["turns"]) == ("failed", 0)
    total = said(sim("costs", "--json"))["total"]
    assert total["calls"] >= 2  # type: ignore[index]
    assert total["completion_tokens"] > 0  # type: ignore[index]
    assert "malformed" in Path(tmp_path / "vigil.db").read_bytes().decode(errors="replace")
    assert "byte for byte the same" in ok(sim, "replay", "last", "--verify")
