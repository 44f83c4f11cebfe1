"""A conversation is sent to no tracing service, whatever the environment says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.journeys.test_front_door import Sim, sim

__all__ = ["sim"]


@contextmanager
def collector() -> Iterator[tuple[str, list[str]]]:
    """A service that takes whatever is sent to it, and notes where to."""
    taken: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PATCH = do_POST

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


def test_nothing_of_a_session_reaches_a_tracing_service(sim: Sim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with collector() as (url, taken):
        for name, value in {"TRACING": "true", "ENDPOINT": url, "API_KEY": "not-a-real-key", "PROJECT": "vigil"}.items():
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
            monkeypatch.setenv(f"LANGCHAIN_{name.replace('TRACING', 'TRACING_V2')}", value)
        assert sim("run", "--turns", "2").returncode == 0
    assert taken == []
