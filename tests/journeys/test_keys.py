"""A key is shown to its server and to nobody else: no event, no output and no error holds it, even where the server says it back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.journeys.people import some_people
from tests.journeys.test_front_door import Sim, sim

__all__ = ["sim"]
OPENAI = "sk-test-0123456789abcdef"
OTHER = "horse-battery-staple-9"
"""Nothing in its looks says that it is a key."""


@contextmanager
def telltale(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that lists a model, and answers every question with an error that repeats the key."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(200, {"data": [{"id": "test-model"}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            shown.append(key)
            self._say(status, {"error": {"message": f"Something is wrong with {key}", "code": key, "type": key}})

        def _say(self, code: int, told: object) -> None:
            body = json.dumps(told).encode()
            self.send_response(code, self.headers.get("Authorization"))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Told", self.headers.get("Authorization", ""))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1", shown
        server.shutdown()


@pytest.mark.parametrize("status", [pytest.param(401, marks=pytest.mark.slow), 500])
def test_a_key_that_the_server_repeats_is_in_no_event_and_no_output(sim: Sim, tmp_path: Path, status: int) -> None:
    people = some_people(tmp_path, 1)
    keys = {"OPENAI_API_KEY": OPENAI, "MODEL_API_KEY": OTHER}
    said = ""
    with telltale(status) as (url, shown):
        voiced = ("--supporter", "openai:test-model", "--base-url", url, "--attempts", "2", "--backoff", "0", "--debug", "--verbose")
        for words in (
            ("generate", "--personas", people, *voiced),
            ("generate", "--personas", people, "--workers", "2", *voiced),
            ("run", *voiced),
            ("models", "ask", "openai:test-model", "Hello?", "--base-url", url, "--debug", "--verbose"),
            ("log", "export", "--to", "all.jsonl"),
        ):
            done = sim(*words, env=keys)
            assert words[0] == "log" or done.returncode == 1, (words, done.stderr)
            said += done.stdout + done.stderr
    assert shown.count(OTHER) == len(shown) > 4
    assert "Something is wrong with" in said
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"model_failed" in kept
    assert b"Something is wrong with" in kept
    for key in (OPENAI, OTHER):
        assert key not in said
        assert key.encode() not in kept
