"""The line to the models of a command: who sits where, by what keys, within which limits, for how much. It knows flags and opens switchboards."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from agents import (
    BUILTIN,
    CHAIRS,
    HUMAN,
    Budget,
    Finding,
    Limit,
    LocalPurse,
    ModelsFile,
    Price,
    Purse,
    Role,
    SessionSnapshot,
    Switchboard,
    Terms,
    UsageError,
    VigilError,
    Voice,
    key_of,
    make_model,
    presets,
    price_of,
    quick_look,
    read_models_file,
    share,
    voices_of,
)
from graphs.shelf import LogShelf
from store import HasStore, StoreSettings, open_log


class HasKeys(HasStore, Protocol):
    """The part of all settings that a command needs which asks models."""

    @property
    def keys(self) -> dict[str, SecretStr | None]: ...


class ModelsUnfit(VigilError):
    """A model that was named cannot be used as things are."""


@dataclass(frozen=True)
class Line:
    """How models are reached; goes to worker processes as it is."""

    keys: Mapping[str, SecretStr | None] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """By the model's name, from the models file."""
    limit: Limit = field(default_factory=Limit)
    """For every other model."""
    per_role: Mapping[Role, int] = field(default_factory=dict)
    """How many calls of a role may be under way at once."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    attempts: int = 6
    backoff_s: float = 0.5
    cache: StoreSettings | None = None

    def under(self, budget: Budget) -> Line:
        """The same line with another budget."""
        return replace(self, budget=budget)

    def shared(self, workers: int) -> Line:
        """What one of several worker processes may use."""
        limits = {name: share(limit, workers) for name, limit in self.limits.items()}
        for role, most in self.per_role.items():
            if most < workers:
                raise UsageError(f"--concurrency {role}={most} cannot be divided among {workers} workers. Use at most {most} workers.")
        per_role = {role: most // workers for role, most in self.per_role.items()}
        return replace(self, limits=limits, limit=share(self.limit, workers), per_role=per_role)

    @contextmanager
    def switchboard(self, purse: Purse | None = None, stopping: Callable[[], bool] = lambda: False) -> Iterator[Switchboard]:
        """A switchboard for one event loop; `async close()` is left to whoever runs the loop."""
        with ExitStack() as stack:
            shelf = LogShelf(stack.enter_context(open_log(self.cache, create=True))) if self.cache else None
            yield Switchboard(
                lambda voice: make_model(voice, self.keys),
                price=lambda model: price_of(model, self.prices),
                purse=purse or LocalPurse(self.budget),
                terms=Terms(self.limits, self.limit, self.per_role, self.attempts, self.backoff_s),
                shelf=shelf,
                stopping=stopping,
            )

    def check_prices(self, voices: Mapping[str, Voice]) -> None:
        """Refuses a budget in dollars where it could not be kept."""
        if self.budget.max_cost is None:
            return
        for voice in voices.values():
            if price_of(voice.model, self.prices) is None:
                raise UsageError(
                    f'--max-cost needs a price, and none is known for {voice.model}. Add [prices."{voice.model}"] with prompt and completion '
                    "(US dollars per million tokens) to the --models file, or give --max-tokens instead."
                )


def chair_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that say who sits where."""
    who = parser.add_argument_group("who sits where")
    for chair in CHAIRS:
        who.add_argument(
            f"--{chair}",
            metavar="MODEL",
            help="builtin (default), openai:NAME, openrouter:NAME, hf:NAME, ollama:NAME, vllm:NAME or local:PATH",
        )
    who.add_argument("--base-url", metavar="URL", help="where the endpoint is, if not where its preset says")
    who.add_argument("--models", type=Path, metavar="FILE", help="a TOML file with models, decoding, limits and prices for each chair")


def limit_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that say how much may be asked."""
    how = parser.add_argument_group("how models are asked")
    how.add_argument("--rpm", type=int, metavar="N", help="the most requests a minute, for each model")
    how.add_argument("--tpm", type=int, metavar="N", help="the most tokens a minute, for each model")
    how.add_argument("--concurrency", metavar="N|ROLE=N,…", help="the most calls under way at once: for each model, or by role")
    how.add_argument(
        "--attempts", type=int, default=6, metavar="N", help="how often a call is tried before it counts as failed (default 6)"
    )
    how.add_argument(
        "--backoff", type=float, default=0.5, metavar="S", help="the first wait after a failure, doubled each time (default 0.5)"
    )
    how.add_argument("--max-cost", type=float, metavar="USD", help="stop cleanly before this much is spent")
    how.add_argument("--max-tokens", type=int, metavar="N", help="stop cleanly before this many tokens are used")
    how.add_argument("--cache", metavar="PLACE", help="a log of answers that runs share: the same call of the same life is not paid again")


def models_of(args: argparse.Namespace) -> tuple[dict[str, str], ModelsFile | None]:
    """The model of each chair, and the models file if one is named; a flag is over the file."""
    file = read_models_file(args.models) if args.models else None
    models = {chair: file.voices[chair].model if file and chair in file.voices else BUILTIN for chair in CHAIRS}
    models |= {chair: given for chair in CHAIRS if (given := getattr(args, chair))}
    if HUMAN in models.values():
        raise UsageError("A person sits down with `sim.py run --play seeker`, or answers with `sim.py run --interactive`.")
    return models, file


def seated(settings: SessionSnapshot, models: Mapping[str, str], base_url: str | None, file: ModelsFile | None) -> SessionSnapshot:
    """The settings with these models in their chairs, each asked as file, flags and presets say."""
    voices = {chair: presets(chair, voice) for chair, voice in voices_of(models, base_url, file).items()}
    if base_url and not voices:
        raise UsageError("--base-url says where a model is, and no chair has one. Name it: --supporter openai:NAME.")
    return settings.model_copy(update={"models": dict(models), "voices": voices})


def voices_for(settings: SessionSnapshot, models: Mapping[str, str], base_url: str | None, file: ModelsFile | None) -> dict[str, Voice]:
    """How every chair is asked once these models have taken theirs."""
    if file:
        file = replace(file, voices={chair: voice for chair, voice in file.voices.items() if chair in models})
    new = {chair: presets(chair, voice) for chair, voice in voices_of(models, base_url, file).items()}
    return {chair: voice for chair, voice in settings.voices.items() if chair not in models} | new


def check_line(line: Line, settings: SessionSnapshot | None) -> None:
    """Finds out what can be known before anything is begun: a key that is missing or wrong, a server that is away, a model it has not."""
    if settings is None or not asks_models(settings):
        return
    line.check_prices(settings.voices)
    findings = asyncio.run(_look(line, settings.voices))
    if wrong := [finding.line for finding in findings if not finding.ok]:
        raise ModelsUnfit("\n".join(wrong))


async def _look(line: Line, voices: Mapping[str, Voice]) -> list[Finding]:
    return [await quick_look(chair, voice, key_of(voice, line.keys)) for chair, voice in voices.items()]


def line_of(args: argparse.Namespace, settings: HasKeys, file: ModelsFile | None) -> Line:
    """The line that flags, the models file and the keys describe."""
    for name in ("rpm", "tpm", "attempts", "max_tokens"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise UsageError(f"--{name.replace('_', '-')} {value} lets nothing through. Give 1 or more.")
    if args.max_cost is not None and args.max_cost <= 0:
        raise UsageError(f"--max-cost {args.max_cost:g} lets nothing through. Give more than 0.")
    if args.backoff < 0:
        raise UsageError(f"--backoff {args.backoff:g} is negative. Give 0 or more seconds.")
    at_once, per_role = _concurrency(args.concurrency)
    return Line(
        keys=settings.keys,
        limits=file.limits if file else {},
        limit=Limit(args.rpm, args.tpm, at_once),
        per_role=per_role,
        prices=file.prices if file else {},
        budget=Budget(args.max_cost, args.max_tokens),
        attempts=args.attempts,
        backoff_s=args.backoff,
        cache=settings.store.model_copy(update={"log": args.cache}) if args.cache else None,
    )


def _concurrency(text: str | None) -> tuple[int | None, dict[Role, int]]:
    """`8` for each model, or `seeker=4,judge=2` by role."""
    if text is None:
        return None, {}
    at_once, per_role = None, {}
    for part in text.split(","):
        role, equals, number = part.strip().rpartition("=")
        if not number.isdigit() or int(number) < 1 or (equals and role not in CHAIRS):
            raise UsageError(f"--concurrency {text!r} is neither a number nor ROLE=NUMBER,… with the roles {', '.join(CHAIRS)}.")
        if equals:
            per_role[Role(role)] = int(number)
        else:
            at_once = int(number)
    return at_once, per_role


def asks_models(settings: SessionSnapshot) -> bool:
    """Whether anybody at the table is a model that has to be asked."""
    return any(model not in (BUILTIN, HUMAN) for model in settings.models.values())
