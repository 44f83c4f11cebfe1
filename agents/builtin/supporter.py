"""The built-in Supporter: reads what was said, plans a few moves for it by stance, and words them around the Seeker's own words.

It sees what anybody could hear, and nothing of the Seeker's inside. It never says the same sentence twice in a session.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agents.builtin.reading import Reading, quote_of, read
from agents.builtin.turning import capitalised
from agents.chance import Chance
from agents.scene import Proposal, Scene, Stance
from agents.values import Role

_DATA = Path(__file__).parent / "data" / "supporter.toml"
_SLOT = re.compile(r"\{(\w+)\}")
_SHALLOW = ("happened", "people", "days", "body", "detail")
_MIDDLE = ("feeling", "hidden", "fear", "detail", "people")
_DEEP = ("memory", "shame", "wanted", "feeling", "small", "fear")

_PLANS: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    "default": {
        "cool": (("reflect", "ask"), ("ask",), ("reflect", "stay"), ("name", "ask"), ("reflect",), ("follow_up",), ("practical",), ("validate", "ask")),
        "even": (("reflect", "ask"), ("name", "ask"), ("reflect", "validate"), ("follow_up", "ask"), ("validate", "choose"), ("reflect", "name"), ("reflect", "ground")),
        "warm": (("reflect", "validate"), ("name", "stay"), ("validate", "ask"), ("reflect", "stay"), ("follow_up", "validate"), ("reflect", "ask"), ("validate", "choose"), ("name", "ground")),
    },
    "first": {"cool": (("first",), ("first", "ask")), "even": (("first",), ("first", "ask")), "warm": (("first",), ("first", "validate"))},
    "danger": {"cool": (("safety",),), "even": (("safety",),), "warm": (("safety",),)},
    "held": {"cool": (("hold",),), "even": (("hold",),), "warm": (("hold",),)},
    "refused": {"cool": (("refused", "ask"), ("refused",)), "even": (("refused", "ask"), ("refused",)), "warm": (("refused",), ("refused", "validate"))},
    "objected": {"cool": (("objected",), ("objected", "ask")), "even": (("objected",),), "warm": (("objected",),)},
    "asked_me": {"cool": (("asked_me",), ("asked_me", "reflect")), "even": (("asked_me",), ("asked_me", "reflect")), "warm": (("asked_me",), ("asked_me", "validate"))},
    "calmer": {"cool": (("calmer", "ask"), ("calmer",)), "even": (("calmer",), ("calmer", "ask")), "warm": (("calmer",), ("calmer", "follow_up"))},
    "worse": {"cool": (("worse",), ("worse", "ground")), "even": (("worse",),), "warm": (("worse",), ("worse", "ground"))},
    "leaving": {"cool": (("leaving",),), "even": (("leaving",),), "warm": (("leaving",),)},
}  # fmt: skip


@cache
def _bank() -> dict[str, Any]:
    return tomllib.loads(_DATA.read_text(encoding="utf-8"))


def version() -> str:
    """The version of the bank."""
    return str(_bank()["version"])


@dataclass(frozen=True)
class _Said:
    """What this Supporter has said so far, to say none of it again."""

    text: str
    questions: int


class BuiltinSupporter:
    """Somebody who stays, by rule."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._read: tuple[Scene, Reading, _Said] | None = None

    async def propose(self, scene: Scene, stance: Stance) -> Proposal:
        """A reply in one stance."""
        reading, said = self._reading(scene)
        moves = ("cold",) if stance.name == "cold" else self._plan(reading, scene.turn, stance.name, said)
        wording = _Wording(reading, said, self._chance, scene.turn, stance.name)
        sentences = [sentence for move in moves if (sentence := wording.word(move))]
        message = " ".join(sentences) or wording.least()
        return Proposal(
            variant=stance.variant,
            care_level=stance.care_level,
            style=stance.name,
            strategy=moves,
            message=message,
            thought=_thought(reading, moves),
        )

    def _reading(self, scene: Scene) -> tuple[Reading, _Said]:
        """Read once for all stances."""
        if self._read is None or self._read[0] is not scene:
            replies = scene.by(Role.SUPPORTER)
            text = " ".join(replies)
            self._read = (scene, read(scene), _Said(text, text.count("?")))
        return self._read[1], self._read[2]

    def _plan(self, reading: Reading, turn: int, stance: str, said: _Said) -> tuple[str, ...]:
        options = [moves for moves in _PLANS[reading.situation][stance] if _possible(moves, reading)]
        moves = self._chance.pick(options or [("stay",)], turn, "supporter", stance, "plan")
        return tuple(self._question(turn, said.questions) if move == "ask" else move for move in moves)

    def _question(self, turn: int, asked: int) -> str:
        """What to ask about next: what lies open first, what lies deep later, nothing twice in a row."""
        kinds = _SHALLOW if turn < 6 else _MIDDLE if turn < 12 else _DEEP
        order = self._chance.sample(kinds, len(kinds), "supporter", "questions", kinds[0])
        return f"ask.{order[asked % len(order)]}"


def _possible(moves: tuple[str, ...], reading: Reading) -> bool:
    if "reflect" in moves and not reading.clauses:
        return False
    if "name" in moves and reading.feeling is None:
        return False
    return not ("follow_up" in moves and not reading.earlier)


class _Wording:
    """The sentences of one reply."""

    def __init__(self, reading: Reading, said: _Said, chance: Chance, turn: int, stance: str) -> None:
        self._reading, self._said, self._chance, self._purpose = reading, said, chance, (turn, "supporter", stance)
        self._here: list[str] = []

    def word(self, move: str) -> str:
        """A move in words that were not said before."""
        section, _, kind = move.partition(".")
        lines = _bank()[section][kind] if kind else _bank()[section]
        options = [line for line in lines.get(self._purpose[2], ()) if self._free(line)]
        for step in range(len(options)):
            filled = self._fill(options.pop(int(self._chance.number(*self._purpose, move, step) * len(options))), move)
            if filled and filled not in self._said.text:
                self._here.append(filled)
                return filled
        return ""

    def least(self) -> str:
        """Something short where no other words were left."""
        for line in ("I'm here.", "I'm listening.", "Go on.", "Yes.", "Mm."):
            if line not in self._said.text:
                return line
        return "Mm."

    def _free(self, line: str) -> bool:
        """Whether the fixed words of a line were not said yet."""
        fixed = max(_SLOT.split(line)[::2], key=len).strip()
        return len(fixed) < 12 or (fixed not in self._said.text and not any(fixed in text for text in self._here))

    def _fill(self, line: str, move: str) -> str:
        """The line with its slots filled, or nothing where a slot finds no words."""
        values: dict[str, str | None] = {}
        for slot in _SLOT.findall(line):
            if slot not in values:
                values[slot] = self._value(slot, move)
            if not values[slot]:
                return ""
        filled = _SLOT.sub(lambda match: values[match[1]] or "", line)
        return re.sub(r"(^|[.!?] )([a-z])", lambda m: m[1] + m[2].upper(), filled)

    def _value(self, slot: str, move: str) -> str | None:
        reading = self._reading
        if slot in ("echo", "Echo", "quote"):
            clauses = [
                c for c in reading.clauses[:3] if c.turned not in self._said.text and not any(c.turned in text for text in self._here)
            ]
            if not clauses:
                return None
            clause = clauses[int(self._chance.number(*self._purpose, move, "clause") ** 2 * len(clauses))]
            return quote_of(clause) if slot == "quote" else capitalised(clause.turned) if slot == "Echo" else clause.turned
        if slot == "noun":
            return self._chance.pick(reading.nouns, *self._purpose, move, "noun") if reading.nouns else None
        if slot == "earlier":
            return self._chance.pick(reading.earlier[:8], *self._purpose, move, "earlier") if reading.earlier else None
        if reading.feeling is None:
            return None
        return reading.feeling.noun if slot == "feeling" else reading.feeling.felt


_NAMES = {
    "first": "let them begin", "reflect": "give their words back", "name": "name what they may feel", "validate": "say that it makes sense", "stay": "stay",
    "follow_up": "go back to what they said before", "choose": "leave them a choice", "ground": "offer a breath", "practical": "ask leave to be practical",
    "safety": "ask about safety, plainly", "hold": "hold on to them, and ask who is near", "refused": "let the no stand", "objected": "take it back",
    "asked_me": "answer truthfully", "calmer": "let the calm be", "worse": "be there while it is back", "leaving": "let them go", "cold": "be done with it",
}  # fmt: skip


def _thought(reading: Reading, moves: tuple[str, ...]) -> str:
    """What the Supporter means to do and why."""
    plan = ", then ".join(f"ask about {move.partition('.')[2]}" if "." in move else _NAMES[move] for move in moves)
    heard = f"“{quote_of(reading.clauses[0])}”" if reading.clauses else "Little to hold on to"
    felt = f"; perhaps {reading.feeling.noun}" if reading.feeling else ""
    return f"{heard}{felt}. {capitalised(plan)}."
