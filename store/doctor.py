"""What this installation has and lacks, in words that say what follows. It shows that a key is set, never the key."""

from __future__ import annotations

import platform
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from agents import Terminal, VigilError, redact
from store.errors import LogNotFound
from store.opening import open_log, sqlite_path
from store.settings import StoreSettings
from store.sqlite import several_may_write

_OLDEST_PYTHON = (3, 11)
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_EXTRA = re.compile(r"extra == ['\"]([a-z]+)['\"]")


class HasKeys(Protocol):
    """The part of the settings that the doctor looks at."""

    @property
    def store(self) -> StoreSettings: ...

    @property
    def keys(self) -> Mapping[str, SecretStr | None]: ...


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    area: str
    name: str
    state: Literal["ok", "note", "broken"]
    value: str


def doctor(settings: HasKeys, terminal: Terminal) -> int:
    """Prints every finding; exit code 1 if something that Vigil needs is broken."""
    findings = [*_python(), *_packages(), *_sqlite(), *_store(settings.store), *_keys(settings.keys)]
    broken = [finding for finding in findings if finding.state == "broken"]
    terminal.result({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    signs = {"ok": terminal.style("✓", "green"), "note": terminal.style("·", "yellow"), "broken": terminal.style("✗", "red")}
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            terminal.say(terminal.style(area, "bold"))
        terminal.say(f"  {signs[finding.state]} {finding.name.ljust(18)} {finding.value}")
    terminal.say(
        "\n" + (f"{len(broken)} broken. Mend the lines marked ✗." if broken else "All that Vigil needs is here. Next: python sim.py run")
    )
    return 1 if broken else 0


def _python() -> Iterator[Finding]:
    good = sys.version_info[:2] >= _OLDEST_PYTHON
    wish = "" if good else f": Vigil needs {'.'.join(map(str, _OLDEST_PYTHON))} or newer"
    yield Finding("Python", "version", "ok" if good else "broken", platform.python_version() + wish)
    yield Finding("Python", "platform", "ok", platform.platform())


def _packages() -> Iterator[Finding]:
    try:
        wanted = metadata.requires("vigil") or []
        yield Finding("Packages", "vigil", "ok", metadata.version("vigil"))
    except metadata.PackageNotFoundError:
        yield Finding("Packages", "vigil", "broken", "not installed: run `make run`, or `pip install -e .`")
        return
    extras: dict[str, list[str]] = {}
    for requirement in wanted:
        name = _NAME.match(requirement)
        if name is None:
            continue
        extra = _EXTRA.search(requirement)
        if extra:
            extras.setdefault(extra[1], []).append(name[0])
        else:
            version = _version(name[0])
            yield Finding("Packages", name[0], "ok" if version else "broken", version or "missing: run `pip install -e .`")
    for extra_name, names in extras.items():
        missing = [name for name in names if not _version(name)]
        value = f"missing {', '.join(missing)}: pip install -e '.[{extra_name}]' -c constraints.txt" if missing else "installed"
        yield Finding("Extras", extra_name, "note" if missing else "ok", value)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _sqlite() -> Iterator[Finding]:
    several = several_may_write()
    follows = (
        "several processes may write one log at once"
        if several
        else "older than 3.51.3, which mends a rare loss when several connections write: Vigil lets one write at a time, by a lock file"
    )
    yield Finding("SQLite", "version", "ok" if several else "note", f"{sqlite3.sqlite_version}: {follows}")
    yield Finding(
        "SQLite",
        "threads",
        "ok" if sqlite3.threadsafety else "broken",
        {3: "serialized", 1: "multi-thread", 0: "none"}[sqlite3.threadsafety],
    )


def _store(settings: StoreSettings) -> Iterator[Finding]:
    place = redact(settings.log)
    try:
        with open_log(settings) as log:
            info = log.info()
            yield Finding("Log", "place", "ok", f"{place}: {info.events:,} events in {info.streams:,} streams, format {info.format}")
    except LogNotFound:
        yield Finding("Log", "place", "note", f"{place}: nothing there yet; the first session makes it")
    except VigilError as error:
        yield Finding("Log", "place", "broken", str(error))
    yield Finding("Log", "durability", "ok", settings.durability)
    if "://" not in settings.log or settings.log.startswith("sqlite"):
        folder = Path(sqlite_path(settings.log)).expanduser().resolve().parent
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        yield Finding("Log", "disk", "ok" if free > 2**30 else "note", f"{free / 2**30:.1f} GiB free in {folder}")


def _keys(keys: Mapping[str, SecretStr | None]) -> Iterator[Finding]:
    for name, key in keys.items():
        yield Finding("Keys", name, "ok" if key else "note", "set" if key else "not set (only needed for models that ask for it)")
