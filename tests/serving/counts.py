"""What the test server saw and did, counted by itself, for totals to be compared with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Counts:
    """Counts of chat requests, from the start or the last `Server.reset`."""

    requests: int = 0
    """All that arrived whole."""
    distinct: int = 0
    """How many different bodies they had."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """What became of each: `answered` (well, and written out in full), a fault's name, `limited` (too many a minute), `unauthorised`,
    `unknown_model`, `context_overflow`, `bad_request`, or `abandoned` (the client was gone before the end)."""
    prompt_tokens: dict[str, int] = field(default_factory=dict)
    """By outcome, for whatever came whole and with its usage: what a provider would bill and a client can know."""
    completion_tokens: dict[str, int] = field(default_factory=dict)
    answered_again: int = 0
    """How many were answered well though the same body had been before."""
    at_once: int = 0
    """How many are being answered now."""
    most_at_once: int = 0
    connections: int = 0
    """How many connections were opened for them."""
    cpu_s: float = 0.0
    """The processor time that the server has taken since it started."""

    @property
    def answered(self) -> int:
        """How many were answered well."""
        return self.outcomes.get("answered", 0)

    @property
    def faults(self) -> int:
        """How many were not."""
        return sum(self.outcomes.values()) - self.answered

    @property
    def all_prompt_tokens(self) -> int:
        return sum(self.prompt_tokens.values())

    @property
    def all_completion_tokens(self) -> int:
        return sum(self.completion_tokens.values())

    def came(self, outcome: str) -> None:
        """One request came to an end."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def billed(self, outcome: str, prompt_tokens: int, completion_tokens: int) -> None:
        """One answer was paid for."""
        self.prompt_tokens[outcome] = self.prompt_tokens.get(outcome, 0) + prompt_tokens
        self.completion_tokens[outcome] = self.completion_tokens.get(outcome, 0) + completion_tokens

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Counts:
        return cls(**{field.name: told[field.name] for field in fields(cls)})
