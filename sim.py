#!/usr/bin/env python3
"""The front door: reads the command line, builds one `Settings`, calls one function of a package. All else is inside."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from agents import Terminal

VERSION = "0.1.0"
SETTINGS_FILE = Path("vigil.toml")
KEYS = ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "HF_TOKEN", "MODEL_API_KEY")
"""Environment names that may hold a secret for a model server or a hub."""

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("graphs.commands", "play a session with a simulated Seeker, live (also without any command)"),
    "generate": ("graphs.batch_commands", "play many sessions: resumable, within a budget, on one machine or many"),
    "runs": ("replay.run_commands", "the batches of the log, and what became of them"),
    "costs": ("replay.run_commands", "what models were asked, how long they took, what it cost"),
    "models": ("agents.model_commands", "which models can sit where; check and ask them"),
    "list": ("replay.commands", "the conversations of the log, by persona, kind of crisis, risk, outcome"),
    "show": ("replay.commands", "a conversation, whole; also as JSON or as lines"),
    "replay": ("graphs.replay_command", "a session once more, turn by turn; --verify proves every event again"),
    "branch": ("graphs.branch_commands", "another life of a conversation, from any turn, from either role"),
    "tree": ("replay.commands", "a conversation with all its branches"),
    "diff": ("replay.commands", "two lives: what they share once, then side by side"),
    "sweep": ("graphs.branch_commands", "play every reply that was offered to the end: what each was worth"),
    "resume": ("graphs.commands", "go on with a session that was stopped"),
    "graph": ("graphs.commands", "draw the turn graph"),
    "personas": ("agents.commands", "draw, plan, show, check, export and import personas"),
    "crises": ("agents.commands", "the 45 kinds of crisis, and how they are planned"),
    "log": ("store.commands", "look into the event log, verify, anchor, back up, export and import it"),
    "doctor": ("store.commands", "say what this installation has and lacks"),
}
"""Command to the module that brings it, imported only when it is called, and one line of help."""

USAGE_ERROR = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """One line for a wrong word, not a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}. See `{self.prog} --help`.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given, rest = _global_flags().parse_known_args(sys.argv[1:] if argv is None else argv)
    if rest[:1] in (["-h"], ["--help"]):
        print(_help())
        return 0
    if rest[:1] == ["--version"]:
        print(f"vigil {VERSION}")
        return 0
    name, arguments = (rest[0], rest[1:]) if rest and not rest[0].startswith("-") else ("run", rest)
    if name not in COMMANDS:
        return _unknown(name)
    try:
        return _call(name, arguments, given)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last stop: what is not ours is shown whole
        return _failed(error, given.debug)


def _global_flags() -> argparse.ArgumentParser:
    parser = _Parser(prog="sim.py", add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("flags of every command")
    group.add_argument(
        "--log", metavar="PLACE", help="the event log: a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE (default vigil.db)"
    )
    group.add_argument("--json", action="store_true", help="print one JSON object instead of prose")
    group.add_argument("--verbose", action="store_true", help="diagnostics on stderr")
    group.add_argument("--debug", action="store_true", help="a traceback when something goes wrong")
    return parser


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {text}" for name, (_, text) in COMMANDS.items()]
    flags = _global_flags().format_help().partition("flags of every command:")[2].rstrip()
    return (
        "usage: python sim.py [COMMAND] [ARGUMENTS]\n\n"
        "Vigil simulates crisis-support conversations and keeps every turn, variant and judgement as an event.\n"
        "Everybody in them is invented.\n\n"
        "commands (each has --help):\n" + "\n".join(lines) + f"\n\nflags of every command:{flags}\n  --version      print the version"
    )


def _unknown(name: str) -> int:
    from agents import nearest

    print(f"sim.py: there is no command {name!r}.{nearest(name, COMMANDS)} See `python sim.py --help`.", file=sys.stderr)
    return USAGE_ERROR


def _call(name: str, arguments: Sequence[str], given: argparse.Namespace) -> int:
    arguments_of, run = importlib.import_module(COMMANDS[name][0]).COMMANDS[name]
    parser = _Parser(prog=f"sim.py {name}", description=COMMANDS[name][1], parents=[_global_flags()], allow_abbrev=False)
    arguments_of(parser)
    args = parser.parse_args(arguments)

    from agents import configure

    settings = compose_settings(given, os.environ)
    configure("debug" if given.verbose else settings.verbosity)
    code: int = run(args, settings, _terminal(given))
    return code


def _terminal(given: argparse.Namespace) -> Terminal:
    from agents import Terminal

    return Terminal(json_wanted=given.json, colour=False if os.environ.get("NO_COLOR") else None)


def compose_settings(given: argparse.Namespace, environ: os._Environ[str] | dict[str, str]) -> Any:
    """The one `Settings`: flag, then environment and `.env`, then `vigil.toml`, then default."""
    from typing import Literal

    from pydantic import SecretStr

    from agents import FrozenSettings, compose, read_dotenv
    from store import StoreSettings

    class Settings(FrozenSettings):
        store: StoreSettings = StoreSettings()
        corpora: Path | None = None
        """A folder with public corpora in their publishers' formats."""
        verbosity: Literal["debug", "info", "warning", "error"] = "warning"
        keys: dict[str, SecretStr | None]
        """Every key that some model or hub may ask for, and whether it is there."""

    environment = {**read_dotenv(Path(".env")), **environ}
    return compose(
        Settings,
        flags={"store.log": given.log},
        environment=environment,
        file=SETTINGS_FILE,
        known={"keys": {name: environment.get(name) or None for name in KEYS}},
    )


def _failed(error: Exception, debug: bool) -> int:
    from agents import VigilError, redact

    if debug or not isinstance(error, VigilError):
        import traceback

        text = "".join(traceback.format_exception(error))
        hint = "" if debug else "This is a fault of Vigil's, not of yours. Please report it with the lines above.\n"
        print(redact(text) + hint, end="", file=sys.stderr)
        return error.exit_code if isinstance(error, VigilError) else 1
    print(redact(f"{type(error).__name__}: {error}"), file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
