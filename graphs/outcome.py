"""What came of one session of a batch, and what came of all of them so far. It knows counts, not how sessions are played."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from agents import StreamId

Kind = Literal["done", "failed", "left", "stopped", "budget"]
"""`left`: it could not go on today, and a resumed run goes on with it; `stopped` and `budget`: it was asked to leave."""


@dataclass(frozen=True)
class Outcome:
    """How one session was left."""

    stream: StreamId
    kind: Kind
    reason: str = ""
    hopeless: bool = False
    """Whether every other session would meet the same: a wrong key, a model that is not there."""
    contested: bool = False
    """Whether somebody else wrote the session meanwhile."""


@dataclass
class Tally:
    """What is known of a batch."""

    total: int
    patience: int = 10
    """After how many sessions in a row that had to be left the batch gives up."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    reasons: list[tuple[StreamId, str]] = field(default_factory=list)
    """Of sessions that failed or were left, the first ones."""
    hopeless: str = ""
    """Why the rest need not be tried."""
    _left: int = 0

    def add(self, outcome: Outcome) -> None:
        """Counts one more session."""
        self.kinds[outcome.kind] += 1
        if outcome.reason and outcome.kind in ("failed", "left") and len(self.reasons) < 20:
            self.reasons.append((outcome.stream, outcome.reason))
        self._left = self._left + 1 if outcome.kind == "left" and not outcome.contested else 0
        if outcome.hopeless or self._left >= self.patience:
            self.hopeless = self.hopeless or outcome.reason

    @property
    def over(self) -> int:
        """Sessions that have an end, good or bad."""
        return self.kinds["done"] + self.kinds["failed"]

    @property
    def missing(self) -> int:
        """Sessions that have none."""
        return self.total - self.over
