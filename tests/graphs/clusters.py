"""A Ray cluster of two nodes on this machine for tests, and ways to look at and harm its processes. It ends what it started."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import wait_until

_LISTENS = "0A"
_LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


class TwoNodes:
    """A head that plays nothing, and two nodes that play one task each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        here: dict[str, Any] = {"node_ip_address": "127.0.0.1", "object_store_memory": 80 * 2**20}
        self._here = here
        self._cluster = Cluster(initialize_head=True, head_node_args={**here, "num_cpus": 0, "include_dashboard": False})
        self._nodes = [self._cluster.add_node(**here, num_cpus=1) for _ in range(2)]

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    @property
    def folder(self) -> Path:
        """What Ray keeps of it, logs and all."""
        return Path(self._cluster.head_node.get_session_dir_path())

    def kill_a_worker(self) -> int | None:
        """Kills a process that is at a task right now."""
        for pid in descendants(os.getpid()):
            if command(pid).startswith("ray::play_chunk"):
                os.kill(pid, signal.SIGKILL)
                return pid
        return None

    def lose_a_node(self) -> None:
        """Takes one node away, with all that runs on it, and without a word."""
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)

    def restore(self) -> None:
        """Makes it two nodes again."""
        while len(self._nodes) < 2:
            self._nodes.append(self._cluster.add_node(**self._here, num_cpus=1))

    def stop(self) -> None:
        self._cluster.shutdown()


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    cluster = TwoNodes()
    try:
        yield cluster
    finally:
        cluster.stop()
        wait_until(lambda: not of_ray(), 30)


def of_ray() -> list[int]:
    """The processes of Ray that this one has started."""
    return [pid for pid in descendants(os.getpid()) if "ray" in command(pid).partition(" ")[0] or "/ray/" in command(pid)]


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = list(children.get(pid, []))
    for one in found:
        found += children.get(one, [])
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def listening_beyond_loopback(pids: list[int]) -> list[str]:
    """The addresses on which these processes can be reached from other machines."""
    sockets = {link for pid in pids for link in _links(pid)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address = fields[1].partition(":")[0]
            if fields[3] == _LISTENS and f"socket:[{fields[9]}]" in sockets and address not in _LOOPBACK:
                found.append(fields[1])
    return found


def _links(pid: int) -> list[str]:
    links = []
    for fd in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            links.append(os.readlink(fd))
        except OSError:
            continue
    return links


def closed_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
