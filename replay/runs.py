"""What became of a batch: how far it is, what failed and why, how often its simulated Seekers were at fault, what it cost.

It is told the events of a run and of its conversations, one stream after another, and keeps counts only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from agents import BUILTIN, HUMAN, RunId, StreamId
from replay.costs import Costs
from store import (
    ConversationEnded,
    ConversationStarted,
    Event,
    ModelFailed,
    ModelReplied,
    ReactionForeseen,
    RunEnded,
    RunPlanned,
    SeekerSpoke,
    StoredEvent,
)

_WITHOUT_MODEL = (BUILTIN, HUMAN)
_REASK = "seeker.reask"
_REPAIR = ".repair"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    models: dict[str, str] = {}


class Asked(BaseModel):
    """A batch as it was asked for, as far as it is worth telling."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    personas: str = ""
    categories: tuple[str, ...] = ()
    per_persona: int = 1
    seed: int = 1
    language: str = "en"
    offset: int = 0
    limit: int | None = None
    settings: _Settings = _Settings()

    @property
    def models(self) -> dict[str, str]:
        """Chair to model."""
        return self.settings.models

    def in_words(self) -> str:
        """Who was asked for, in which troubles, how often, in which language."""
        people = "everybody planned" if self.personas == "all" else self.personas
        who = f"{int(people):,} planned people" if people.isdecimal() else people
        kinds = f"in {', '.join(self.categories)}" if self.categories else "all kinds of crisis"
        often = f"{self.per_persona} sessions each" if self.per_persona > 1 else ""
        tongue = {"en": "in English", "native": "each in their own language"}.get(self.language, f"in {self.language}")
        part = (f"after the first {self.offset:,}" if self.offset else "", f"{self.limit:,} at most" if self.limit else "")
        return ", ".join(filter(None, (who, kinds, often, tongue, *part, f"seed {self.seed}")))

    def as_json(self) -> dict[str, object]:
        return {**self.model_dump(mode="json", exclude={"settings"}), "models": self.models}


def asked_of(planned: RunPlanned) -> Asked | None:
    """The request of a plan; None where it was written in another way than this Vigil's."""
    try:
        return Asked.model_validate(planned.settings.get("request"))
    except ValidationError:
        return None


@dataclass
class Simulator:
    """What the check of simulated Seekers found. A message that was foreseen and then said counts once."""

    messages: int = 0
    """What Seekers voiced by a model said or would have said."""
    reasked: int = 0
    """How often such a Seeker was asked anew because of a fault."""
    marked: int = 0
    """Messages whose fault stayed; datasets leave them out by default."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Messages by the kind of fault that stayed."""

    @property
    def mended(self) -> int:
        """Faults that were gone when the Seeker was asked anew."""
        return max(0, self.reasked - self.marked)

    @property
    def rate(self) -> float:
        """The share of messages whose fault stayed."""
        return self.marked / self.messages if self.messages else 0.0

    def add(self, message: SeekerSpoke | ReactionForeseen) -> None:
        self.messages += 1
        self.marked += bool(message.faults)
        self.kinds.update({fault.kind for fault in message.faults})

    def as_json(self) -> dict[str, object]:
        return {
            "messages": self.messages,
            "reasked": self.reasked,
            "mended": self.mended,
            "marked": self.marked,
            "rate": round(self.rate, 4),
            "by_kind": dict(self.kinds.most_common()),
        }


@dataclass(frozen=True)
class Trouble:
    """A conversation that failed, or that came to a halt and can be gone on with."""

    id: StreamId
    state: str
    reason: str


class Report:
    """A run, as more and more of its conversations are told."""

    def __init__(self, run: RunId, stream: Sequence[StoredEvent]) -> None:
        """`stream` holds the run's own events, its plan first."""
        first = stream[0]
        if not isinstance(first.event, RunPlanned):
            raise ValueError(f"{run} does not begin with a plan")
        ends = [(stored.position, stored.event) for stored in stream if isinstance(stored.event, RunEnded)]
        self.run, self.planned, self.asked = run, first.event, asked_of(first.event)
        self.planned_at, self.last_at = first.recorded_at, stream[-1].recorded_at
        self.ended: RunEnded | None = ends[-1][1] if ends else None
        self.states: Counter[str] = Counter()
        self.troubles: list[Trouble] = []
        self.simulator = Simulator()
        self.repairs = 0
        self.attempts_failed: Counter[str] = Counter()
        self.costs = Costs(("role",))
        self._ended_position, self._last_position = ends[-1][0] if ends else 0, 0

    @property
    def total(self) -> int:
        return len(self.planned.conversations)

    @property
    def missing(self) -> int:
        """Conversations without an end, begun or not."""
        return self.total - self.states["done"] - self.states["failed"]

    @property
    def open(self) -> bool:
        """Whether it is under way, or was killed: nobody wrote down how it went, or it went on since."""
        return self.ended is None or (self.missing > 0 and self._last_position > self._ended_position)

    @property
    def outcome(self) -> str:
        return "open" if self.ended is None or self.open else self.ended.outcome

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that was asked for; none where all chairs are built in."""
        asked = self.asked.models.values() if self.asked else ()
        return tuple(dict.fromkeys(model for model in asked if model not in _WITHOUT_MODEL))

    @property
    def next_step(self) -> str:
        return f"generate --resume {self.run}" if self.missing else "list"

    def add(self, stream: StreamId, events: Sequence[StoredEvent]) -> None:
        """Takes the events of one conversation that has begun, or the last of them."""
        self.last_at = max(self.last_at, events[-1].recorded_at)
        self._last_position = max(self._last_position, events[-1].position)
        end = next((one.event for one in reversed(events) if isinstance(one.event, ConversationEnded)), None)
        state = "begun" if end is None else "failed" if end.outcome == "failed" else "done"
        self.states[state] += 1
        if end is not None and state == "failed":
            self.troubles.append(Trouble(stream, state, end.reason))
        elif end is None and isinstance(last := events[-1].event, ModelFailed):
            self.troubles.append(Trouble(stream, "missing", f"{last.failure}: {last.message}"))
        self._read([one.event for one in events])
        for one in events:
            self.costs.add(one)

    def _read(self, events: Sequence[Event]) -> None:
        voiced, foreseen = False, set[tuple[int, str]]()
        for event in events:
            match event:
                case ConversationStarted():
                    voiced = event.settings.models.get("seeker", BUILTIN) not in _WITHOUT_MODEL
                case ReactionForeseen() if voiced:
                    foreseen.add((event.turn + 1, event.message))
                    self.simulator.add(event)
                case SeekerSpoke() if voiced and (event.turn, event.message) not in foreseen:
                    self.simulator.add(event)
                case ModelReplied():
                    self.simulator.reasked += event.purpose == _REASK
                    self.repairs += event.purpose.endswith(_REPAIR)
                case ModelFailed() if event.asked:
                    self.attempts_failed[event.failure] += 1
                case _:
                    pass

    def row(self) -> dict[str, object]:
        """A run in a line, with stable keys."""
        total = self.costs.total()
        return {
            "id": self.run,
            "planned_at": self.planned_at,
            "outcome": self.outcome,
            "planned": self.total,
            "done": self.states["done"],
            "failed": self.states["failed"],
            "missing": self.missing,
            "models": list(self.models),
            "cost": total.cost,
            "tokens": total.tokens,
        }

    def as_json(self) -> dict[str, object]:
        """All that is known of a run, with stable keys."""
        return {
            **self.row(),
            "begun": self.states["begun"],
            "reason": "" if self.ended is None or self.open else self.ended.reason,
            "request": self.asked.as_json() if self.asked else None,
            "budget": self.planned.budget,
            "last_at": self.last_at,
            "seconds": round((self.last_at - self.planned_at) / 1e6, 1),
            "failures": [vars(trouble) for trouble in self.troubles],
            "failed_attempts": dict(self.attempts_failed.most_common()),
            "simulator": self.simulator.as_json(),
            "repairs": self.repairs,
            "unusable": self.costs.total().unusable,
            "costs": self.costs.as_json()["rows"],
            "total": self.costs.total().as_json(),
            "next": self.next_step,
        }
