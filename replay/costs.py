"""What models were asked and what it cost: sums over the record of every call, grouped as somebody wants them.

It knows events, not where they are read from. Its memory grows with the number of groups, never with the number of calls.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agents import StreamId, UsageError, nearest
from store import ModelFailed, ModelReplied, StoredEvent

Call = ModelReplied | ModelFailed
Group = tuple[str, ...]
"""What the calls of a row have in common, in the order of what they are grouped by; empty where there is nothing."""

_PICO = 10**12
"""Dollars are summed in whole parts of this size: a sum of floats would depend on the order of its parts."""
_STEPS = 100
"""Latencies are counted in steps of a hundredth of e, so that a percentile is right to half a percent in little memory."""


@dataclass
class Latencies:
    """How long answers took, as counts on a logarithmic scale."""

    count: int = 0
    total_ms: float = 0.0
    steps: Counter[int] = field(default_factory=Counter)

    def add(self, latency_ms: float) -> None:
        self.count += 1
        self.total_ms += latency_ms
        self.steps[round(math.log1p(latency_ms) * _STEPS)] += 1

    def merge(self, other: Latencies) -> None:
        self.count += other.count
        self.total_ms += other.total_ms
        self.steps += other.steps

    def mean_ms(self) -> float | None:
        return self.total_ms / self.count if self.count else None

    def percentile_ms(self, share: float) -> float | None:
        """The time within which this share of all answers came."""
        wanted, seen = share * self.count, 0
        for step in sorted(self.steps):
            seen += self.steps[step]
            if seen >= wanted:
                return math.expm1(step / _STEPS)
        return None


@dataclass
class Sums:
    """The calls of a group."""

    answered: int = 0
    failed: int = 0
    """Attempts that brought no answer; some are billed all the same."""
    kept: int = 0
    """Answers from a cache: no call, nothing paid, no tokens counted."""
    unusable: int = 0
    """Answers that came, and are counted as such, but could not be used."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    """Answers whose tokens the server did not count."""
    latencies: Latencies = field(default_factory=Latencies)
    """Of answers; a refusal at the door says nothing about a model's speed."""
    _pico: int = 0

    @property
    def calls(self) -> int:
        """Attempts that reached for a server."""
        return self.answered + self.failed

    @property
    def tokens(self) -> int:
        """Prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost(self) -> float:
        """In US dollars."""
        return self._pico / _PICO

    @property
    def estimated_share(self) -> float:
        """Which part of all answers has estimated tokens."""
        return self.estimated / self.answered if self.answered else 0.0

    def add(self, event: Call) -> None:
        """Counts one record of a call."""
        if isinstance(event, ModelReplied):
            if event.kept:
                self.kept += 1
                return
            self.answered += 1
            self.estimated += not event.counted
            self.latencies.add(event.latency_ms)
        elif event.asked:
            self.failed += 1
        else:
            self.unusable += 1
        self.prompt_tokens += event.prompt_tokens
        self.completion_tokens += event.completion_tokens
        self._pico += round(event.cost * _PICO)

    def merge(self, other: Sums) -> None:
        """Counts all that another group counted."""
        for name in ("answered", "failed", "kept", "unusable", "prompt_tokens", "completion_tokens", "estimated", "_pico"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latencies.merge(other.latencies)

    def as_json(self) -> dict[str, object]:
        return {
            "calls": self.calls,
            "answered": self.answered,
            "failed": self.failed,
            "kept": self.kept,
            "unusable": self.unusable,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost": self.cost,
            "latency_mean_ms": _rounded(self.latencies.mean_ms()),
            "latency_p95_ms": _rounded(self.latencies.percentile_ms(0.95)),
            "estimated_share": round(self.estimated_share, 4),
        }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)


_BY: dict[str, Callable[[Call, StreamId, Mapping[StreamId, str]], str]] = {
    "run": lambda event, stream, runs: runs.get(stream, ""),
    "conversation": lambda event, stream, runs: stream,
    "role": lambda event, stream, runs: event.role.value,
    "model": lambda event, stream, runs: event.model,
    "purpose": lambda event, stream, runs: event.purpose,
}
BY = tuple(_BY)
"""What calls can be grouped by."""


def parse_by(text: str) -> tuple[str, ...]:
    """What to group by, from names with commas between."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in _BY:
            raise UsageError(f"--by {text!r}: calls cannot be grouped by {name!r}.{nearest(name, BY)} Known: {', '.join(BY)}.")
    return names


class Costs:
    """Sums by group, event after event."""

    def __init__(self, by: Sequence[str], runs: Mapping[StreamId, str] | None = None) -> None:
        """`runs` says which run a conversation or branch belongs to."""
        self.by = tuple(by)
        self._keys = [_BY[name] for name in by]
        self._runs = runs or {}
        self._groups: dict[Group, Sums] = {}

    def add(self, stored: StoredEvent) -> None:
        """Counts an event if it is the record of a call."""
        event = stored.event
        if isinstance(event, ModelReplied | ModelFailed):
            group = tuple(key(event, stored.stream, self._runs) for key in self._keys)
            self._groups.setdefault(group, Sums()).add(event)

    def rows(self) -> list[tuple[Group, Sums]]:
        """Every group, the dearest first."""
        return sorted(self._groups.items(), key=lambda row: (-row[1].cost, -row[1].tokens, -row[1].calls, row[0]))

    def total(self) -> Sums:
        """All groups together."""
        total = Sums()
        for sums in self._groups.values():
            total.merge(sums)
        return total

    def as_json(self) -> dict[str, object]:
        return {
            "by": list(self.by),
            "rows": [
                {**{name: key or None for name, key in zip(self.by, group, strict=True)}, **sums.as_json()} for group, sums in self.rows()
            ],
            "total": self.total().as_json(),
        }
