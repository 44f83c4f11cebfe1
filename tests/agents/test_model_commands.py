"""`sim.py models` against a real server: keys are told but never shown, each finding is one line, an answer comes as it is said."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents import CallFailed, Terminal, UsageError
from agents.model_commands import models, models_arguments
from tests.serving.running import Server

SECRET = "sk-verysecretvalue123"


class Settings:
    def __init__(self, **keys: str) -> None:
        self.keys: Mapping[str, SecretStr | None] = {name: SecretStr(value) for name, value in keys.items()}


class Ran:
    """A command that was run, and what it printed."""

    def __init__(self, *words: str, json_wanted: bool = False, **keys: str) -> None:
        parser = argparse.ArgumentParser()
        models_arguments(parser)
        out, err = io.StringIO(), io.StringIO()
        terminal = Terminal(json_wanted=json_wanted, colour=False, out=out, err=err)
        self.code = models(parser.parse_args(words), Settings(**keys), terminal)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def told(self) -> dict[str, object]:
        return json.loads(self.out)  # type: ignore[no-any-return]


def test_every_endpoint_is_listed_with_its_key_s_name_and_never_the_key() -> None:
    ran = Ran("list", OPENAI_API_KEY=SECRET)
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line}
    assert lines["openai"].split()[1:4] == ["https://api.openai.com/v1", "OPENAI_API_KEY", "set"]
    assert "HF_TOKEN" in lines["hf"]
    assert "not set" in lines["hf"]
    assert "in this process" in lines["local"]
    assert "MODEL_API_KEY (not set)" in ran.out
    told = Ran("list", json_wanted=True, OPENAI_API_KEY=SECRET, MODEL_API_KEY=SECRET).told
    assert {row["kind"]: row["key_set"] for row in told["endpoints"]} == {  # type: ignore[attr-defined]
        "openai": True, "openrouter": False, "hf": False, "ollama": None, "vllm": None, "transformers": None, "local": None,
    }  # fmt: skip
    assert told["other_key"] == {"key": "MODEL_API_KEY", "key_set": True}
    assert SECRET not in ran.out + json.dumps(told)


def test_a_fit_model_gets_one_line_and_the_next_step(chat_server: Server) -> None:
    ran = Ran("check", "openai:test-model", "--base-url", chat_server.url)
    assert ran.code == 0
    first, last = ran.out.splitlines()
    assert first.startswith("✓ model: openai:test-model answers, and keeps to a form. It answered in")
    assert last == f"Next: python sim.py run --supporter openai:test-model --base-url {chat_server.url}"


def test_one_unfit_model_among_several_makes_the_check_fail(chat_server: Server) -> None:
    ran = Ran("check", "openai:test-model", "openai:tset-model", "--base-url", chat_server.url)
    assert ran.code == 1
    good, bad = ran.out.splitlines()
    assert good.startswith("✓")
    assert bad.startswith("✗ model:")
    assert "test-model" in bad


def test_a_chair_is_asked_as_a_session_would_ask_it(chat_server: Server) -> None:
    assert Ran("check", "--judge", "openai:test-model", "--base-url", chat_server.url).code == 0
    [asked] = [seen.body for seen in chat_server.requests() if seen.path.endswith("/chat/completions")]
    assert asked["temperature"] == 0.0


def test_the_chairs_of_a_models_file_are_checked(chat_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text(
        f'[seeker]\nmodel = "openai:test-model"\nbase_url = "{chat_server.url}"\n'
        f'[judge]\nmodel = "openai:other"\nbase_url = "{chat_server.url}"\n'
    )
    told = Ran("check", "--models", str(file), json_wanted=True).told
    assert [(finding["chair"], finding["ok"]) for finding in told["findings"]] == [("seeker", True), ("judge", False)]  # type: ignore[attr-defined]
    assert told["ok"] is False
    beside = Ran("check", "openai:test-model", "--models", str(file), "--base-url", chat_server.url, json_wanted=True).told
    assert [finding["chair"] for finding in beside["findings"]] == ["seeker", "judge", "model"]  # type: ignore[attr-defined]


def test_a_deep_check_asks_three_more_questions(chat_server: Server) -> None:
    ran = Ran("check", "openai:test-model", "--base-url", chat_server.url, "--deep")
    assert ran.code == 0
    assert "tokens at once, repeats itself with a seed" in ran.out
    assert chat_server.counts().requests == 4


@pytest.mark.parametrize(
    ("knobs", "words", "keys", "says"),
    [
        ({"key": "right"}, (), {"MODEL_API_KEY": SECRET}, "does not take this key"),
        ({"pretends": "html"}, (), {}, "OpenAI-compatible"),
        ({"structured": "ignored"}, (), {}, "was asked for a JSON object and wrote none"),
        ({"context": 2000}, ("--deep",), {}, "cannot read a whole session"),
    ],
    ids=["wrong key", "no API", "no form", "small context"],
)
def test_what_is_wrong_with_a_server_is_one_clear_line(
    chat_server: Server, knobs: dict[str, object], words: tuple[str, ...], keys: dict[str, str], says: str
) -> None:
    chat_server.set(**knobs)
    ran = Ran("check", "openai:test-model", "--base-url", chat_server.url, *words, **keys)
    assert ran.code == 1
    [line] = ran.out.splitlines()
    assert says in line
    assert SECRET not in ran.out


def test_nobody_there_and_no_key_are_one_clear_line_each() -> None:
    ran = Ran("check", "openai:m", "--base-url", "http://127.0.0.1:9/v1")
    assert (ran.code, len(ran.out.splitlines())) == (1, 1)
    assert "cannot be reached" in ran.out
    ran = Ran("check", "openai:m")
    assert (ran.code, len(ran.out.splitlines())) == (1, 1)
    assert "needs the key OPENAI_API_KEY" in ran.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check",), "Name a model to check"),
        (("check", "--seeker", "builtin"), "Built-in chairs need no check"),
        (("check", "--base-url", "http://127.0.0.1:9/v1"), "no chair has a model"),
        (("check", "gpt-9"), "openai:gpt-9"),
        (("ask", "openai:m", " "), "nothing to ask"),
        (("ask", "openai:m", "Hello?", "--temperature", "3"), "between 0 and 2"),
        (("ask", "openai:m", "Hello?", "--most", "0"), "no room"),
        (("ask", "openai:m", "Hello?"), "OPENAI_API_KEY"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_words_are_refused_before_anybody_is_asked(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Ran(*words)


def test_an_answer_is_shown_and_what_it_took_goes_to_stderr(chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["A quiet morning \x1b[2Jis grey."], chunk_ms=1)
    ran = Ran(
        "ask", "openai:test-model", "What is it like?", "--system", "Be brief.", "--temperature", "0.3", "--base-url", chat_server.url
    )
    assert ran.code == 0
    assert ran.out == "A quiet morning \ufffd[2Jis grey.\n"
    assert "tokens, " in ran.err
    assert "no price is known" in ran.err
    body = chat_server.requests()[-1].body
    assert (body["stream"], body["temperature"]) == (True, 0.3)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


class Pieces(io.StringIO):
    """Takes down each piece that was written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


def test_an_answer_comes_piece_by_piece(chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["one two three four five six seven eight nine ten"], chunk_ms=5)
    parser = argparse.ArgumentParser()
    models_arguments(parser)
    out = Pieces()
    args = parser.parse_args(["ask", "openai:test-model", "Count.", "--base-url", chat_server.url])
    models(args, Settings(), Terminal(colour=False, out=out, err=io.StringIO()))
    assert len([piece for piece in out.pieces if piece.strip()]) > 2


def test_an_answer_as_json_has_its_price_from_the_file(chat_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[prices."openai:test-model"]\nprompt = 1000000\ncompletion = 0\n')
    told = Ran("ask", "openai:test-model", "Hello?", "--models", str(file), "--base-url", chat_server.url, json_wanted=True).told
    assert told["cost"] == told["prompt_tokens"]
    assert set(told) == {"model", "text", "cut", "prompt_tokens", "completion_tokens", "counted", "latency_ms", "cost"}


def test_a_question_that_fails_says_why(chat_server: Server) -> None:
    with pytest.raises(CallFailed, match="has no model 'openai:nobody'"):
        Ran("ask", "openai:nobody", "Hello?", "--base-url", chat_server.url)
