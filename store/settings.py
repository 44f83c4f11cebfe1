"""What the store takes from outside: where the log is and how carefully it is written."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import Field

from agents import FrozenSettings


class StoreSettings(FrozenSettings):
    """The store's settings."""

    log: str = "vigil.db"
    """A path, `sqlite:///path`, or `postgresql://user@host/database?schema=vigil`."""
    durability: Literal["full", "normal"] = "full"
    """`full` survives a power cut after each turn; `normal` may lose the last turns then, never part of one."""
    busy_timeout_s: Annotated[float, Field(ge=0, le=600)] = 30
    """How long to wait for others that write."""


class HasStore(Protocol):
    """The part of all settings that a command needs which reads or writes a log."""

    @property
    def store(self) -> StoreSettings: ...
