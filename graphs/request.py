"""What a batch shall play: which people, how often, in which language and manner. It yields sessions one by one and knows no log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agents import Chance, Guest, RunId, SessionSnapshot, StreamId, UsageError, Value, find_category, from_file, make_plan, planned, speaks


@dataclass(frozen=True)
class Wanted:
    """One session that a batch shall play."""

    stream: StreamId
    seed: int
    language: str
    guest: Guest

    @property
    def mark(self) -> str:
        """Whether another session is this one: the same person in the same crisis with the same draws."""
        return mark(self.guest, self.seed, self.language)


def mark(guest: Guest, seed: int, language: str) -> str:
    """A few characters that tell sessions apart by who they are with and by their seed."""
    told = [guest.persona.id, guest.crisis.category, guest.crisis.summary, seed, language]
    return sha256(json.dumps(told).encode()).hexdigest()[:12]


class Request(Value):
    """A batch as it was asked for; kept in its plan, so that it can be gone on with from the log alone."""

    personas: str
    """A number of planned personas, `all`, or ids, files and folders, with commas between."""
    categories: tuple[str, ...] = ()
    """Kinds of crisis, by their slugs; empty for all."""
    per_persona: Annotated[int, Field(ge=1)] = 1
    seed: int = 1
    plan: int = 1
    """The seed of the plan that personas come from."""
    language: str = "en"
    """`native` for each person's own."""
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1)] | None = None
    settings: SessionSnapshot

    def sessions(self, run: RunId) -> Iterator[Wanted]:
        """Every session of this request, always the same in the same order."""
        everybody = self._sessions(run)
        return islice(everybody, self.offset, None if self.limit is None else self.offset + self.limit)

    def _sessions(self, run: RunId) -> Iterator[Wanted]:
        chance = Chance(self.seed, "batch")
        for number, guest in enumerate(self._guests()):
            for time in range(self.per_persona):
                seed = int(chance.number(guest.persona.id, number, time) * 2**53)
                digits = sha256(f"{run}\x1f{number}\x1f{time}".encode()).hexdigest()[:12]
                language = guest.persona.language if self.language == "native" else self.language
                yield Wanted(StreamId(f"c-{digits}"), seed, language, guest)

    def _guests(self) -> Iterator[Guest]:
        if self.personas == "all" or self.personas.isdigit():
            return self._of_plan(None if self.personas == "all" else int(self.personas))
        return self._named()

    def _of_plan(self, count: int | None) -> Iterator[Guest]:
        """People of the plan, family after family, so that a part of them is balanced too."""
        plan = make_plan(self.plan)
        cells = plan.in_turn(lambda cell: not self.categories or cell.category.slug in self.categories)
        given = 0
        for cell in cells:
            if count is not None and given == count:
                return
            guest = Guest(*plan.composed(cell))
            if speaks(guest, self.language):
                given += 1
                yield guest
        if count is not None and given < count:
            raise UsageError(
                f"The plan has {given} personas that fit, not {count}. Ask for fewer, for `all`, or for more sessions each with --per-persona."
            )

    def _named(self) -> Iterator[Guest]:
        names = [name.strip() for name in self.personas.split(",")]
        if not all(names):
            raise UsageError(f"--personas {self.personas!r} names nobody between commas. Give a number, all, or ids, files and folders.")
        for name in names:
            for guest in self._called(name):
                if not self.categories or find_category(guest.crisis.category).slug in self.categories:
                    yield guest

    def _called(self, name: str) -> Iterator[Guest]:
        """Everybody that one name stands for."""
        path = Path(name)
        if path.is_dir():
            files = sorted(path.glob("*.json"))
            if not files:
                raise UsageError(f"{name} holds no persona file (*.json). `sim.py personas export` writes some.")
        elif path.suffix == ".json" or path.is_file():
            files = [path]
        else:
            yield planned(name, self.plan)
            return
        for file in files:
            yield from_file(file, self.categories[0] if len(self.categories) == 1 else None)


def slugs(names: str | None) -> tuple[str, ...]:
    """The slugs of the kinds of crisis that a person named."""
    if not names or names == "all":
        return ()
    return tuple(dict.fromkeys(find_category(name.strip()).slug for name in names.split(",")))
