"""How the test server behaves: every knob of it, checked. It knows nothing of how a knob is obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

Fault = Literal[
    "rate_limit",
    "rate_limit_bare",
    "server_error",
    "hang",
    "cut_off",
    "not_json",
    "empty",
    "malformed",
    "truncated",
    "cut_quietly",
    "quota",
    "overloaded",
    "html_error",
    "no_choices",
    "refusal",
    "content_filter",
    "out_of_character",
]
"""What may go wrong with one answer; tests/serving/faults.py says what each does."""
COMMON: tuple[Fault, ...] = get_args(Fault)[:9]
"""The faults that are drawn by chance unless told otherwise; the others come only when named."""


@dataclass(frozen=True)
class Behaviour:
    """Every knob of the test server; `Server.set` turns any of them while it runs."""

    models: tuple[str, ...] = ("test-model",)
    """The models it has; none means that it answers to every name."""
    lists_models: bool = True
    """Whether GET /v1/models works; otherwise it is 404."""
    pretends: Literal["openai", "html", "nothing", "other_json"] = "openai"
    """What it takes itself for; all but `openai` answer everything under /v1 with a page, a 404 or JSON of another shape."""
    key: str | None = None
    """The only key that it lets in; None lets everybody in."""
    context: int | None = None
    """How many tokens prompt and answer may have together."""
    refuses: Literal["", "refusal", "content_filter"] = ""
    """In which way it refuses every request."""
    structured: Literal["honoured", "ignored", "refused"] = "honoured"
    """Whether it can answer in JSON: `ignored` answers in plain words, `refused` says 400 to any `response_format`."""
    usage: bool = True
    """Whether answers say how many tokens they took."""
    latency_ms: float | tuple[float, ...] = 0.0
    """How long an answer takes; of several, the nth answer takes the nth, and all later ones the last."""
    chunk_ms: float = 0.0
    """How long each further piece of a stream takes; 0 sends all pieces at once."""
    requests_per_minute: int | None = None
    window_s: float = 60.0
    """How long the minute of `requests_per_minute` is."""
    retry_after: Literal["seconds", "date", "ms", "none"] = "seconds"
    """In which form a 429 says when to come back."""
    retry_after_s: float | None = None
    """What a 429 says; None says when there is room again, or one second if a fault made it up."""
    fault_rate: float = 0.0
    """The share of requests that something goes wrong with."""
    fault_seed: int = 0
    faults: tuple[Fault, ...] = COMMON
    """What goes wrong by chance."""
    script: tuple[Fault | None, ...] = ()
    """What goes wrong with the first requests, one by one; chance takes over afterwards."""
    hang_s: float = 30.0
    """How long a request that is never answered is kept open."""
    answers: Literal["role", "echo", "list"] = "role"
    """Who words an answer: the request itself, or `texts`: always the first of them, or the nth for the nth answer (then the last)."""
    texts: tuple[str, ...] = ("As you say.",)
    close_after: int | None = 6
    """After how many exchanges a Seeker may take leave; None means never."""
    keep: int = 200
    """How many requests are kept to look at."""

    def __post_init__(self) -> None:
        unknown = ({*self.faults, *self.script} - {None}) - {*get_args(Fault)}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(map(str, unknown)))}; there are {', '.join(get_args(Fault))}")
        if not (0 <= self.fault_rate <= 1 and self.faults):
            raise ValueError("fault_rate goes from 0 to 1, and needs at least one fault to draw")
        if not self.texts:
            raise ValueError("texts needs at least one text")

    def changed(self, changes: Mapping[str, Any]) -> Behaviour:
        """The same with some knobs turned; lists, as JSON has them, become tuples."""
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"no such knob: {', '.join(sorted(unknown))}; there are {', '.join(f.name for f in fields(self))}")
        turned: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
        return replace(self, **turned)

    def knobs(self) -> dict[str, Any]:
        """What `changed` understands, here or in another process."""
        return asdict(self)

    def latency_s(self, answered: int) -> float:
        """How long the answer after so many others takes."""
        return nth(self.latency_ms, answered) / 1000 if isinstance(self.latency_ms, tuple) else self.latency_ms / 1000


def nth(these: tuple[Any, ...], index: int) -> Any:
    """One of these, and the last of them from the end on."""
    return these[min(index, len(these) - 1)]
