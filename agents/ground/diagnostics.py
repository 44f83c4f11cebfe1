"""Diagnostics on stderr through structlog: pretty on a terminal, JSON lines otherwise, secrets masked in both.

It is for those who operate Vigil; what happened in a conversation belongs to the event log, not here.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

MASK = "[secret]"
_SECRET_NAME = re.compile(r"(api[-_]?key|token|secret|passw(or)?d|authorization|credential)s?$", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-|hf_|xox[a-z]-|ghp_|AKIA)[A-Za-z0-9_\-]{8,}"  # keys by their well-known beginnings
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=://)(?P<user>[^/\s:@]*):\S+(?=@)"  # user:password@ in a URL, up to the last @: a password may hold one
    r"|(?<=password=)[^\s&'\"]+"
)


def redact(text: str) -> str:
    """`text` with everything that looks like a key or a password masked."""
    return _SECRET_VALUE.sub(lambda m: f"{m['user']}:{MASK}" if m["user"] is not None else MASK, text)


def _redacted(name: str, value: object) -> object:
    if _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted("", inner) for inner in value]
    if isinstance(value, BaseException):
        return redact(str(value))
    return value


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no secret passes, neither by the name of its field nor by its look."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def configure(level: str = "warning", stream: TextIO | None = None) -> None:
    """Sets structlog up once, for a whole process."""
    import structlog

    out = stream or sys.stderr
    pretty = out.isatty()
    renderer: Any = structlog.processors.JSONRenderer()
    if pretty:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,  # before the mask: a traceback may quote a secret
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
