"""How a Seeker words a step: from the story, from what goes with its kind of trouble, from a life's own things, in a manner of speaking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agents.builtin.affect import Temper
from agents.builtin.own_words import OwnWords
from agents.builtin.plan import Step
from agents.chance import Chance
from agents.ground.data_files import read_data_file
from agents.stories.schema import SENTENCE, Stories, Story
from agents.values import Text, Value

_DATA = Path(__file__).parent / "data" / "seeker.toml"
_CLAUSE = re.compile(r"[^,;:.!?…“”]+")


Lines = Annotated[tuple[Text, ...], Field(min_length=1)]


class _Bank(Value):
    """What any Seeker may say beside its story."""

    version: Text
    own: Lines
    safe: Lines
    parting: Lines
    openers: dict[str, Lines]
    tails: dict[str, Lines]
    thoughts: dict[str, Lines]


@cache
def _bank() -> _Bank:
    return read_data_file(_DATA, _Bank)


def version() -> str:
    """The version of the bank."""
    return _bank().version


@dataclass(frozen=True)
class Worded:
    """A step in words."""

    message: str
    told: tuple[str, ...]


@dataclass(frozen=True)
class Voice:
    """One Seeker's way of saying things."""

    story: Story
    kind: Stories
    own: OwnWords
    who: Temper
    chance: Chance

    def word(self, step: Step, turn: int, said: Sequence[str], told: Sequence[str]) -> Worded:
        """What is said for a step, given what was said and told before."""
        before = " ".join(said)
        parts: list[str] = []
        keys: list[str] = []
        for wish in step.says:
            text, key = self._say(wish, turn, told)
            parts.append(self.own.fill(text, " ".join((before, *parts))))
            keys.append(key)
        return Worded(" ".join(self._mannered(parts, step, turn, before)), tuple(keys))

    def _say(self, wish: str, turn: int, told: Sequence[str]) -> tuple[str, str]:
        part, _, beat = wish.rpartition(":")
        if wish in self.kind.acts or wish == "safe":
            return self._line(wish, turn, told)
        if wish == "own":
            return self._own(turn, told)
        text: str = getattr(self.story, beat)
        first, *rest = SENTENCE.split(text)
        if part == "first" and rest:
            return first, f"{beat}/1"
        if part == "rest":
            return " ".join(rest), f"{beat}/2"
        return text, beat

    def _line(self, act: str, turn: int, told: Sequence[str]) -> tuple[str, str]:
        lines = _bank().safe if act == "safe" else self.kind.acts[act]  # type: ignore[index]
        free = [number for number in range(len(lines)) if f"{act}:{number}" not in told] or list(range(len(lines)))
        number = self.chance.pick(free, turn, "seeker", act)
        line = lines[number]
        if "{own}" in line:
            line = line.replace("{own}", self.own.fill("{old_thing}"))
        return line, f"{act}:{number}"

    def _own(self, turn: int, told: Sequence[str]) -> tuple[str, str]:
        used = [key.removeprefix("own:").split("/") for key in told if key.startswith("own:")]
        frames = [n for n in range(len(_bank().own)) if str(n) not in {frame for frame, _ in used}]
        frame = self.chance.pick(frames, turn, "seeker", "frame")
        line = _bank().own[frame]
        slot, options = ("{own}", self.own.things) if "{own}" in line else ("{like}", self.own.tendencies)
        fresh = [n for n in range(len(options)) if str(n) not in {thing for _, thing in used}] or list(range(len(options)))
        if not fresh:
            return line.replace("{own}", self.own.fill("{old_thing}")).replace("{like}", self.own.fill("{tendency}")), f"own:{frame}/-"
        thing = self.chance.pick(fresh, turn, "seeker", "own")
        return line.replace(slot, options[thing]), f"own:{frame}/{thing}"

    def _mannered(self, parts: list[str], step: Step, turn: int, said: str) -> list[str]:
        """A short start or end, as this person speaks; never twice in a session."""
        if step.says[0] in self.kind.acts:
            return parts
        bank, luck = _bank(), self.chance.number(turn, "seeker", "manner")
        openers: tuple[str, ...] = ()
        if step.why in ("met", "stayed"):
            openers = bank.openers["met"]
        elif step.why == "answers":
            openers = bank.openers["asked"]
        elif self.who.discloses < 0.4:
            openers = bank.openers["guarded"]
        elif self.who.direct > 0.65:
            openers = bank.openers["direct"]
        elif self.who.expressive > 0.65:
            openers = bank.openers["expressive"]
        tails = [
            tail
            for manner, is_so in (
                ("guarded", self.who.discloses < 0.4),
                ("ruminates", self.who.ruminates > 0.65),
                ("expressive", self.who.expressive > 0.65),
            )
            if is_so
            for tail in bank.tails[manner]
        ]
        if luck < 0.3 and (fresh := [opener for opener in openers if opener not in said]):
            return [self.chance.pick(fresh, turn, "seeker", "opener"), *parts]
        if luck > 0.86 and (fresh := [tail for tail in tails if tail not in said]):
            return [*parts, self.chance.pick(fresh, turn, "seeker", "tail")]
        return parts

    def think(self, why: str, turn: int, reply: str) -> str:
        """What goes through the Seeker's head."""
        options = [line for line in _bank().thoughts[why] if reply or "{quote}" not in line]
        return self.chance.pick(options, turn, "seeker", "thought").replace("{quote}", _snatch(reply))

    def parting(self, turn: int) -> str:
        """A last word."""
        return self.chance.pick(_bank().parting, turn, "seeker", "parting")


def _snatch(reply: str) -> str:
    """A few words that stuck."""
    clauses = [clause.strip() for clause in _CLAUSE.findall(reply) if len(clause.split()) > 1]
    longest = max(clauses, key=len, default=reply.strip(".!? "))
    return " ".join(longest.split()[:7])
