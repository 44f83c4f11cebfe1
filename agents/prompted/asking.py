"""Asking a model for a form: once, once more where the answer can't be read, and then a failure that is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import JsonValue

from agents.models.calls import Asking, Call, CallFailed, Message, Reply
from agents.prompted.parsing import objects, without_thoughts
from agents.prompted.prompts import filled, repair

T = TypeVar("T")
_GIVEN_BACK = 4000
"""Characters of a bad answer that are shown to the model again."""
_SEEDS = 2**31


async def ask_form(asking: Asking, call: Call, read: Callable[[dict[str, JsonValue]], T | None]) -> tuple[T, Reply]:
    """What the answer says, and the answer; its `cut` tells whether the form itself broke off."""
    reply = await asking.ask(call)
    if (found := _read(reply, read)) is not None:
        return found
    again = follow_up(call, "repair", reply.text, filled(repair().task, {"problem": _problem(reply)}))
    reply = await asking.ask(again)
    if (found := _read(reply, read)) is not None:
        return found
    failure = CallFailed(
        "malformed",
        f"{call.voice.model} was asked twice for {call.purpose} and gave no answer of the form. {_problem(reply)} "
        'Try a larger model, structured = "json_object", or more max_tokens.',
        lasting=True,
    )
    asking.unusable(again, failure)
    raise failure


def follow_up(call: Call, purpose: str, answer: str, request: str) -> Call:
    """A call that gives an answer back and asks for another one."""
    given_back = without_thoughts(answer)[:_GIVEN_BACK] or repair().nothing
    return replace(
        call,
        purpose=f"{call.purpose}.{purpose}",
        messages=(*call.messages, Message("assistant", given_back), Message("user", request.strip())),
        seed=None if call.seed is None else (call.seed + 1) % _SEEDS,
    )


def _read(reply: Reply, read: Callable[[dict[str, JsonValue]], T | None]) -> tuple[T, Reply] | None:
    for parsed in objects(reply.text):
        if (form := read(parsed.fields)) is not None:
            return form, replace(reply, cut=parsed.cut)
    return None


def _problem(reply: Reply) -> str:
    if reply.cut:
        return repair().cut
    return repair().wrong_fields if objects(reply.text) else repair().no_object
