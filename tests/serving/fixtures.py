"""The test server as fixtures: one process for the whole run, as good as new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.behaviour import Behaviour
from tests.serving.running import Server, serving


@pytest.fixture(scope="session")
def running_server() -> Iterator[Server]:
    """The process that `chat_server` lends out; take that one."""
    with serving() as server:
        yield server


@pytest.fixture
def chat_server(running_server: Server) -> Server:
    """An OpenAI-compatible server on loopback with nothing wrong with it; `set` turns its knobs for this test."""
    running_server.set(**Behaviour().knobs())
    running_server.reset()
    return running_server
