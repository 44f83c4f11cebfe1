"""`sim.py log …` and `sim.py doctor`: words and exit codes around what the store can do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from agents import Progress, StreamId, Terminal, UsageError
from store.anchors import anchors_beside, parse_anchor, read_anchors, write_anchor
from store.backup import backup
from store.doctor import HasKeys, doctor
from store.errors import TransferRefused
from store.log import SqlLog
from store.opening import open_log
from store.records import Anchor
from store.settings import HasStore
from store.transfer import export, import_lines
from store.verify import verify


def log_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py log`."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    info = verbs.add_parser("info", help="what the log holds")
    info.add_argument("--streams", action="store_true", help="list its conversations, branches and runs")
    check = verbs.add_parser("verify", help="prove that the log is what was written")
    check.add_argument(
        "--anchor", action="append", default=[], metavar="FILE|POSITION:CHAIN", help="hold the log against an anchor kept elsewhere"
    )
    anchor = verbs.add_parser("anchor", help="note outside the database where the log ends, so that a lost end can be seen")
    anchor.add_argument("--to", type=Path, metavar="FILE", help="the file to add the anchor to (default: beside a log in a file)")
    copy = verbs.add_parser("backup", help="copy the log while it is in use, and verify the copy")
    copy.add_argument("target", type=Path, metavar="FILE")
    out = verbs.add_parser("export", help="write the log, or some conversations with their ancestors, as JSON lines")
    out.add_argument("ids", nargs="*", metavar="ID", help="conversations, branches or runs (default: everything)")
    out.add_argument("--to", type=Path, metavar="FILE", help="default: standard output")
    take = verbs.add_parser("import", help="take an export in, all of it or nothing; hashes stay as they are")
    take.add_argument("file", metavar="FILE", help="- for standard input")
    schema = verbs.add_parser("sql-schema", help="print the SQL that makes a log")
    schema.add_argument("dialect", nargs="?", choices=["sqlite", "postgresql"], help="default: that of the log's place")


def log(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    """Runs `sim.py log`."""
    if args.verb == "sql-schema":
        return _sql_schema(args, settings, terminal)
    with open_log(settings.store, create=args.verb == "import") as opened:
        return _VERBS[args.verb](args, opened, terminal)


def _info(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    info, anchor = opened.info(), opened.anchor()
    streams = opened.streams() if args.streams else []
    terminal.result(
        {
            "place": opened.database.name,
            **asdict(info),
            "anchor": str(anchor),
            **({"stream_list": [asdict(s) for s in streams]} if args.streams else {}),
        }
    )
    terminal.facts(
        {
            "log": f"{opened.database.name} ({info.log_id}, format {info.format})",
            "made": when(info.created_at),
            "events": f"{info.events:,}" + (f", {when(info.first_at)} to {when(info.last_at)}" if info.first_at and info.last_at else ""),
            "streams": f"{info.streams:,}, {info.branches:,} of them branches",
            "size": f"{info.size_bytes:,} bytes for {info.payload_bytes:,} bytes of payload",
            "ends at": anchor,
        }
    )
    if info.types:
        terminal.say()
        terminal.table(("event", "count"), [(name, f"{count:,}") for name, count in info.types.items()])
    if streams:
        terminal.say()
        rows = [(s.id, s.version, when(s.started_at), f"{s.parent} at {s.fork_version}" if s.parent else "") for s in streams]
        terminal.table(("stream", "version", "started", "branch of"), rows)
    terminal.say("\nNext: python sim.py log verify")
    return 0


def _verify(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    anchors = [anchor for text in args.anchor for anchor in _anchors(text)]
    beside = anchors_beside(opened)
    if beside is not None and beside.exists():
        anchors += read_anchors(beside)
    with _progress("Verifying", opened.anchor().position) as show:
        report = verify(opened, anchors, show)
    terminal.result({"place": opened.database.name, "clean": report.clean, **asdict(report)})
    if report.clean:
        held = f", and {report.anchors} anchor{'s' * (report.anchors != 1)} hold" + "s" * (report.anchors == 1) if report.anchors else ""
        terminal.say(f"{terminal.style('Clean', 'green')}: {report.events:,} events in {report.streams:,} streams{held}.")
        if not report.anchors:
            terminal.say("No anchor was held against it, so a lost end could not be seen. Next: python sim.py log anchor")
        return 0
    for problem in report.problems:
        terminal.say(f"{terminal.style('✗', 'red')} {problem}")
    more = f" (the first {len(report.problems)} are shown)" if report.problem_count > len(report.problems) else ""
    terminal.say(
        f"{report.problem_count:,} problem{'s' * (report.problem_count != 1)}{more} in {report.events:,} events. Keep this log as it is and restore a backup beside it."
    )
    return 1


def _anchors(text: str) -> list[Anchor]:
    return read_anchors(Path(text)) if Path(text).is_file() else [parse_anchor(text)]


def _anchor(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    anchor = opened.anchor()
    target = args.to or anchors_beside(opened)
    if target is None:
        raise UsageError("A log in PostgreSQL has no folder of its own for its anchors. Name a file with `--to FILE`.")
    write_anchor(anchor, target)
    terminal.result({**asdict(anchor), "short": str(anchor), "file": str(target)})
    terminal.say(str(anchor))
    terminal.say(f"Anchored {opened.database.name} at position {anchor.position} in {target}. Keep a copy on another machine.")
    return 0


def _backup(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    with _progress("Verifying the copy", opened.anchor().position) as show:
        anchor = backup(opened, args.target, show)
    terminal.result({"file": str(args.target), "anchor": str(anchor), "position": anchor.position})
    terminal.say(f"Backed up {anchor.position:,} events to {args.target}, verified. Next: python sim.py --log {args.target} log info")
    return 0


def _export(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    ids: list[StreamId] = [opened.resolve(wanted) for wanted in args.ids]
    lines = (line + "\n" for line in export(opened, ids))
    if args.to is None:
        sys.stdout.writelines(lines)
        return 0
    count = _write(args.to, lines)
    terminal.result({"file": str(args.to), "lines": count})
    terminal.say(f"Wrote {count:,} lines to {args.to}. Next: python sim.py --log OTHER log import {args.to}")
    return 0


def _write(target: Path, lines: Iterable[str]) -> int:
    """Writes aside and renames: a reader never sees half an export."""
    aside = target.with_name(f".{target.name}.new")
    count = 0
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the count
                file.write(line)
        aside.replace(target)
    except OSError as error:
        raise TransferRefused(f"{target} cannot be written: {error.strerror}. Check the path and the disk.") from None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return count


def _import(args: argparse.Namespace, opened: SqlLog, terminal: Terminal) -> int:
    with _progress("Importing", None) as show:
        if args.file == "-":
            done = import_lines(opened, sys.stdin, "standard input", show)
        else:
            try:
                with Path(args.file).open(encoding="utf-8", newline="\n") as file:
                    done = import_lines(opened, file, args.file, show)
            except (OSError, UnicodeDecodeError) as error:
                raise TransferRefused(f"{args.file} cannot be read: {error}. Nothing was imported.") from None
    terminal.result({"place": opened.database.name, **asdict(done)})
    there = f" ({done.already_there:,} were there already)" if done.already_there else ""
    terminal.say(f"Imported {done.events:,} events and {done.streams:,} new streams{there}. Next: python sim.py log verify")
    return 0


def _sql_schema(args: argparse.Namespace, settings: HasStore, terminal: Terminal) -> int:
    from store.tables import Dialect, ddl

    dialect: Dialect = args.dialect or ("postgresql" if settings.store.log.startswith("postgres") else "sqlite")
    statements = ddl(dialect)
    terminal.result({"dialect": dialect, "statements": statements})
    terminal.say("\n".join(f"{statement};" for statement in statements))
    return 0


class _progress:  # noqa: N801 - reads as a statement
    """A progress line for as long as the block lasts."""

    def __init__(self, what: str, total: int | None) -> None:
        self._line = Progress(what, total)

    def __enter__(self) -> Callable[[int], None]:
        return self._line.at

    def __exit__(self, *_: object) -> None:
        self._line.close()


def when(microseconds: int) -> str:
    """A moment of the log as a person reads it."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """`sim.py doctor` takes no words of its own."""


def run_doctor(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py doctor`."""
    return doctor(settings, terminal)


_VERBS: dict[str, Callable[[argparse.Namespace, SqlLog, Terminal], int]] = {
    "info": _info,
    "verify": _verify,
    "anchor": _anchor,
    "backup": _backup,
    "export": _export,
    "import": _import,
}

COMMANDS = {"log": (log_arguments, log), "doctor": (doctor_arguments, run_doctor)}
"""Command to the function that declares its words and the one that runs it."""
