"""The little that the log asks of a database: reading from one moment, writing alone, and errors in Vigil's words.

`store/sqlite.py` and `store/postgres.py` answer it; everything above is the same for both.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from store.errors import StoreError

FORMAT = 1
"""The version of the tables. A log with a higher one is refused, never guessed at."""


def new_log_id() -> str:
    """A name for a new log, by which its anchors know it."""
    return f"log-{secrets.token_hex(8)}"


class ConstraintBroken(StoreError):
    """The database itself refused a row; the log turns this into the error that a caller understands."""


class Session(Protocol):
    """A transaction that is open. Statements are written with `?` for each parameter."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def text_from_bytes(self, parameter: str) -> str:
        """SQL that keeps as text a parameter that is given as UTF-8, which spares decoding and encoding each payload."""
        ...


class Database(Protocol):
    """A place where a log lives."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]: ...

    @property
    def name(self) -> str:
        """How a person knows this place; without secrets."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction that sees one moment of the log."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """The only transaction that writes; it commits at the end of the block or leaves nothing."""
        ...

    def as_bytes(self, column: str) -> str:
        """SQL for a text column's bytes as they are on disk, even if they are no text any more."""
        ...

    def as_json(self, column: str) -> str:
        """SQL for a text column in the form, bytes or text, in which it reaches a JSON parser fastest."""
        ...

    def size_bytes(self) -> int: ...

    def self_check(self) -> list[str]:
        """What the database says is wrong with its own structure: pages, indexes, missing guards."""
        ...

    def close(self) -> None: ...
