"""How a figure is measured, held against its floors, printed and written down; it knows nothing of what is measured.

A subject and its reference take turns within one run, so that what else the machine does falls on both.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agents import Terminal

TIMES = 5
"""Counted rounds of each subject and each reference; one more of each comes before them to warm up."""
TIMES_IF_SHORT = 15
"""For rounds of a fraction of a second, which a neighbour's work upsets more easily."""
RATIO = "×"

Round: TypeAlias = Callable[[], AbstractContextManager[Callable[[], object]]]
"""Prepares one round and hands out the work that the clock sees; tidies up after it."""


@dataclass(frozen=True)
class Floor:
    """What a figure has to reach."""

    sign: Literal["≥", "≤"]
    bound: float
    unit: str = RATIO
    """`×` bounds the ratio to the reference; every other unit bounds the value itself."""

    def met_by(self, value: float, ratio: float | None) -> bool:
        figure = ratio if self.unit == RATIO else value
        if figure is None:
            raise ValueError(f"{self} bounds a ratio, but there is no reference")
        return figure >= self.bound if self.sign == "≥" else figure <= self.bound

    def __str__(self) -> str:
        bound = f"{self.bound:,.0f}" if self.bound >= 1_000 else f"{self.bound:.2f}"
        return f"{self.sign} {bound} {self.unit}"


def at_least(bound: float, unit: str = RATIO) -> Floor:
    return Floor("≥", bound, unit)


def at_most(bound: float, unit: str = RATIO) -> Floor:
    return Floor("≤", bound, unit)


@dataclass(frozen=True)
class Row:
    """One line of the table, under the words of the issue that asks for it."""

    name: str
    value: float
    unit: str
    reference: str | None = None
    reference_value: float | None = None
    """In the same unit."""
    floors: tuple[Floor, ...] = ()
    """All of them must be met; none where a row only informs."""

    @property
    def ratio(self) -> float | None:
        return None if self.reference_value is None else self.value / self.reference_value

    @property
    def ok(self) -> bool:
        return all(floor.met_by(self.value, self.ratio) for floor in self.floors)

    def as_json(self) -> dict[str, str | float | bool | None]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "reference": self.reference,
            "reference_value": self.reference_value,
            "ratio": self.ratio,
            "floor": " and ".join(map(str, self.floors)) or None,
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Bench:
    """What a benchmark is given."""

    folder: Path
    """Its own, empty, removed afterwards."""
    events: int
    """How many events make a big log."""


class Skipped(Exception):
    """A benchmark that this machine cannot run, and why; only for rows without a floor."""


@dataclass(frozen=True)
class Benchmark:
    """A way to get one or more rows."""

    key: str
    """What `ONLY` is looked for in."""
    measure: Callable[[Bench], Sequence[Row]]


def medians(*rounds: Round, times: int = TIMES) -> list[float]:
    """The median seconds of each kind of round, all kinds taking turns."""
    took: list[list[float]] = [[] for _ in rounds]
    for number in range(times + 1):
        for seconds, round_ in zip(took, rounds, strict=True):
            found = _timed(round_)
            if number:
                seconds.append(found)
    return [statistics.median(seconds) for seconds in took]


def _timed(round_: Round) -> float:
    with round_() as work:
        gc.collect()
        gc.freeze()  # what the round prepared is not the work's to be walked through
        try:
            started = time.perf_counter()
            work()
            return time.perf_counter() - started
        finally:
            gc.unfreeze()


def show(rows: Sequence[Row], terminal: Terminal) -> None:
    """The table as a person reads it."""
    terminal.table(("what", "value", "unit", "reference", "value", "ratio", "floor", "ok"), [_cells(row) for row in rows])


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _figure(row.value),
        row.unit,
        row.reference or "-",
        "-" if row.reference_value is None else _figure(row.reference_value),
        "-" if row.ratio is None else f"{row.ratio:.2f} {RATIO}",
        " and ".join(map(str, row.floors)) or "-",
        "-" if not row.floors else "yes" if row.ok else "NO",
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.3g}"


def write(rows: Sequence[Row], path: Path) -> None:
    """The table as a program reads it."""
    path.write_text(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
