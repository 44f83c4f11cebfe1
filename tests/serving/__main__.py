"""Runs the test server by hand: `python -m tests.serving --port 8000 --latency 250`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from tests.serving.behaviour import Behaviour
from tests.serving.server import ChatServer, serve


def main() -> None:
    """Serves until it is interrupted, or its input ends if it is to go with its parent."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.serving", description="An OpenAI-compatible server for tests, with faults to order."
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one, and prints it")
    parser.add_argument("--latency", type=float, metavar="MS", help="how long an answer takes")
    parser.add_argument("--behaviour", type=json.loads, default={}, metavar="JSON", help="any fields of Behaviour")
    parser.add_argument("--with-parent", action="store_true", help="ends when its standard input does")
    chosen = parser.parse_args()
    latency = {} if chosen.latency is None else {"latency_ms": chosen.latency}
    try:
        asyncio.run(_run(Behaviour().changed({**chosen.behaviour, **latency}), chosen.port, with_parent=chosen.with_parent))
    except KeyboardInterrupt:
        sys.exit(130)


async def _run(behaviour: Behaviour, port: int, *, with_parent: bool) -> None:
    server = await serve(ChatServer(behaviour), port)
    bound = server.sockets[0].getsockname()[1]
    if not with_parent:
        print(f"http://127.0.0.1:{bound}/v1 answers for {', '.join(behaviour.models) or 'every model'}. Ctrl-C ends it.", flush=True)
        await server.serve_forever()
    print(bound, flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    main()
