from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from agents.models.calls import Call, CallFailed, OnText, Reply
from agents.models.checking import LONG_SESSION, Finding, check_voice, quick_look
from agents.models.openai_client import OpenAIModel
from agents.prompted.parsing import parse
from agents.snapshot import Decoding, Voice
from tests.serving.running import Server

KEY = SecretStr("a-key-of-no-known-shape")


def a_voice(server: Server, **told: Any) -> Voice:
    return Voice(**{"model": "openai:test-model", "base_url": server.url, "timeout_s": 5, **told})


def looked(voice: Voice, key: SecretStr | None = KEY) -> Finding:
    return asyncio.run(quick_look("seeker", voice, key))


def checked(voice: Voice, *, deep: bool = False) -> Finding:
    async def check() -> Finding:
        assert voice.base_url
        model = OpenAIModel(voice, voice.base_url, KEY)
        try:
            return await check_voice("seeker", voice, model, voice.base_url, KEY, parse=parse, deep=deep)
        finally:
            await model.close()

    return asyncio.run(check())


def wrong(finding: Finding) -> str:
    """The one line of a finding that is not good."""
    assert not finding.ok, finding.line
    assert "\n" not in finding.line
    assert KEY.get_secret_value() not in str(finding)
    return finding.line


def test_a_model_that_is_listed_is_fit_at_first_sight(chat_server: Server) -> None:
    assert looked(a_voice(chat_server)).ok
    assert chat_server.counts().requests == 0


def test_a_missing_key_is_found_before_anything_is_sent() -> None:
    line = wrong(looked(Voice(model="openrouter:some/model"), None))
    assert "OPENROUTER_API_KEY" in line
    assert "openrouter.ai" in line


def test_a_server_of_one_s_own_needs_no_key(chat_server: Server) -> None:
    assert looked(a_voice(chat_server), None).ok


def test_a_wrong_key_is_found(chat_server: Server) -> None:
    chat_server.set(key="another")
    assert "does not take this key" in wrong(looked(a_voice(chat_server)))


def test_a_model_that_the_server_has_not_brings_the_nearest(chat_server: Server) -> None:
    assert "Did you mean 'test-model'?" in wrong(looked(a_voice(chat_server, model="openai:tset-model")))
    assert "It has test-model." in wrong(looked(a_voice(chat_server, model="openai:zzz")))


@pytest.mark.parametrize(
    ("listed", "model"),
    [("llama3:latest", "ollama:llama3"), ("org/name", "hf:org/name:fastest"), ("something", "transformers:a/path")],
)
def test_a_model_may_be_there_under_a_longer_or_a_shorter_name(chat_server: Server, listed: str, model: str) -> None:
    chat_server.set(models=[listed])
    assert looked(a_voice(chat_server, model=model)).ok


def test_a_server_that_does_not_list_its_models_is_believed(chat_server: Server) -> None:
    chat_server.set(lists_models=False)
    finding = looked(a_voice(chat_server))
    assert finding.ok
    assert "does not list its models" in finding.line


def test_a_server_that_is_away_is_found() -> None:
    assert "cannot be reached" in wrong(looked(a_voice(Server(9))))


@pytest.mark.parametrize("pretends", ["html", "other_json"])
def test_a_server_of_another_kind_is_found_at_first_sight(chat_server: Server, pretends: str) -> None:
    chat_server.set(pretends=pretends)
    assert "OpenAI-compatible" in wrong(looked(a_voice(chat_server)))


def test_an_address_where_nothing_is_known_is_found_by_asking(chat_server: Server) -> None:
    chat_server.set(pretends="nothing")
    assert "OpenAI-compatible" in wrong(checked(a_voice(chat_server)))


def test_a_model_that_writes_the_object_it_was_asked_for_is_fit(chat_server: Server) -> None:
    finding = checked(a_voice(chat_server))
    assert finding.ok, finding.line
    assert len(finding.details) == 1


def test_a_model_that_keeps_to_no_form_is_found(chat_server: Server) -> None:
    chat_server.set(structured="ignored")
    assert "wrote none" in wrong(checked(a_voice(chat_server)))


def test_a_server_that_holds_no_model_to_a_form_is_found_with_the_way_out(chat_server: Server) -> None:
    chat_server.set(structured="refused")
    assert 'set structured = "prompt"' in wrong(checked(a_voice(chat_server, structured="json_schema")))
    assert checked(a_voice(chat_server)).ok


def test_a_context_that_is_too_small_is_found_by_a_deep_check_alone(chat_server: Server) -> None:
    chat_server.set(context=2000)
    assert checked(a_voice(chat_server)).ok
    assert "cannot read a whole session" in wrong(checked(a_voice(chat_server), deep=True))


def test_a_context_that_is_known_to_be_too_small_is_not_tried(chat_server: Server) -> None:
    assert "context of 4096 tokens" in wrong(checked(a_voice(chat_server, context=4096), deep=True))


class Changeable:
    """A model that reads no more than so much, and never says the same twice."""

    def __init__(self, reads: int) -> None:
        self.reads = reads
        self.calls: list[Call] = []

    async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
        self.calls.append(call)
        long = sum(len(message.content) for message in call.messages) // 4
        return Reply(f'{{"answer": "{len(self.calls)}"}}', min(long, self.reads), 5, 1.0)

    async def close(self) -> None: ...


def deeply(model: Changeable) -> Finding:
    return asyncio.run(check_voice("seeker", Voice(model="local:somewhere"), model, None, None, parse=parse, deep=True))


def test_a_server_that_silently_cuts_a_long_prompt_is_found() -> None:
    assert "read 2048: its server cuts" in wrong(deeply(Changeable(2048)))


def test_a_seed_that_does_not_repeat_is_told_and_forbids_nothing(chat_server: Server) -> None:
    finding = deeply(Changeable(100_000))
    assert finding.ok
    assert "does not repeat itself" in finding.details[-1]
    assert checked(a_voice(chat_server), deep=True).details[-1] == "repeats itself with a seed"


def test_a_deep_check_reads_as_much_as_a_long_session() -> None:
    model = Changeable(100_000)
    deeply(model)
    words = max(len(call.messages[0].content.split()) for call in model.calls)
    assert LONG_SESSION * 0.8 < words < LONG_SESSION * 1.3


def test_a_check_leaves_a_model_that_thinks_first_enough_words() -> None:
    model = Changeable(100_000)
    voice = Voice(model="local:somewhere", decoding=Decoding(max_tokens=20, temperature=0.4))
    asyncio.run(check_voice("judge", voice, model, None, None, parse=parse))
    assert model.calls[0].decoding == Decoding(max_tokens=512, temperature=0.4)


def test_a_model_that_fails_when_asked_is_found_by_its_failure() -> None:
    class Failing(Changeable):
        async def reply(self, call: Call, on_text: OnText | None = None) -> Reply:
            raise CallFailed("other", "It will not start. Mend its path.")

    assert wrong(deeply(Failing(1))) == "seeker: It will not start. Mend its path."
