"""Records of calls for tests of what they cost, in few words."""

from __future__ import annotations

from typing import Any

from agents import Role
from store import ModelFailed, ModelReplied

MODEL = "openai:m"


def replied(purpose: str = "seeker.speak", *, cost: float = 0.01, latency_ms: float = 100.0, **more: Any) -> ModelReplied:
    """One answer of 10 tokens to a prompt of 100."""
    told = {"prompt_tokens": 100, "completion_tokens": 10, "attempt": 1, "request_key": "k", "model": MODEL, "text": "Yes.", **more}
    return ModelReplied(purpose=purpose, role=_role(purpose), cost=cost, latency_ms=latency_ms, **told)


def failed(purpose: str = "seeker.speak", *, failure: str = "rate_limit", **more: Any) -> ModelFailed:
    """One attempt that brought nothing."""
    told = {"message": "it was asked too often", "latency_ms": 3.0, "attempt": 1, "request_key": "k", "model": MODEL, **more}
    return ModelFailed(purpose=purpose, role=_role(purpose), failure=failure, **told)  # type: ignore[arg-type]


def _role(purpose: str) -> Role:
    return Role(purpose.partition(".")[0])
