"""The built-in Supporter: answers the words that were said, cooler or warmer by care level, and never says a line twice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agents.chance import Chance
from agents.ground.ids import VariantId
from agents.scene import Proposal, Scene
from agents.values import CareLevel, Role

_TURNED = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'll": "you'll", "me": "you", "my": "your", "mine": "yours", "am": "are",
    "myself": "yourself",
}  # fmt: skip
_TOKEN = re.compile(r"[\w']+|[^\w\s]+|\s+")
_CLAUSE = re.compile(r"[^.!?]+")
_MOVES = {"cool": ("cool", "ask"), "plain": ("echo", "ask"), "warm": ("echo", "validate", "stay")}


class BuiltinSupporter:
    """Words its moves from a data file; what it echoes comes from the Seeker."""

    def __init__(self, lines: Mapping[str, tuple[str, ...]], chance: Chance) -> None:
        self._lines, self._chance = lines, chance

    def propose(self, scene: Scene, care_level: CareLevel) -> Proposal:
        """A reply at one care level."""
        style = "cool" if care_level < 0.35 else "plain" if care_level < 0.65 else "warm"
        moves = _MOVES[style]
        if style == "cool" and self._chance.number("advise", scene.turn) < 0.3:
            moves = ("cool", "advise")
        if style == "warm" and scene.turn % 3 == 0:
            moves = ("validate", "choose")
        said = " ".join(self._word(move, scene, style) for move in moves)
        return Proposal(VariantId(f"v{care_level:g}"), care_level, style, moves, said, f"{', then '.join(moves)}; nothing else for now.")

    def _word(self, move: str, scene: Scene, style: str) -> str:
        if move == "echo":
            return echo(scene.by(Role.SEEKER)[-1])
        used = " ".join(scene.by(Role.SUPPORTER))
        lines = self._lines[move]
        fresh = [line for line in lines if line not in used] or list(lines)
        return self._chance.pick(fresh, move, scene.turn, style)


def echo(message: str) -> str:
    """The last clause that the Seeker said of themselves, turned around."""
    clauses = [clause.strip() for clause in _CLAUSE.findall(message)]
    own = [clause for clause in clauses if re.search(r"\b(I|my|me|I'm)\b", clause)] or clauses
    tokens = _TOKEN.findall(re.sub(r"\bI was\b", "I were", own[-1]))
    turned = "".join(_TURNED.get(token.lower(), token) for token in tokens)
    turned = re.sub(r"^(so|well|maybe|that is why)[ ,]+", "", turned, flags=re.IGNORECASE)
    return turned[:1].upper() + turned[1:] + "."
