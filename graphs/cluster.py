"""Batches on a Ray cluster: chunks of sessions as tasks, PostgreSQL as the log. Ray has the queue, and begins a lost task again.

It knows Ray and when a batch is through; how a task plays is cluster_task's, and what all tasks share is cluster_desk's.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from agents import Purse, UsageError, VigilError
from graphs.cluster_desk import Actor, RayPurse, asked, open_desk
from graphs.cluster_task import Chunk, play_chunk
from graphs.crew import Crew, Watch, in_chunks
from graphs.line import Line
from graphs.outcome import Outcome
from graphs.request import Wanted
from store import StoreSettings

_CHUNK = 4
"""Sessions that a task is given for each one that it plays at once: connecting to log and models is shared, and the last task is short."""
_AGAIN = 3
"""How often a task is begun anew whose worker or node was lost."""
_LOOK_S = 0.5
_KNOCK_S = 5.0
_STORE_BYTES = 100 * 2**20
"""For objects that tasks share: ours are small and need none, and Ray would set a third of the memory aside."""
_LOOPBACK = ("127.0.0.1", "localhost")


class ClusterUnavailable(VigilError):
    """There is no cluster to play on, or its nodes cannot."""


class Means(Protocol):
    """What is known of the machines."""

    @property
    def workers(self) -> int: ...

    @property
    def store(self) -> StoreSettings: ...

    @property
    def address(self) -> str | None: ...


def on_ray(crew: Crew, means: Means, sessions: Iterator[Wanted], watch: Watch, before: tuple[float, int]) -> None:
    """Plays all sessions, `means.workers` tasks at a time. `before` is what the batch has taken so far."""
    check_cluster(crew.line, means.store)
    shared = Crew(crew.settings, crew.line.shared(means.workers), crew.at_once)
    chunks = in_chunks(sessions, 1 if crew.at_once == 1 else _CHUNK * crew.at_once)
    with _cluster(means.address, means.workers):
        desk = open_desk(crew.line.budget, before)
        mirror = _Mirror(RayPurse(desk, crew.line.budget), watch.purse, before)
        _through(_Tasks(shared, means.store, desk), chunks, watch, mirror, means.workers)


def check_cluster(line: Line, store: StoreSettings) -> None:
    """Refuses what could not work, before anything is started."""
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise UsageError(f"--engine ray needs Ray ({error}). Run pip install -e '.[cluster]' -c constraints.txt") from None
    if not _shared_by_nodes(store):
        raise UsageError(
            "--engine ray needs a log that every node reaches, and a file is none. Give --log postgresql://USER@HOST/DATABASE, "
            "or leave --engine ray out."
        )
    cache = line.cache
    if cache and (not _shared_by_nodes(cache) or cache.log == store.log):
        raise UsageError(
            "--cache must be a PostgreSQL place of its own with --engine ray: --cache postgresql://USER@HOST/DATABASE?schema=cache."
        )


def _shared_by_nodes(store: StoreSettings) -> bool:
    return store.log.startswith(("postgresql://", "postgres://"))


@contextmanager
def _cluster(address: str | None, workers: int) -> Iterator[None]:
    """A connection to the cluster at an address, or one on this machine that ends with the block."""
    import ray

    if address:
        _knock(address)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _keep_quiet()
        with _on_loopback(address is None or address.startswith(_LOOPBACK)):
            if address:
                ray.init(address=address, log_to_driver=False, logging_level="CRITICAL")
            else:
                _start(workers)
    except Exception as error:  # noqa: BLE001 - Ray raises all kinds of errors here, and each means the same to a person
        ray.shutdown()
        where = f"The Ray cluster at {address}" if address else "A Ray cluster on this machine"
        reason = str(error).strip().partition("\n")[0]
        raise ClusterUnavailable(
            f"{where} cannot be used: {reason} See `ray status`, and give --address HOST:PORT of its head node."
        ) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray sets one of its own
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself would wait for minutes where nobody answers."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in address:
        raise UsageError(f"--address {address} is none of a cluster. Give HOST:PORT of its head node, or auto on one of its machines.")
    try:
        socket.create_connection((host, int(port)), _KNOCK_S).close()
    except OSError as error:
        raise ClusterUnavailable(
            f"No Ray cluster answers at {address}: {error}. Start one with `ray start --head`, or leave --address out to play on this machine."
        ) from None


@contextmanager
def _on_loopback(wanted: bool) -> Iterator[None]:
    """Ray turns a loopback address into one that the network sees, unless it was made for one machine only; it has no setting for that."""
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = before and not wanted
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _keep_quiet() -> None:
    """Ray prints what happens to its workers among the results of a command, whatever level its logs have; its own log files have it too."""
    from ray._private import worker

    worker._worker_logs_enabled = False


def _start(workers: int) -> None:
    """Starts a cluster on this machine that nobody else sees and that tells nobody of itself."""
    import ray
    from ray._common.usage.usage_lib import set_usage_stats_enabled_via_env_var

    set_usage_stats_enabled_via_env_var(False)
    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="CRITICAL",
        object_store_memory=_STORE_BYTES,
        _node_ip_address="127.0.0.1",
    )


class _Tasks:
    """Makes tasks of chunks, and outcomes of tasks."""

    def __init__(self, crew: Crew, store: StoreSettings, desk: Actor) -> None:
        import ray

        self._task: Any = ray.remote(play_chunk).options(num_cpus=1, max_retries=_AGAIN, scheduling_strategy="SPREAD")
        self._given = crew, store, desk
        self._numbers = 0
        self.desk = desk

    def submit(self, sessions: list[Wanted]) -> Any:
        """Hands a chunk to the cluster."""
        self._numbers += 1
        return self._task.remote(Chunk(self._numbers, sessions), *self._given)

    def outcomes(self, reference: Any, sessions: list[Wanted]) -> list[Outcome]:
        """What came of a task that is over."""
        import ray
        from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

        try:
            told: list[Outcome] | VigilError = ray.get(reference)
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError, ObjectLostError) as error:
            reason = f"its worker was lost {_AGAIN + 1} times ({type(error).__name__}); is there enough memory on every node?"
            return [Outcome(one.stream, "left", reason) for one in sessions]
        except RayTaskError as error:
            cause = f"{type(error.cause).__name__}: {error.cause}".partition("\n")[0]
            raise ClusterUnavailable(f"A node cannot play sessions: {cause}. Install this version of Vigil on every node.") from None
        except RayError as error:
            raise ClusterUnavailable(
                f"The cluster gave a task up: {type(error).__name__}. Look at `ray status`, and resume the run."
            ) from None
        if isinstance(told, VigilError):
            raise told
        return told


class _Mirror:
    """Keeps the purse of this process at what the desk says was spent, for whoever watches."""

    def __init__(self, desk: Purse, here: Purse, before: tuple[float, int]) -> None:
        self._desk, self._here = desk, here
        self._cost, self._tokens = before

    def look(self) -> None:
        """Once more."""
        cost, tokens = self._desk.spent()
        self._here.settle(0.0, 0, cost - self._cost, tokens - self._tokens)
        self._cost, self._tokens = cost, tokens


def _through(tasks: _Tasks, chunks: Iterator[list[Wanted]], watch: Watch, mirror: _Mirror, most: int) -> None:
    """Plays until nothing is left, or until what was under way when the flag went up is over."""
    import ray

    under_way: dict[Any, list[Wanted]] = {}
    while True:
        if watch.flag.is_set():
            asked(tasks.desk.stop.remote())
        while len(under_way) < most and not watch.flag.is_set() and (chunk := next(chunks, None)):
            under_way[tasks.submit(chunk)] = chunk
        if not under_way:
            return
        done, _ = ray.wait(list(under_way), num_returns=1, timeout=_LOOK_S)
        mirror.look()
        for reference in done:
            for outcome in tasks.outcomes(reference, under_way.pop(reference)):
                watch.tell(outcome)
