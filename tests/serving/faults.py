"""Which fault strikes which request, and how each looks on the wire. It knows neither routes nor what is said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from hashlib import sha256
from math import ceil

from tests.serving.behaviour import Behaviour, Fault
from tests.serving.connection import Playback, chunk, head, reply
from tests.serving.replies import END_OF_STREAM, Answer, error, first_words, tokens

JSON_ONLY: frozenset[Fault] = frozenset({"malformed", "truncated", "out_of_character"})
"""Faults of an answer that was to be JSON: they strike no other."""
BILLED: frozenset[Fault] = frozenset({"empty", "malformed", "truncated", "no_choices", "refusal", "content_filter", "out_of_character"})
"""Faults of answers that come whole, with their usage."""
HELPER = "As an AI language model, I am here to help you. How does that make you feel?"
_MESSAGE = re.compile(r'"message": ".*', re.DOTALL)
"""The last field of what Vigil's speakers answer."""
PAGE = b"<!doctype html><title>Sorry</title><p>Something is being mended here.</p>"


def struck(behaviour: Behaviour, digest: bytes, seen: int, *, json_asked: bool) -> Fault | None:
    """What goes wrong with a body that came `seen` times before: nothing decides it but the seed, the body's hash and that number."""
    if not behaviour.fault_rate:
        return None
    draw = sha256(f"{behaviour.fault_seed}:{seen}:".encode() + digest).digest()
    if int.from_bytes(draw[:8], "big") >= behaviour.fault_rate * 2**64:
        return None
    kinds = [kind for kind in behaviour.faults if json_asked or kind not in JSON_ONLY]
    return kinds[int.from_bytes(draw[8:16], "big") % len(kinds)] if kinds else None


def spoil(answer: Answer, fault: Fault | None) -> Answer:
    """The answer as a fault leaves it, for faults of what is said."""
    match fault:
        case "empty":
            return replace(answer, text="")
        case "malformed":
            return replace(answer, text="Certainly: " + answer.text.translate({ord(mark): None for mark in '{}"'}))
        case "truncated":
            return replace(answer, text=first_words(answer.text, max(1, tokens(answer.text) * 2 // 5)), finish="length")
        case "out_of_character":
            return replace(answer, text=_MESSAGE.sub(f'"message": "{HELPER}"}}', answer.text))
        case "refusal":
            return replace(answer, text="", refusal="I am sorry, but I cannot help with that.")
        case "content_filter":
            return replace(answer, text="", finish="content_filter")
        case _:
            return answer


def instead(fault: Fault | None, behaviour: Behaviour) -> Playback | None:
    """What comes in the place of an answer, for faults that leave none."""
    match fault:
        case "rate_limit":
            return Playback((too_many(behaviour, 1.0),))
        case "rate_limit_bare":
            return Playback((too_many(replace(behaviour, retry_after="none"), 1.0),))
        case "quota":
            return Playback(
                (error(429, "You exceeded your current quota, please check your plan.", "insufficient_quota", "insufficient_quota"),)
            )
        case "server_error":
            return Playback((error(500, "The server had an error while processing your request.", None, "server_error"),))
        case "overloaded":
            return Playback((error(503, "The engine is overloaded, please try again later.", None, "server_error"),))
        case "html_error":
            return Playback((reply(502, PAGE, "text/html"),))
        case "hang":
            return Playback((), wait_s=behaviour.hang_s, hang_up=True)
        case _:
            return None


def too_many(behaviour: Behaviour, room_in_s: float) -> bytes:
    """A 429 that says when to come back in the form that is asked for."""
    wait = float(ceil(room_in_s)) if behaviour.retry_after_s is None else behaviour.retry_after_s
    told = {
        "seconds": {"retry-after": f"{wait:g}"},
        "date": {"retry-after": formatdate(ceil(time.time() + wait), usegmt=True)},
        "ms": {"retry-after-ms": f"{wait * 1000:g}"},
        "none": {},
    }[behaviour.retry_after]
    return error(429, "Rate limit reached. Please try again later.", "rate_limit_exceeded", "requests", **told)


def whole(answer: Answer, fault: Fault | None, behaviour: Behaviour, wait_s: float, done: Callable[[bool], None]) -> Playback:
    """The answer in one piece, or what a fault makes of it."""
    if fault == "not_json":
        return Playback((reply(200, PAGE, "text/html"),), wait_s, done=done)
    body = answer.whole(usage=behaviour.usage, choices=fault != "no_choices")
    if fault == "cut_off":
        sent = reply(200, body)
        return Playback((sent[: len(sent) - len(body) // 2],), wait_s, hang_up=True, done=done)
    if fault == "cut_quietly":
        body = body[: len(body) // 2]
    return Playback((reply(200, body),), wait_s, done=done)


def streamed(
    answer: Answer, fault: Fault | None, behaviour: Behaviour, wait_s: float, done: Callable[[bool], None], *, usage: bool
) -> Playback:
    """The answer as a stream, or what a fault makes of it."""
    events = [*answer.streamed(usage=usage and behaviour.usage, choices=fault != "no_choices")]
    started = head(200, "text/event-stream", transfer_encoding="chunked")
    gap_s = behaviour.chunk_ms / 1000
    if fault == "not_json":
        events = [b"data: " + PAGE + b"\n\n"]
    elif fault in ("cut_off", "cut_quietly"):
        # At least the role is told, and never how the answer ends.
        events = events[: max(1, len(events) // 2)]
    if fault == "cut_off":
        return Playback((started, *map(chunk, events), b"40\r\ndata: {"), wait_s, gap_s, hang_up=True, done=done)
    if fault != "cut_quietly":
        events.append(END_OF_STREAM)
    return Playback((started, *map(chunk, events), chunk(b"")), wait_s, gap_s, done=done)
