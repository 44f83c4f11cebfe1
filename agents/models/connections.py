"""Small pools of connections for each server and event loop, however many models ask there. It knows no request.

The client looks at every idle connection of a pool before each request, so that one big pool would cost more the more it is used.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import openai

_MOST = 1000
"""Connections to one server; how many calls are under way is decided by whoever asks."""
_KEPT_S = 60.0
"""For how long an idle connection is kept: a session may think that long between two calls."""


class Pool:
    """The connections to one server, with how many hold on to them."""

    def __init__(self, base_url: str) -> None:
        import openai

        self.client = client_for(base_url)
        self.unused = openai.DefaultHttpxClient(verify=_trust())
        """For a library that wants a second, synchronous client; made here, it costs no reading of certificates."""
        self.holders = 0

    async def close(self) -> None:
        self.unused.close()
        await self.client.aclose()


def client_for(base_url: str) -> openai.DefaultAsyncHttpxClient:
    """A client for one server, without a time limit of its own."""
    import httpx2
    import openai

    limits = httpx2.Limits(max_connections=_MOST, max_keepalive_connections=_MOST, keepalive_expiry=_KEPT_S)
    # A proxy from the environment cannot see this machine's own servers.
    abroad = urlsplit(base_url).hostname not in ("localhost", "127.0.0.1", "::1")
    return openai.DefaultAsyncHttpxClient(limits=limits, timeout=None, trust_env=abroad, verify=_trust())


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted, read once: it takes 50 ms."""
    import httpx2

    return httpx2.create_ssl_context()


_Place = tuple[str, int]
_POOLS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Place, Pool]] = WeakKeyDictionary()


def hold(base_url: str, number: int = 0) -> Pool:
    """One of the pools of a server in the running loop; each `hold` wants its `release`."""
    pools, place = _POOLS.setdefault(asyncio.get_running_loop(), {}), (base_url, number)
    pool = pools.get(place) or pools.setdefault(place, Pool(base_url))
    pool.holders += 1
    return pool


async def release(pool: Pool) -> None:
    """Lets go; the last to do so closes the connections."""
    pool.holders -= 1
    if pool.holders == 0:
        pools = _POOLS.get(asyncio.get_running_loop(), {})
        for place in [place for place, known in pools.items() if known is pool]:
            del pools[place]
        await pool.close()
