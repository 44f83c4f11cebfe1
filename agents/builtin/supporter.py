"""The built-in Supporter: reads what was said, plans a few moves for it by stance, and words them around the Seeker's own words.

It sees what anybody could hear, and nothing of the Seeker's inside. It never says the same sentence twice in a session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.builtin.phrases import alternatives, phrase_book, slots_of
from agents.builtin.reading import Reading, quote_of, read
from agents.builtin.turning import capitalised
from agents.chance import Chance
from agents.scene import Proposal, Scene, Stance
from agents.values import Role

_SLOT = re.compile(r"\{(\w+)\}")
_FIXED = re.compile(r"\{\w+\}|\([^()]*\)")
_START = re.compile(r"(^|[.!?…] [“‘]?)([a-z])")
_ASKING = frozenset({"choose", "ground", "practical", "safety", "hold"})
_LEAST = ("I'm here.", "I'm listening.", "Go on.", "Yes.", "Mm.")
_SHALLOW = ("happened", "people", "days", "body", "detail")
_MIDDLE = ("feeling", "hidden", "fear", "detail", "people")
_DEEP = ("memory", "shame", "wanted", "feeling", "small", "fear")

_NEAR: dict[str, tuple[str, ...]] = {
    "shame": ("hidden", "shame", "people"), "guilt": ("shame", "happened", "hidden"), "fear": ("fear", "body", "days"), "loneliness": ("people", "hidden", "days"),
    "grief": ("memory", "detail", "days"), "anger": ("happened", "people", "feeling"), "tiredness": ("days", "body", "small"), "longing": ("wanted", "memory"),
    "helplessness": ("small", "happened", "fear"), "hurt": ("happened", "people", "feeling"), "tenderness": ("memory", "people", "wanted"),
}  # fmt: skip
"""Where a feeling points."""
_UNSETTLED = frozenset({"fear", "helplessness", "tiredness", "anger", "unease"})
"""Feelings for which an offer to ground is in place."""

_PLANS: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    "default": {
        "cool": (
            ("reflect", "ask"), ("reflect", "ask"), ("reflect", "ask"), ("reflect", "ask"), ("name", "ask"), ("reflect", "validate"),
            ("reflect", "practical"), ("follow_up", "ask"), ("validate", "ask"), ("validate", "reflect"), ("reflect", "name"),
        ),
        "even": (
            ("reflect", "ask"), ("reflect", "ask"), ("reflect", "ask"), ("name", "ask"), ("reflect", "validate"), ("follow_up", "ask"),
            ("validate", "ask"), ("reflect", "name"), ("choose",), ("ground",),
        ),
        "warm": (
            ("reflect", "validate"), ("reflect", "stay"), ("reflect", "ask"), ("name", "stay"), ("ask",), ("validate", "ask"),
            ("reflect", "name"), ("follow_up", "stay"), ("name", "validate"), ("choose",), ("validate", "stay"), ("ground",),
            ("reflect", "ask"), ("follow_up", "ask"),
        ),
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
        wording = _Wording(reading, said, self._chance, (scene.turn, "supporter", stance.name))
        made = tuple(move for move in moves if wording.add(move))
        return Proposal(
            variant=stance.variant,
            care_level=stance.care_level,
            style=stance.name,
            strategy=made or ("stay",),
            message=wording.message(),
            thought=_thought(reading, made or ("stay",)),
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
        return tuple(self._question(reading, turn, said.questions) if move == "ask" else move for move in moves)

    def _question(self, reading: Reading, turn: int, asked: int) -> str:
        """What to ask about next: where the feeling points, or what lies open first and what lies deep later."""
        kinds = _SHALLOW if turn < 6 else _MIDDLE if turn < 12 else _DEEP
        if reading.feeling and self._chance.number(turn, "supporter", "follows the feeling") < 0.5:
            near = [kind for kind in _NEAR.get(reading.feeling.noun, ()) if turn >= 6 or kind in _SHALLOW]
            if near:
                return f"ask.{self._chance.pick(near, turn, 'supporter', 'near')}"
        order = self._chance.sample(kinds, len(kinds), "supporter", "questions", kinds[0])
        return f"ask.{order[asked % len(order)]}"


def _possible(moves: tuple[str, ...], reading: Reading) -> bool:
    if "reflect" in moves and not reading.clauses:
        return False
    if {"name", "validate"} & set(moves) and reading.feeling is None:
        return False
    if "ground" in moves and reading.situation == "default" and (reading.feeling is None or reading.feeling.noun not in _UNSETTLED):
        return False
    return not ("follow_up" in moves and not reading.earlier)


class _Wording:
    """The sentences of one reply."""

    def __init__(self, reading: Reading, said: _Said, chance: Chance, purpose: tuple[object, ...]) -> None:
        self._reading, self._said, self._chance, self._purpose = reading, said, chance, purpose
        self._stance = str(purpose[-1])
        self._here: list[str] = []
        self._given: list[str] = []
        """What was given back in this reply already."""

    def add(self, move: str) -> bool:
        """One move more, unless it would be a second question or has no words left that were not said before."""
        asks = move.startswith("ask.") or move in _ASKING
        return not (asks and any("?" in text for text in self._here)) and self._word(move)

    def message(self) -> str:
        """All that was worded, or something short where no words were left."""
        return " ".join(self._here) or next((line for line in _LEAST if line not in self._said.text), _LEAST[-1])

    def _word(self, move: str) -> bool:
        lines = getattr(phrase_book()[move], self._stance)
        first = int(self._chance.number(*self._purpose, move) * len(lines))
        for line in (*lines[first:], *lines[:first]):
            if self._free(line) and (filled := self._fill(line, move)) and filled not in self._said.text:
                self._here.append(filled)
                return True
        return False

    def _free(self, line: str) -> bool:
        """Whether the fixed words of a phrase were not said yet."""
        fixed = max(_FIXED.split(line), key=len).strip()
        return len(fixed) < 12 or (fixed not in self._said.text and not any(fixed in text for text in self._here))

    def _fill(self, line: str, move: str) -> str:
        """The phrase with its slots filled and its alternatives decided, or nothing where a slot finds no words."""
        for number, (bracket, options) in enumerate(alternatives(line)):
            line = line.replace(bracket, self._chance.pick(options, *self._purpose, move, "way", number), 1)
        given = list(self._given)
        values: dict[str, str] = {}
        for slot in dict.fromkeys(slots_of(line)):
            value = self._value(slot, move, given)
            if not value:
                return ""
            values[slot] = value
            given.append(value)
        self._given = given
        filled = _SLOT.sub(lambda m: capitalised(values[m[1].lower()]) if m[1][0].isupper() else values[m[1]], line)
        return _START.sub(lambda m: m[1] + m[2].upper(), filled)

    def _value(self, slot: str, move: str, given: list[str]) -> str:
        reading = self._reading
        if slot in ("echo", "you", "quote"):
            worth = reading.felt if reading.felt and move in ("name", "validate") else reading.clauses
            clauses = [c for c in worth[:3] if not self._is_used(c.turned, given) and not self._is_used(quote_of(c), given)]
            if slot == "you":
                clauses = [c for c in clauses if c.turned.startswith("you")]
            if not clauses:
                return ""
            clause = clauses[int(self._chance.number(*self._purpose, move, slot) ** 1.7 * len(clauses))]
            return quote_of(clause) if slot == "quote" else clause.turned
        if slot in ("noun", "earlier"):
            nouns = [noun for noun in (reading.nouns if slot == "noun" else reading.earlier[:6]) if noun not in given]
            # A second sentence stays with what the first one gave back.
            nouns = [noun for noun in nouns if any(noun in one for one in given)] or nouns
            return self._chance.pick(nouns, *self._purpose, move, slot) if nouns else ""
        if reading.feeling is None:
            return ""
        return reading.feeling.noun if slot == "feeling" else reading.feeling.felt

    def _is_used(self, words: str, given: list[str]) -> bool:
        return words in self._said.text or any(words in one or one in words for one in given)


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
