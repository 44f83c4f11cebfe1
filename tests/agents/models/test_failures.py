from __future__ import annotations

import asyncio
import json
from email.utils import formatdate

import pytest
from pydantic import SecretStr

from agents.models.calls import Call, CallFailed, Message
from agents.models.failures import Where, failure_of, retry_after
from agents.models.openai_client import OpenAIModel
from agents.snapshot import Decoding, Voice
from agents.values import FailureKind, Role

KEY = "a-key-of-no-known-shape"


def failed(status: int, body: object, **headers: str) -> CallFailed:
    """What a real client makes of a server's bytes."""
    sent = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    lines = [f"HTTP/1.1 {status} Said", f"content-type: {kind}", f"content-length: {len(sent.encode())}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return failed_at("\r\n".join([*lines, "", sent]).encode())


def failed_at(reply: bytes) -> CallFailed:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        writer.write(reply)
        writer.close()

    async def ask() -> CallFailed:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        voice = Voice(model="openai:m", base_url=url, timeout_s=5)
        model = OpenAIModel(voice, url, SecretStr(KEY))
        try:
            with pytest.raises(CallFailed) as caught:
                await model.reply(Call(Role.JUDGE, "check", voice, (Message("user", "Hello?"),), Decoding()))
        finally:
            await model.close()
            server.close()
        return caught.value

    return asyncio.run(ask())


def told(message: str, code: str | int | None = None) -> dict[str, object]:
    return {"error": {"message": message, "code": code}}


SAID: list[tuple[int, object, FailureKind]] = [
    (400, told("This model's maximum context length is 8192 tokens.", "context_length_exceeded"), "context_overflow"),
    (
        400,
        {"object": "error", "message": "The decoder prompt (length 9000) is longer than the maximum model length of 8192."},
        "context_overflow",
    ),
    (
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"},
        "context_overflow",
    ),
    (500, {"error": "prompt too long; exceeded max context length by 12 tokens"}, "context_overflow"),
    (404, {"error": {"message": 'model "m" not found, try pulling it first'}}, "unknown_model"),
    (404, {"object": "error", "message": "The model `m` does not exist."}, "unknown_model"),
    (404, "<html>Not here</html>", "unknown_model"),
    (400, told("m is not a valid model ID", 400), "unknown_model"),
    (400, {"detail": "Server is pinned to 'other'; requested 'm'."}, "unknown_model"),
    (400, told("The response was filtered by our content management policy.", "content_filter"), "refusal"),
    (403, told("Your chosen model requires moderation and your input was flagged.", 403), "refusal"),
    (401, told("Incorrect API key provided."), "auth"),
    (403, {"detail": "Forbidden"}, "auth"),
    (402, told("Insufficient credits.", 402), "auth"),
    (429, told("You exceeded your current quota.", "insufficient_quota"), "auth"),
    (429, {"error": {"message": "No more.", "type": "billing_hard_limit_reached", "code": None}}, "auth"),
    (429, told("Rate limit reached for requests.", "rate_limit_exceeded"), "rate_limit"),
    (429, told("Rate limit reached: 3 a minute. Add a payment method under billing to raise it.", "rate_limit_exceeded"), "rate_limit"),
    (429, [{"error": {"code": 429, "message": "You exceeded your current quota of requests a minute."}}], "rate_limit"),
    (429, [told("You exceeded your current quota.", "insufficient_quota")], "auth"),
    (429, told("Requests exceed the quota of a minute. Try again in 20 s.", "insufficient_quota"), "rate_limit"),
    (429, told("Requests exceed the quota. Please retry in 32.5s.", "insufficient_quota"), "rate_limit"),
    (200, told("You exceeded your current quota.", "insufficient_quota"), "auth"),
    (408, {}, "timeout"),
    (504, "<html>Gateway time-out</html>", "timeout"),
    (500, "boom", "server"),
    (503, told("No provider is there."), "server"),
    (529, told("Overloaded."), "server"),
    (400, told("Unsupported value: 'temperature' does not support 0.5 with this model.", "unsupported_value"), "other"),
    (200, told("Provider returned error", 502), "server"),
    (200, told("Rate limit exceeded: free-models-per-min.", 429), "rate_limit"),
    (200, told("This endpoint's maximum context length is 4096 tokens.", 400), "context_overflow"),
    (200, {"choices": None}, "malformed"),
    (200, {"status": "ok"}, "malformed"),
    (200, [], "malformed"),
    (200, {"choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "error"}]}, "server"),
]


@pytest.mark.parametrize(("status", "body", "kind"), SAID)
def test_what_a_server_says_has_its_kind(status: int, body: object, kind: FailureKind) -> None:
    failure = failed(status, body)
    assert failure.kind == kind, failure.message
    assert "\n" not in failure.message
    assert "<" not in failure.message


def test_a_quota_that_is_used_up_is_called_so_and_does_not_pass() -> None:
    failure = failed(429, told("You exceeded your current quota.", "insufficient_quota"))
    assert "quota" in failure.message
    assert not failure.passes


def test_a_server_that_says_when_to_come_back_has_a_quota_again_by_then() -> None:
    failure = failed(429, told("You exceeded your current quota.", "insufficient_quota"), retry_after="7")
    assert (failure.kind, failure.retry_after_s) == ("rate_limit", 7.0)


def test_a_key_that_a_server_repeats_is_in_no_message() -> None:
    for text in (f"No such key: {KEY}", "No such key: sk-abcdefgh12345678", f"{KEY} {'x' * 1000}"):
        failure = failed(401, told(text))
        assert "[secret]" in failure.message
        assert KEY not in failure.message
        assert "abcdefgh" not in failure.message
        assert len(failure.message) < 400


def test_a_key_is_not_in_what_a_place_shows_of_itself() -> None:
    assert KEY not in repr(Where("openai:m", "http://127.0.0.1:1/v1", SecretStr(KEY)))


def test_a_connection_that_ends_before_a_word_is_unreachable_and_one_that_ends_in_the_middle_is_malformed() -> None:
    assert failed_at(b"").kind == "unreachable"
    assert failed_at(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{").kind == "malformed"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": formatdate(1_000_010, usegmt=True)}, 10.0),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 0.0),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_a_server_may_say_in_three_ways_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=1_000_000) == seconds


def test_the_wait_that_a_server_wants_is_in_the_failure() -> None:
    assert failed(503, told("Busy."), retry_after_ms="2500").retry_after_s == 2.5


def test_a_fault_that_nobody_foresaw_is_named() -> None:
    failure = failure_of(RuntimeError(f"odd {KEY}"), Where("openai:m", "http://h:1/v1", SecretStr(KEY)))
    assert (failure.kind, failure.message) == ("other", "h:1, asked for openai:m: RuntimeError: odd [secret]")
