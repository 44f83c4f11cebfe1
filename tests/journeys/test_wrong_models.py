"""Models that cannot be used, and batches that cannot be played: one clear line each, before anything is begun."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from sim import main
from store import RunPlanned, StoreSettings, open_log
from tests.journeys.people import some_people
from tests.serving.running import Server

MODEL = "openai:test-model"
Words = tuple[str, ...]


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Two persona files in an empty folder, which is where commands run."""
    monkeypatch.chdir(tmp_path)
    yield some_people(tmp_path, 2)
    structlog.reset_defaults()


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a command ends with before anything is begun."""
    code = main(words)
    said = capsys.readouterr()
    assert code in (1, 2), (words, said)
    assert len(said.err.splitlines()) == 1, said.err
    assert "Traceback" not in said.err
    assert "planned." not in said.out
    return said.err


def begun(folder: Path) -> int:
    """How many conversations and runs the log of a folder holds."""
    if not (folder / "vigil.db").exists():
        return 0
    with open_log(StoreSettings(log=str(folder / "vigil.db"))) as log:
        return sum(len(log.streams(prefix)) for prefix in ("c-", "run-"))


def unreachable() -> str:
    """A URL where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@pytest.mark.parametrize("command", ["generate", "run"])
def test_a_model_that_cannot_be_used_is_one_line_before_anything_is_begun(
    command: str, people: str, chat_server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, folder = chat_server.url, Path(people).parent
    who = ("--personas", people) if command == "generate" else ()

    def says(*words: str) -> str:
        return refused(capsys, command, *who, *words)

    assert "'openai:gpt-4.1' needs the key OPENAI_API_KEY for api.openai.com" in says("--supporter", "openai:gpt-4.1")
    assert "has no model 'tset-model'. Did you mean 'test-model'" in says("--supporter", "openai:tset-model", "--base-url", url)
    assert "cannot be reached" in says("--supporter", MODEL, "--base-url", unreachable())
    assert "no chair has a model on a server" in says("--base-url", url)
    assert "is not a URL" in says("--supporter", MODEL, "--base-url", "http://[::1")
    assert "Is it openai:gpt-9?" in says("--supporter", "gpt-9")
    assert "needs a price, and none is known for openai:test-model" in says("--supporter", MODEL, "--base-url", url, "--max-cost", "1")
    assert "lets nothing through" in says("--supporter", MODEL, "--base-url", url, "--rpm", "0")
    assert "neither a number nor ROLE=NUMBER" in says("--supporter", MODEL, "--base-url", url, "--concurrency", "seekr=2")
    assert "nowhere.toml" in says("--models", "nowhere.toml")
    assert "There is no folder nowhere" in says("--supporter", "local:nowhere")
    assert "has no config.json" in says("--supporter", f"local:{folder}")
    for kind in ("html", "other_json"):
        chat_server.set(pretends=kind)
        assert "OpenAI-compatible" in says("--supporter", MODEL, "--base-url", url), kind
    chat_server.set(pretends="openai", key="right")
    assert "does not take this key" in says("--supporter", MODEL, "--base-url", url)
    monkeypatch.setenv("MODEL_API_KEY", "wrong-key")
    assert "wrong-key" not in says("--supporter", MODEL, "--base-url", url)
    assert chat_server.counts().requests == 0
    assert begun(folder) == 0


def test_a_server_that_lists_no_models_and_knows_no_chat_is_found_out_by_the_first_session_and_asked_no_more(
    people: str, chat_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    chat_server.set(pretends="nothing")
    voiced = ("--supporter", MODEL, "--base-url", chat_server.url)
    assert main(["generate", "--personas", people, "--per-persona", "10", "--at-once", "1", *voiced]) == 1
    said = capsys.readouterr().out
    assert "Given up: unknown_model: " in said
    assert "is not where an OpenAI-compatible server answers (404)" in said
    # The list of models, then the first three replies.
    assert len(chat_server.requests()) <= 4


def test_a_batch_that_cannot_be_played_is_one_line_before_anything_is_begun(
    people: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], chat_server: Server
) -> None:
    voiced = ("--supporter", MODEL, "--base-url", chat_server.url)
    (tmp_path / "empty").mkdir()
    wrong: list[tuple[Words, str]] = [
        (("--engine", "ray"), "a file is none. Give --log postgresql://"),
        (("--address", "127.0.0.1:6379"), "Add --engine ray"),
        (("--language", "es"), "The built-in seeker has only English"),
        (("--chooser", "bset"), "Did you mean 'best'"),
        (("--care-level", "3"), "between 0 and 1"),
        (("--chooser", "human"), "sim.py run --interactive"),
        (("--seeker", "human"), "sim.py run --play seeker"),
        (("--personas", "empty"), "holds no persona file"),
        (("--personas", "p-nobody"), "no persona 'p-nobody'"),
        (("--personas", "nobody.json"), "nobody.json cannot be read"),
        (("--personas", ""), "names nobody"),
        (("--categories", "sadness"), "no kind of crisis 'sadness'"),
        (("--offset", "2"), "No persona fits"),
        (("--offset", "-1"), "is negative"),
        (("--limit", "0"), "plays nothing"),
        (("--workers", "0"), "plays nothing"),
        (("--at-once", "0"), "plays nothing"),
        (("--per-persona", "0"), "plays nothing"),
        (("--turns", "0"), "plays nothing"),
        ((*voiced, "--workers", "3", "--rpm", "2"), "cannot be divided among 3 workers"),
        ((*voiced, "--max-tokens", "0"), "lets nothing through"),
    ]
    for words, says in wrong:
        assert says in refused(capsys, "generate", "--personas", people, *words), words
    assert begun(tmp_path) == 0
    assert chat_server.counts().requests == 0


def test_what_is_no_run_or_is_asked_for_otherwise_is_not_resumed(people: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "vigil.db" in refused(capsys, "generate", "--resume", "last")
    assert not (tmp_path / "vigil.db").exists()
    assert main(["generate", "--personas", people, "--turns", "1", "--json"]) == 0
    capsys.readouterr()
    with open_log(StoreSettings(log=str(tmp_path / "vigil.db"))) as log:
        session, run = log.streams("c-")[0].id, log.streams("run-")[0].id
        assert [one.event.type for one in log.read(run)] == [RunPlanned.type, "run_ended"]
    for words, says in (
        ((session,), "is no run"),
        (("run-nothing",), "'run-nothing'"),
        ((run, "--turns", "3"), "--turns cannot change"),
        ((run, "--personas", "3"), "--personas cannot change"),
    ):
        assert says in refused(capsys, "generate", "--resume", *words), words
    assert begun(tmp_path) == 3
