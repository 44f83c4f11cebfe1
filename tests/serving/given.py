"""Requests for the tests of the test server, and the ways to send them."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator, Iterator
from http.client import HTTPConnection
from typing import Any

import openai

from tests.serving.running import Server

MODEL = "test-model"


def asked(words: str = "hello there", *, role: str | None = None, exchanges: int = 0, **more: Any) -> dict[str, Any]:
    """A chat request, of one of Vigil's roles if one is named, after so many exchanges."""
    system = "Answer in JSON." + (f"\n[vigil role: {role}]" if role else "")
    messages = [{"role": "system", "content": system}]
    for number in range(exchanges):
        messages += [{"role": "user", "content": f"You have carried mountains, {number}"}, {"role": "assistant", "content": "I see."}]
    return {"model": MODEL, "messages": [*messages, {"role": "user", "content": words}], **more}


def client(server: Server, key: str = "k", timeout: float = 5.0) -> openai.OpenAI:
    """The real client, which asks once."""
    return openai.OpenAI(base_url=server.url, api_key=key, max_retries=0, timeout=timeout)


def say(server: Server, body: dict[str, Any]) -> Any:
    """What the real client makes of a request's answer."""
    with client(server) as asking:
        return asking.chat.completions.create(**body)


def pieces(server: Server, body: dict[str, Any]) -> Generator[Any, None, None]:
    """The pieces of an answer that is streamed, as they come."""
    with client(server) as asking:
        yield from asking.chat.completions.create(**body, stream=True)


def text(server: Server, body: dict[str, Any]) -> str:
    """The words of the answer."""
    return str(say(server, body).choices[0].message.content)


def post(server: Server, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as they come, by plain HTTP."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def raw(server: Server, *sent: bytes) -> Iterator[bytes]:
    """What the server writes, piece by piece, after each of these was written, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        for piece in sent:
            connection.sendall(piece)
        while got := connection.recv(65536):
            yield got
