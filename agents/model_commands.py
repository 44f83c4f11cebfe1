"""`sim.py models`: which endpoints there are, whether a model can do its work, and one question to it. No log, no session."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from agents.casting import presets
from agents.ground.errors import UsageError
from agents.ground.terminal import Terminal, plain
from agents.models.calls import Call, ChatModel, Message, Reply
from agents.models.checking import Finding, check_voice
from agents.models.endpoints import OTHER_KEY, endpoints, key_of, missing_key, needs_key
from agents.models.making import make_model
from agents.models.prices import cost, price_of
from agents.models.voices import CHAIRS, WITHOUT_VOICE, ModelsFile, parse_voice, read_models_file, voices_of
from agents.snapshot import Decoding, Voice
from agents.values import Role

Keys = Mapping[str, SecretStr | None]
_NAMED = "model"
"""What a model is called that is named without a chair."""


class HasKeys(Protocol):
    """The part of all settings that these commands need."""

    @property
    def keys(self) -> Keys: ...


def models_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `sim.py models`."""
    parser.description = "Language models: where they are reached, whether one is fit, and a question to try it."
    verbs = parser.add_subparsers(dest="verb", metavar="list|check|ask", required=True)
    verbs.add_parser("list", help="the endpoints, and which keys are there; a key itself is never shown")
    checked = verbs.add_parser("check", help="ask each model one small question: is it there, does it keep to a form")
    checked.add_argument("model", nargs="*", metavar="MODEL", help="a model, such as openai:NAME or local:PATH")
    for chair in CHAIRS:
        checked.add_argument(f"--{chair}", metavar="MODEL", help=f"a model as the {chair}, asked as a session would ask it")
    checked.add_argument("--deep", action="store_true", help="also let it read a long session, and repeat a seed (three more questions)")
    asked = verbs.add_parser("ask", help="one question to a model, answered as it comes")
    asked.add_argument("model", metavar="MODEL")
    asked.add_argument("words", metavar="WORDS", help="what to ask")
    asked.add_argument("--system", metavar="WORDS", help="what the model is told first")
    asked.add_argument("--temperature", type=float, metavar="T", help="0 to 2 (default: as the server has it)")
    asked.add_argument("--most", type=int, metavar="N", help="the most tokens of the answer")
    asked.add_argument("--seed", type=int, metavar="N", help="sent along, for servers that can repeat themselves")
    for verb, taken in ((checked, "whose chairs are checked"), (asked, "whose prices count")):
        verb.add_argument("--base-url", metavar="URL", help="where the endpoint is, if not where its preset says")
        verb.add_argument("--models", type=Path, metavar="FILE", help=f"a TOML file of models, {taken}")


def models(args: argparse.Namespace, settings: HasKeys, terminal: Terminal) -> int:
    """Runs `sim.py models`."""
    return _VERBS[args.verb](args, settings.keys, terminal)


def _list(args: argparse.Namespace, keys: Keys, terminal: Terminal) -> int:
    rows = [
        {
            "kind": kind, "name": endpoint.name, "base_url": endpoint.base_url, "key": endpoint.key,
            "key_set": bool(keys.get(endpoint.key)) if endpoint.key else None, "free": endpoint.free, "example": endpoint.example,
        }
        for kind, endpoint in endpoints().items()
    ]  # fmt: skip
    there = bool(keys.get(OTHER_KEY))
    terminal.result({"endpoints": rows, "other_key": {"key": OTHER_KEY, "key_set": there}})
    terminal.table(
        ("endpoint", "where", "key", "", "a model is written as"),
        [
            (row["kind"], row["base_url"] or "in this process", row["key"] or "", _told(row["key_set"]), row["example"])
            for row in rows
        ],
    )  # fmt: skip
    terminal.say(
        f"\nAny other OpenAI-compatible server: openai:NAME with --base-url URL. Its key, if it wants one: {OTHER_KEY} ({_told(there)})."
    )
    terminal.say("Keys come from the environment or .env. Next: python sim.py models check MODEL")
    return 0


def _told(there: object) -> str:
    return "" if there is None else "set" if there else "not set"


def _check(args: argparse.Namespace, keys: Keys, terminal: Terminal) -> int:
    voices = _voices(args)
    findings = asyncio.run(_findings(voices, keys, deep=args.deep))
    unfit = sum(not finding.ok for finding in findings)
    terminal.result({"ok": not unfit, "findings": [asdict(finding) for finding in findings]})
    for finding in findings:
        sign = terminal.style("✓", "green") if finding.ok else terminal.style("✗", "red")
        details = f" It {', '.join(finding.details)}." if finding.ok and finding.details else ""
        terminal.say(f"{sign} {plain(finding.line)}{plain(details)}")
    seats = " ".join(f"--{chair} {voice.model}" for chair, voice in voices if chair in CHAIRS) or f"--supporter {voices[0][1].model}"
    if not unfit:
        terminal.say(f"Next: python sim.py run {seats}{_where(args)}")
    return 1 if unfit else 0


def _where(args: argparse.Namespace) -> str:
    return f" --base-url {args.base_url}" if args.base_url else f" --models {args.models}" if args.models else ""


def _voices(args: argparse.Namespace) -> Sequence[tuple[str, Voice]]:
    """Whom to check, each with its chair."""
    file = read_models_file(args.models) if args.models else None
    seated = {chair: model for chair in CHAIRS if (model := getattr(args, chair))}
    # Beside a model that is named by itself, a file's chairs keep their own addresses.
    chairs = voices_of(seated, args.base_url if seated or not args.model else None, file)
    voices = [(chair, presets(chair, voice)) for chair, voice in chairs.items()]
    voices += [(_NAMED, parse_voice(_NAMED, model, base_url=args.base_url)) for model in args.model]
    if not voices:
        only = "Built-in chairs need no check. " if set(seated.values()) & set(WITHOUT_VOICE) else ""
        raise UsageError(f"{only}Name a model to check, as in `sim.py models check ollama:llama3.2:3b`, a chair's, or a --models file.")
    return voices


async def _findings(voices: Sequence[tuple[str, Voice]], keys: Keys, *, deep: bool) -> list[Finding]:
    """One after another: a machine that serves several models may not hold them at once."""
    return [await _finding(chair, voice, keys, deep=deep) for chair, voice in voices]


async def _finding(chair: str, voice: Voice, keys: Keys, *, deep: bool) -> Finding:
    from agents.prompted.parsing import parse

    model = make_model(voice, keys)
    try:
        return await check_voice(chair, voice, model, None, key_of(voice, keys), parse=parse, deep=deep)
    finally:
        await model.close()


def _ask(args: argparse.Namespace, keys: Keys, terminal: Terminal) -> int:
    if not args.words.strip():
        raise UsageError("There is nothing to ask. Give the words in quotation marks.")
    if args.temperature is not None and not 0 <= args.temperature <= 2:
        raise UsageError(f"--temperature {args.temperature:g} is not between 0 and 2.")
    if args.most is not None and args.most < 1:
        raise UsageError(f"--most {args.most} leaves no room for an answer. Give 1 or more.")
    file = read_models_file(args.models) if args.models else ModelsFile()
    voice = parse_voice(_NAMED, args.model, base_url=args.base_url).model_copy(update={"stream": True})
    key = key_of(voice, keys)
    if key is None and needs_key(voice):
        raise UsageError(missing_key(_NAMED, voice))

    def show(piece: str) -> None:
        print(plain(piece), end="", file=terminal.out, flush=True)

    reply = asyncio.run(_answer(make_model(voice, keys), _call(args, voice), None if terminal.json_wanted else show))
    terminal.say()
    price = price_of(voice.model, file.prices)
    dollars = cost(price, reply.prompt_tokens, reply.completion_tokens) if price else None
    terminal.result(
        {
            "model": voice.model, "text": reply.text, "cut": reply.cut, "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens, "counted": reply.counted, "latency_ms": round(reply.latency_ms, 1), "cost": dollars,
        }
    )  # fmt: skip
    print(_took(reply, dollars), file=terminal.err)
    return 0


def _call(args: argparse.Namespace, voice: Voice) -> Call:
    system = (Message("system", args.system),) if args.system else ()
    decoding = Decoding(temperature=args.temperature, max_tokens=args.most)
    return Call(Role.SUPPORTER, "ask", voice, (*system, Message("user", args.words)), decoding, seed=args.seed)


async def _answer(model: ChatModel, call: Call, on_text: Callable[[str], None] | None) -> Reply:
    try:
        return await model.reply(call, on_text)
    finally:
        await model.close()


def _took(reply: Reply, dollars: float | None) -> str:
    counted = "" if reply.counted else " (estimated)"
    paid = "no price is known" if dollars is None else f"${dollars:.6f}"
    cut = "; the answer was cut at its longest" if reply.cut else ""
    return f"{reply.prompt_tokens:,} + {reply.completion_tokens:,} tokens{counted}, {reply.latency_ms / 1000:.2f} s, {paid}{cut}. Nothing is kept."


_VERBS: dict[str, Callable[[argparse.Namespace, Keys, Terminal], int]] = {"list": _list, "check": _check, "ask": _ask}

COMMANDS = {"models": (models_arguments, models)}
"""Command to the function that declares its words and the one that runs it."""
