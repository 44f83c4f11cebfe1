"""What all tests share: no network beyond loopback, a real PostgreSQL server, a log on each kind of database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from store import SqlLog, StoreSettings, open_log

pytest_plugins = ["tests.serving.fixtures"]

ROOT = Path(__file__).resolve().parents[1]
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OutsideWorld(AssertionError):
    """A test reached for the network."""


@pytest.fixture(scope="session", autouse=True)
def no_network_beyond_loopback() -> Iterator[None]:
    """Refuses names and addresses other than this machine's own, for the whole run."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_outside(address[0])  # type: ignore[index]
        return connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_outside(address[0])  # type: ignore[index]
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_resolve(host: str | bytes | None, *args: object, **kwargs: object) -> object:
        _refuse_outside(host.decode() if isinstance(host, bytes) else host)
        return resolve(host, *args, **kwargs)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()


def _refuse_outside(host: object) -> None:
    if host is not None and host not in _LOOPBACK and not str(host).startswith("127."):
        raise OutsideWorld(f"a test reached for {host!r}; tests stay on this machine")


@pytest.fixture(autouse=True)
def a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting or key of the person who runs the tests gets in."""
    for name in list(os.environ):
        if name.startswith("VIGIL_") and name != "VIGIL_CORPORA":
            monkeypatch.delenv(name)
    for name in ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "HF_TOKEN", "MODEL_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class PostgresServer:
    """A PostgreSQL server of this test run's own, on loopback."""

    bin: Path
    data: Path
    port: int
    schemas: int = 0

    def url(self) -> str:
        """A place for a new log."""
        self.schemas += 1
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?schema=t{os.getpid()}_{self.schemas}"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=50"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.data / "server.log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def initialise(self) -> None:
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8")

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root, and it keeps whatever output it is given open.
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        with tempfile.TemporaryFile() as out:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                check=False,
                **as_user,  # type: ignore[call-overload]
            )
            if done.returncode:
                out.seek(0)
                raise RuntimeError(f"{program} failed: {out.read().decode(errors='replace')}")


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server; where none is installed, the tests that need it are skipped, except in CI, where they fail."""
    programs = _postgres_programs()
    if programs is None:
        message = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    data = Path(tempfile.mkdtemp(prefix="vigil-postgres-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
    server = PostgresServer(programs, data, _free_port())
    server.initialise()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new log may be made, on each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "vigil.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url()


@pytest.fixture
def log(place: str) -> Iterator[SqlLog]:
    """An empty log on each kind of database."""
    with open_log(StoreSettings(log=place, busy_timeout_s=10), create=True) as opened:
        yield opened


@pytest.fixture
def sqlite_log(tmp_path: Path) -> Iterator[SqlLog]:
    """An empty log in a SQLite file."""
    with open_log(StoreSettings(log=str(tmp_path / "vigil.db"), busy_timeout_s=10), create=True) as opened:
        yield opened


def wait_until(done: object, seconds: float = 10) -> None:
    """Waits for a condition, and fails if it does not come true."""
    end = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        if time.monotonic() > end:
            raise AssertionError("what the test waited for did not happen")
        time.sleep(0.01)
