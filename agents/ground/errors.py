"""The root of every error that Vigil raises on purpose, and how one is worded: what, where, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class VigilError(Exception):
    """Something a person can understand and mend; shown as one message, never as a traceback.

    VigilError
    ├── UsageError                  the command line, a setting or an id is not usable (exit code 2)
    │   └── SettingsError           a setting from a flag, the environment or a file
    └── StoreError                  everything that the log refuses (store/errors.py draws its branch)
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders: rebuild without calling a subclass's own `__init__`."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(kind: type[VigilError], message: str, state: dict[str, object]) -> VigilError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    error.args = (message,)
    return error


class UsageError(VigilError):
    """What was asked for cannot be understood."""

    exit_code: ClassVar[int] = 2


class SettingsError(UsageError):
    """A setting is unknown or has an unusable value; the message names where it was set."""


def nearest(name: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?" when something known is close to `name`, else the empty string."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
