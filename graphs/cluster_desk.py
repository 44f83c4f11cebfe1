"""What the tasks of a cluster share, in one small Ray actor: the budget, the wish to stop, and whose turn it is at a chunk of sessions.

It knows sums and flags; sessions and the log it leaves to the tasks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from agents import Budget, LocalPurse, VigilError

Actor = Any
"""A handle to the actor that a `Desk` lives in; Ray makes its methods."""
_PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.5
"""A task asks this often at most whether it is time to leave."""


class DeskLost(VigilError):
    """The actor that holds what a batch shares does not answer."""


class Desk:
    """What lives in the actor."""

    def __init__(self, budget: Budget, before: tuple[float, int]) -> None:
        self._purse = LocalPurse(budget, before)
        self._stopping = False
        self._attempts = Counter[int]()

    def begin(self, chunk: int) -> int:
        """A task begins with a chunk of sessions: which attempt this is."""
        self._attempts[chunk] += 1
        return self._attempts[chunk]

    def leave(self, chunk: int, attempt: int) -> bool:
        """Whether that attempt has to go: all have, or a later one has begun, as its worker was taken for dead."""
        return self._stopping or attempt < self._attempts[chunk]

    def stop(self) -> None:
        """Everybody has to go."""
        self._stopping = True

    def reserve(self, cost: float, tokens: int) -> bool:
        """As a purse does."""
        return self._purse.reserve(cost, tokens)

    def settle(self, reserved_cost: float, reserved_tokens: int, cost: float, tokens: int) -> None:
        """As a purse does."""
        self._purse.settle(reserved_cost, reserved_tokens, cost, tokens)

    def spent(self) -> tuple[float, int]:
        """As a purse says."""
        return self._purse.spent()


def open_desk(budget: Budget, before: tuple[float, int]) -> Actor:
    """A desk on the node that this process is on: it is lost only when the batch itself is."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    desk = ray.remote(Desk).options(num_cpus=0, scheduling_strategy=here).remote(budget, before)
    asked(desk.spent.remote())
    return desk


def asked(answer: Any) -> Any:
    """What the desk says."""
    import ray

    try:
        return ray.get(answer, timeout=_PATIENCE_S)
    except ray.exceptions.RayError as error:
        raise DeskLost(
            f"The process that holds this batch's budget does not answer ({type(error).__name__}). "
            "Everything so far is kept; resume the run with `sim.py generate --resume`."
        ) from None


class RayPurse:
    """The purse on the desk.

    What a worker held back when it was killed stays held back: its calls may have been paid.
    """

    def __init__(self, desk: Actor, budget: Budget) -> None:
        self._desk = desk
        self._limited = budget != Budget()

    def reserve(self, cost: float, tokens: int) -> bool:
        return not self._limited or bool(asked(self._desk.reserve.remote(cost, tokens)))

    def settle(self, reserved_cost: float, reserved_tokens: int, cost: float, tokens: int) -> None:
        """Tells the desk and does not wait: it hears one caller's words in their order."""
        held = (reserved_cost, reserved_tokens) if self._limited else (0.0, 0)
        self._desk.settle.remote(*held, cost, tokens)

    def spent(self) -> tuple[float, int]:
        cost, tokens = asked(self._desk.spent.remote())
        return cost, tokens


class Leaving:
    """Whether one attempt at a chunk has to leave, asked again only after a while."""

    def __init__(self, desk: Actor, chunk: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._chunk, self._clock = desk, chunk, clock
        self._attempt: int = asked(desk.begin.remote(chunk))
        self._leave, self._looked = False, float("-inf")

    def __call__(self) -> bool:
        now = self._clock()
        if not self._leave and now - self._looked >= _LOOK_AGAIN_S:
            self._looked = now
            self._leave = bool(asked(self._desk.leave.remote(self._chunk, self._attempt)))
        return self._leave
