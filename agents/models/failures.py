"""From whatever a client library raises to one `CallFailed` of a kind, in a line that holds no secret and no body of an answer."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import urlsplit

from pydantic import SecretStr

from agents.ground.diagnostics import MASK, redact
from agents.models.calls import CallFailed
from agents.values import FailureKind

_LONGEST = 160
"""Characters of a server's own words that a message repeats."""
_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|ContextWindowExceeded|maximum model length|max_model_len|prompt (is )?too long"
    r"|too many (input )?tokens|tokens exceed|input is too long|string too long|`?inputs`? tokens \+|larger than the context",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|not a valid model|model[^.]{0,80}(not (be )?found|does ?n[o']t exist|not exist|is not supported by any provider)"
    r"|unknown model|no such model|pinned to|no endpoints found|not a local folder and is not a valid model",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"content[_ ](filter|policy|management)|was flagged|moderation|safety system", re.IGNORECASE)
_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""What servers call a quota that is used up. Their sentences do not tell: a limit of a minute is called a quota as well."""
_COME_BACK = re.compile(r"try(ing)? again|retry (in|after)", re.IGNORECASE)
_BAD_KEY = re.compile(r"invalid[_ ]api[_ ]key|incorrect api key|unauthori[sz]ed|authentication", re.IGNORECASE)
_CUT_OFF = re.compile(r"incomplete|without sending complete|complete message", re.IGNORECASE)


@dataclass(frozen=True)
class Where:
    """Whom a call went to, for the words of its failure."""

    model: str
    base_url: str
    key: SecretStr | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def safe(self, text: str) -> str:
        """One short line of a text, without anything that is or looks like a key."""
        key = self.key.get_secret_value() if self.key else ""
        line = " ".join((text.replace(key, MASK) if key else text).split())
        line = redact(line)
        return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def failure_of(error: Exception, where: Where) -> CallFailed:
    """What an exception of langchain, openai or httpx means."""
    import openai

    if isinstance(error, CallFailed):
        return error
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.body, error.response.headers, where)
    if isinstance(error, (openai.APITimeoutError, TimeoutError)):
        return CallFailed("timeout", f"{where.host} did not answer in time for {where.model}. Raise timeout_s, or ask it less at once.")
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(_cause(error), where)
    if isinstance(error, openai.APIResponseValidationError):
        return malformed(where, "what came is not a chat completion")
    if isinstance(error, openai.APIError):
        return _of_told(error.body if error.body is not None else {"message": error.message}, where)
    if isinstance(error, ValueError) and error.args and isinstance(error.args[0], Mapping):
        return _of_told(error.args[0], where)  # langchain raises an error that came with status 200 as it is
    if isinstance(error, (ValueError, KeyError, TypeError, AttributeError, IndexError)):
        return malformed(where, _shape(error))
    if isinstance(error, openai.OpenAIError):
        return CallFailed("other", f"The client refused to ask {where.host}: {where.safe(str(error))}")
    return _of_connection(error, where)


def malformed(where: Where, what: str, *, lasting: bool = False) -> CallFailed:
    """An answer that is none."""
    return CallFailed("malformed", f"{where.host}, asked for {where.model}: {what}.", lasting=lasting)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds that a server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = parsedate_tz(headers.get("retry-after", ""))
        return max(0.0, mktime_tz(date) - (time.time() if now is None else now)) if date else None
    except (ValueError, OverflowError):
        return None


def _of_status(status: int, body: object, headers: Mapping[str, str], where: Where) -> CallFailed:
    wait_s = retry_after(headers)
    kind = _kind_of_status(status, body, wait_s)
    return CallFailed(kind, _line(kind, status, body, where), retry_after_s=wait_s)


def _kind_of_status(status: int, body: object, wait_s: float | None) -> FailureKind:
    said = _words(body)
    if status == 402:
        return "auth"
    if status == 429:
        return "auth" if wait_s is None and not _COME_BACK.search(said) and _codes(body) & _QUOTA else "rate_limit"
    if status in (400, 403, 422) and _REFUSED.search(said):
        return "refusal"
    if status in (401, 403):
        return "auth"
    if status in (400, 413, 422, 500) and _TOO_LONG.search(said):
        return "context_overflow"
    if status == 404 or (status in (400, 422) and _NO_MODEL.search(said)):
        return "unknown_model"
    if status in (408, 504):
        return "timeout"
    if status >= 500 or status in (409, 425):
        return "server"
    return "auth" if status == 400 and _BAD_KEY.search(said) else "other"


def _line(kind: FailureKind, status: int, body: object, where: Where) -> str:
    said = f" It says: {told}" if (told := where.safe(_message(body))) else ""
    host, model = where.host, where.model
    match kind:
        case "auth" if status in (402, 429):
            return f"The quota of this key at {host} is used up ({status}). Add credit, or take another key or model.{said}"
        case "auth":
            return f"{host} does not take this key ({status}). Check the key, and that it may use {model}.{said}"
        case "rate_limit":
            return f"{host} was asked too often for {model} ({status}).{said}"
        case "context_overflow":
            return f"The request is longer than {model} at {host} can read ({status}). Take a model with more context.{said}"
        case "unknown_model" if _NO_MODEL.search(_words(body)):
            return f"{host} has no model {model!r} ({status}). `sim.py models check` lists what it has.{said}"
        case "unknown_model":
            return f"{where.base_url} knows no model {model!r}, or is not where an OpenAI-compatible server answers ({status}).{said}"
        case "refusal":
            return f"{host} refused to let {model} answer ({status}).{said}"
        case "timeout":
            return f"{host} gave up waiting for {model} ({status}).{said}"
        case "server":
            return f"{host} has trouble of its own ({status}).{said}"
        case _:
            return f"{host} does not accept the request for {model} ({status}).{said}"


def _of_told(body: object, where: Where) -> CallFailed:
    """An error that came in an answer's place, with status 200 or within a stream."""
    code = str(body.get("code", "")) if isinstance(body, Mapping) else ""
    status = int(code) if code.isdecimal() and 400 <= int(code) < 600 else None
    if status is None:
        said = _words(body)
        busy = "rate" in code or _codes(body) & _QUOTA
        status = 429 if busy else 400 if _TOO_LONG.search(said) or _NO_MODEL.search(said) or _REFUSED.search(said) else 500
    return _of_status(status, body, {}, where)


def _of_connection(error: BaseException, where: Where) -> CallFailed:
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return CallFailed("timeout", f"{where.host} did not answer in time for {where.model}. Raise timeout_s, or ask it less at once.")
    if isinstance(error, httpx2.RemoteProtocolError) and _CUT_OFF.search(str(error)):
        return malformed(where, "the answer was cut off on its way")
    if isinstance(error, httpx2.DecodingError):
        return malformed(where, "the answer cannot be decoded")
    if isinstance(error, (httpx2.TransportError, OSError)):
        why = where.safe(str(error)) or type(error).__name__
        return CallFailed(
            "unreachable", f"{where.host} cannot be reached: {why}. Is the server running, and is {where.base_url} its address?"
        )
    return CallFailed("other", f"{where.host}, asked for {where.model}: {type(error).__name__}: {where.safe(str(error))}")


def _cause(error: BaseException) -> BaseException:
    """What the network said, below the errors that were made of it."""
    import httpx2

    below: BaseException | None = error
    while below is not None and not isinstance(below, httpx2.HTTPError):
        below = below.__cause__
    return below or error


def _shape(error: Exception) -> str:
    """In which way an answer with status 200 was no chat completion; what it said stays out."""
    if isinstance(error, json.JSONDecodeError):
        return "what came is not JSON"
    if isinstance(error, UnicodeDecodeError):
        return "what came is not text"
    return "what came is not a chat completion; is it an OpenAI-compatible server, and does its address end in /v1"


def _words(body: object) -> str:
    """All that a server says, to look for what it means."""
    return body if isinstance(body, str) else json.dumps(body, default=str) if body is not None else ""


def _codes(body: object) -> set[str]:
    """What a server calls an error, for programs to read."""
    if isinstance(body, list):
        return set().union(*map(_codes, body))
    if not isinstance(body, Mapping):
        return set()
    return {str(body[name]) for name in ("code", "type") if name in body} | _codes(body.get("error"))


def _message(body: object) -> str:
    """The sentence of an error, wherever servers put it; nothing of a page."""
    if isinstance(body, str):
        return "" if "<" in body[:200] else body
    if not isinstance(body, Mapping):
        return ""
    for name in ("message", "error", "detail", "msg"):
        if (inner := body.get(name)) is not None:
            return inner if isinstance(inner, str) else _message(inner)
    return ""
