"""HTTP/1.1 as far as the test server needs it: requests read off a connection, replies played back in time. It knows no route."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request, read whole; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    first: bool = True
    """Whether its connection was opened for it."""


@dataclass(frozen=True)
class Playback:
    """The bytes of a reply and when they go out."""

    pieces: tuple[bytes, ...]
    wait_s: float = 0.0
    """Until the first piece."""
    gap_s: float = 0.0
    """Between pieces; with none, all are written at once."""
    hang_up: bool = False
    """Whether the connection is closed at the end."""
    done: Callable[[bool], None] = field(default=lambda _: None)
    """Told once whether everything was written, or the client was gone before."""


def reply(status: int, body: bytes, kind: str = "application/json", **headers: str) -> bytes:
    """A whole reply with its length."""
    return head(status, kind, content_length=str(len(body)), **headers) + body


def head(status: int, kind: str, **headers: str) -> bytes:
    """The head of a reply; an underscore in a name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """A piece of a reply whose length is not told beforehand; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One client's connection: kept alive, one request at a time, in order."""

    def __init__(self, answer: Callable[[Request], Playback]) -> None:
        self._answer = answer
        self._buffer = bytearray()
        self._fresh = True
        self._playing: Playback | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._playing is None:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._end(whole=False)

    def _next(self) -> None:
        try:
            request = self._take()
        except ValueError as error:
            self._transport.write(reply(400, str(error).encode(), "text/plain", connection="close"))
            self._transport.close()
            return
        if request is not None:
            self._playing = self._answer(request)
            self._after(self._playing.wait_s, 0)

    def _take(self) -> Request | None:
        """The next request, once all of it is here."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > 65536:
                raise ValueError("the head of the request has no end")
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        try:
            method, path, _ = first.split(" ")
        except ValueError:
            raise ValueError("this is not HTTP") from None
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "transfer-encoding" in headers:
            raise ValueError("send the length of the body, not pieces")
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= LARGEST:
            raise ValueError("no body is that long")
        if len(self._buffer) < end + 4 + length:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        fresh, self._fresh = self._fresh, False
        return Request(method, path, headers, body, fresh)

    def _after(self, seconds: float, piece: int) -> None:
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._write, piece)
        else:
            self._write(piece)

    def _write(self, piece: int) -> None:
        playing = self._playing
        if playing is None:
            return
        if playing.gap_s <= 0:
            self._transport.write(b"".join(playing.pieces))
        elif piece < len(playing.pieces):
            self._transport.write(playing.pieces[piece])
            self._after(playing.gap_s if piece + 1 < len(playing.pieces) else 0, piece + 1)
            return
        self._end(whole=True)
        if playing.hang_up:
            self._transport.close()
        elif self._buffer:
            self._next()

    def _end(self, *, whole: bool) -> None:
        playing, self._playing = self._playing, None
        if playing is not None:
            playing.done(whole)
