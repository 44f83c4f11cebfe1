"""The test server in a process of its own, and a handle to it. It knows how to start, ask and stop one, not how it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.serving.behaviour import Behaviour
from tests.serving.counts import Counts

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it."""

    path: str
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of it."""
        return json.loads(self.text)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Server:
    """A running test server."""

    port: int

    @property
    def url(self) -> str:
        """The base URL of its API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def counts(self) -> Counts:
        """What it counted itself."""
        return Counts.from_json(self._ask("GET", "/control/counts"))

    def requests(self, last: int = 1000) -> list[Seen]:
        """The last requests under /v1, the oldest first; it keeps `Behaviour.keep` of them."""
        return [Seen(r["path"], r["headers"], r["body"]) for r in self._ask("GET", f"/control/requests?last={last}")]

    def set(self, **config: Any) -> None:
        """Turns knobs of its `Behaviour`; `script`, and the list of `texts` and latencies, start again."""
        self._ask("POST", "/control/set", json.dumps(config))

    def reset(self) -> None:
        """Forgets all requests and counts; the behaviour stays."""
        self._ask("POST", "/control/reset")

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            told = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(told["error"]["message"])
        return told


@contextmanager
def serving(**config: Any) -> Iterator[Server]:
    """A server that lives until the block ends, or this process does; `config` are fields of `Behaviour`."""
    behaviour = Behaviour().changed(config)
    command = [sys.executable, "-m", "tests.serving", "--port", "0", "--behaviour", json.dumps(behaviour.knobs()), "--with-parent"]
    # The server sees by the end of its input that this process is gone, however it went.
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first.strip().isdigit():
            raise RuntimeError(f"the test server did not start: {first.strip() or 'it said nothing'}")
        yield Server(int(first))
    finally:
        process.kill()
        process.communicate()
