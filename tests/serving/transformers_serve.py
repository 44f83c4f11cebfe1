"""`transformers serve` on a checkpoint folder, in a process of its own on loopback. It knows how to start and stop one, not what it answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PATIENCE_S = 120


@dataclass(frozen=True)
class TransformersServer:
    """A running server; `model` is the name under which it answers."""

    port: int
    model: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def transformers_serve(checkpoint: Path, scratch: Path) -> Iterator[TransformersServer]:
    """Serves a checkpoint, healthy when the block begins and gone when it ends; what it says is in `scratch`."""
    home = scratch / "huggingface"
    (home / "hub").mkdir(parents=True, exist_ok=True)  # /v1/models fails without it
    port = _free_port()
    said = scratch / "transformers-serve.log"
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(checkpoint)]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"],
            env={**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(process, port, said)
        yield TransformersServer(port, str(checkpoint))
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not _healthy(port):
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(
                f"transformers serve did not start (exit code {process.poll()}):\n{said.read_text(errors='replace')[-3000:]}"
            )
        time.sleep(0.2)


def _healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
