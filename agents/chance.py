"""Randomness by counting: every draw is a hash of who draws and for what, so order, crash, resume and branching change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """All draws that hang on one root seed and the overrides of a branch."""

    def __init__(self, seed: int, *overrides: str) -> None:
        self._root = "\x1f".join((str(seed), *overrides))

    def number(self, *purpose: object) -> float:
        """A number in [0, 1) that only the seed and the purpose decide."""
        key = "\x1f".join((self._root, *map(str, purpose)))
        return int.from_bytes(sha256(key.encode()).digest()[:7], "big") / 2**56

    def pick(self, options: Sequence[T], *purpose: object) -> T:
        """One of the options."""
        return options[int(self.number(*purpose) * len(options))]

    def sample(self, options: Sequence[T], count: int, *purpose: object) -> list[T]:
        """Some of the options in random order, each at most once."""
        left = list(options)
        return [left.pop(int(self.number(*purpose, step) * len(left))) for step in range(min(count, len(left)))]
