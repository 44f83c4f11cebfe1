from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from agents.models.calls import Call, CallFailed, Message, Reply
from agents.models.openai_client import OpenAIModel
from agents.snapshot import Decoding, Voice
from agents.values import FailureKind, Role
from tests.serving.running import Server

T = TypeVar("T")
KEY = SecretStr("a-key-of-no-known-shape")
FORM: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def a_call(*, decoding: Decoding | None = None, seed: int | None = 7, form: dict[str, Any] | None = None, **voice: Any) -> Call:
    words = (Message("system", "Be brief."), Message("user", "How are you today?"))
    told = Voice(**{"model": "openai:test-model", "timeout_s": 5, **voice})
    return Call(Role.SEEKER, "seeker.speak", told, words, decoding or Decoding(), seed=seed, form=form)


def asked(server: Server, work: Callable[[OpenAIModel], Awaitable[T]], key: SecretStr | None = KEY) -> T:
    """What comes of some work with a client in an event loop of its own."""

    async def ask() -> T:
        model = OpenAIModel(Voice(model="openai:test-model"), server.url, key)
        try:
            return await work(model)
        finally:
            await model.close()

    return asyncio.run(ask())


def reply_to(server: Server, call: Call) -> Reply:
    return asked(server, lambda model: model.reply(call))


def failure_of_call(server: Server, call: Call) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        reply_to(server, call)
    return failed.value


def answered(text: str, *, stream: bool, finish: str, cost: object = None) -> Reply:
    """What is made of the bytes of an answer that ends so and costs so much."""
    usage = {"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9, "cost": cost}
    said: dict[str, Any] = {"role": "assistant", "content": text}
    told = {"id": "a", "created": 0, "model": "m"}
    whole = {**told, "object": "chat.completion", "choices": [{"index": 0, "message": said, "finish_reason": finish}], "usage": usage}
    pieces = [{"choices": [{"index": 0, "delta": said, "finish_reason": finish}]}, {"choices": [], "usage": usage}]
    events = [json.dumps({**told, "object": "chat.completion.chunk", **piece}) for piece in pieces]
    body = "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]) if stream else json.dumps(whole)
    kind = "text/event-stream" if stream else "application/json"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async def ask() -> Reply:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = OpenAIModel(Voice(model="openai:m"), url, KEY)
        try:
            return await model.reply(a_call(stream=stream))
        finally:
            await model.close()
            server.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_comes_with_the_tokens_that_the_server_counted(chat_server: Server, stream: bool) -> None:
    chat_server.set(answers="list", texts=["I am here with you."])
    reply = reply_to(chat_server, a_call(stream=stream))
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("I am here with you.", 6, 5)
    assert reply.counted
    assert not reply.cut
    assert reply.latency_ms > 0


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_that_the_server_does_not_count_are_estimated(chat_server: Server, stream: bool) -> None:
    chat_server.set(usage=False, answers="list", texts=["I am here with you."])
    reply = reply_to(chat_server, a_call(stream=stream))
    assert not reply.counted
    assert (reply.prompt_tokens, reply.completion_tokens) == (9, 6)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_as_long_as_it_may_be_is_cut(chat_server: Server, stream: bool) -> None:
    chat_server.set(answers="list", texts=["I am here with you."])
    reply = reply_to(chat_server, a_call(stream=stream, decoding=Decoding(max_tokens=2)))
    assert (reply.text.strip(), reply.cut) == ("I am", True)


def test_a_stream_tells_its_words_as_they_come_and_a_whole_answer_all_at_once(chat_server: Server) -> None:
    chat_server.set(answers="list", texts=["I am here with you."])
    for stream, pieces in ((True, 2), (False, 1)):
        heard: list[str] = []
        asked(chat_server, lambda model, stream=stream, heard=heard: model.reply(a_call(stream=stream), heard.append))
        assert len(heard) == pieces
        assert "".join(heard) == "I am here with you."


def test_a_request_carries_what_the_call_decides_and_nothing_else(chat_server: Server) -> None:
    decoding = Decoding(temperature=0.5, top_p=0.9, max_tokens=50, frequency_penalty=0.1, presence_penalty=0.2)
    reply_to(chat_server, a_call(decoding=decoding, seed=2**31 + 5, extra={"top_k": 40}))
    assert chat_server.requests()[-1].body == {
        "model": "test-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How are you today?"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 50,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "seed": 5,
        "top_k": 40,
        "stream": False,
    }


def test_a_stream_asks_for_its_usage(chat_server: Server) -> None:
    reply_to(chat_server, a_call(stream=True))
    body = chat_server.requests()[-1].body
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_a_voice_without_seed_sends_none(chat_server: Server) -> None:
    reply_to(chat_server, a_call(seeded=False))
    assert "seed" not in chat_server.requests()[-1].body


@pytest.mark.parametrize(
    ("structured", "sent"),
    [
        ("prompt", None),
        ("json_object", {"type": "json_object"}),
        ("json_schema", {"type": "json_schema", "json_schema": {"name": "seeker_speak", "schema": FORM, "strict": True}}),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_form_is_asked_for_in_the_way_of_the_voice(chat_server: Server, structured: str, sent: object, stream: bool) -> None:
    reply_to(chat_server, a_call(structured=structured, form=FORM, stream=stream))
    assert chat_server.requests()[-1].body.get("response_format") == sent


def test_the_key_is_shown_to_the_server_and_a_placeholder_where_there_is_none(chat_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the-key-of-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "their-organisation")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "their-project")
    for key, shown in ((KEY, KEY.get_secret_value()), (None, "no-key")):
        asked(chat_server, lambda model: model.reply(a_call()), key)
        headers = chat_server.requests()[-1].headers
        assert headers["authorization"] == f"Bearer {shown}"
        assert "their" not in str(headers)
        assert "somebody-else" not in str(headers)


def test_models_of_one_server_share_their_connections_until_the_last_is_closed(chat_server: Server) -> None:
    async def work() -> None:
        models = [OpenAIModel(Voice(model="openai:test-model"), chat_server.url, KEY) for _ in range(2)]
        for model in models:
            await model.reply(a_call())
        assert models[0]._lines[0].pool is models[1]._lines[0].pool
        await models[0].close()
        await models[1].reply(a_call(seed=8))
        pool = models[1]._lines[0].pool
        await models[1].close()
        assert pool.client.is_closed

    asyncio.run(work())


def test_many_calls_at_once_each_get_their_own_answer(chat_server: Server) -> None:
    chat_server.set(latency_ms=20)

    questions = [f'Answer with one JSON object, as in {{"answer": "number {n}"}}' for n in range(40)]

    async def work(model: OpenAIModel) -> list[Reply]:
        calls = [Call(Role.SEEKER, "x", Voice(model="openai:test-model"), (Message("user", questions[n]),), Decoding()) for n in range(40)]
        return await asyncio.gather(*(model.reply(call) for call in calls))

    texts = [reply.text for reply in asked(chat_server, work)]
    assert all(f"number {n}" in text for n, text in enumerate(texts))
    assert chat_server.counts().most_at_once > 10


FAULTS: list[tuple[str, FailureKind, bool]] = [
    ("rate_limit", "rate_limit", False),
    ("rate_limit_bare", "rate_limit", False),
    ("quota", "auth", False),
    ("server_error", "server", False),
    ("overloaded", "server", False),
    ("html_error", "server", False),
    ("cut_off", "malformed", False),
    ("not_json", "malformed", False),
    ("cut_quietly", "malformed", False),
    ("empty", "malformed", True),
    ("no_choices", "malformed", True),
    ("refusal", "refusal", True),
    ("content_filter", "refusal", True),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "kind", "billed"), FAULTS)
def test_what_goes_wrong_has_its_kind_and_the_tokens_it_cost(
    chat_server: Server, fault: str, kind: FailureKind, billed: bool, stream: bool
) -> None:
    chat_server.set(script=[fault])
    failure = failure_of_call(chat_server, a_call(stream=stream))
    assert failure.kind == kind, failure.message
    assert "\n" not in failure.message
    assert "<" not in failure.message
    assert len(failure.message) < 400
    if billed:
        assert failure.prompt_tokens == 6
    assert failure.retry_after_s == (1.0 if fault == "rate_limit" else None)


@pytest.mark.parametrize("stream", [False, True])
def test_a_stream_that_is_cut_off_counts_the_words_that_came(chat_server: Server, stream: bool) -> None:
    chat_server.set(answers="list", texts=["one two three four five six seven eight nine ten"], script=["cut_quietly"])
    failure = failure_of_call(chat_server, a_call(stream=stream))
    assert (failure.prompt_tokens > 0) == stream


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_does_not_answer_in_time_is_left(chat_server: Server, stream: bool) -> None:
    chat_server.set(script=["hang"], hang_s=3)
    failure = failure_of_call(chat_server, a_call(timeout_s=0.2, stream=stream))
    assert failure.kind == "timeout"


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_that_run_out_before_a_word_would_run_out_again(chat_server: Server, stream: bool) -> None:
    chat_server.set(script=["empty"])
    assert failure_of_call(chat_server, a_call(stream=stream)).passes
    with pytest.raises(CallFailed, match="raise max_tokens") as failed:
        answered("", stream=stream, finish="length")
    assert (failed.value.kind, failed.value.passes, failed.value.lasts) == ("malformed", False, True)
    assert failed.value.completion_tokens == 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("stated", "cost"), [(0.00125, 0.00125), (2, 2.0), (None, 0.0), ("much", 0.0), (-1, 0.0)])
def test_what_a_server_says_that_it_costs_is_in_the_reply(stated: object, cost: float, stream: bool) -> None:
    assert answered("I am here.", stream=stream, finish="stop", cost=stated).cost == cost


def test_a_stream_that_drips_on_and_on_is_left_in_time(chat_server: Server) -> None:
    chat_server.set(answers="list", texts=["word " * 100], chunk_ms=50)
    assert failure_of_call(chat_server, a_call(stream=True, timeout_s=0.3)).kind == "timeout"


def test_a_wrong_key_a_strange_model_and_a_prompt_too_long_are_told_apart(chat_server: Server) -> None:
    chat_server.set(key="another-key")
    failure = failure_of_call(chat_server, a_call())
    assert (failure.kind, KEY.get_secret_value() in failure.message) == ("auth", False)
    chat_server.set(key=None, models=["other"])
    assert failure_of_call(chat_server, a_call()).kind == "unknown_model"
    chat_server.set(models=["test-model"], context=5)
    assert failure_of_call(chat_server, a_call()).kind == "context_overflow"


def test_a_server_that_is_away_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failure = failure_of_call(Server(port), a_call())
    assert failure.kind == "unreachable"
    assert f"127.0.0.1:{port}" in failure.message


@pytest.mark.parametrize("pretends", ["html", "nothing", "other_json"])
def test_a_server_of_another_kind_is_told_apart(chat_server: Server, pretends: str) -> None:
    chat_server.set(pretends=pretends)
    failure = failure_of_call(chat_server, a_call())
    assert failure.kind == ("unknown_model" if pretends == "nothing" else "malformed")
    assert "OpenAI-compatible" in failure.message
