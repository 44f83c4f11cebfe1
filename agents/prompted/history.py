"""The messages of a call: who the model is, what was said so far, what is asked now, and what gives way where a model can't read it all.

Own words come as the model's, the other's as the user's, in turns: many chat templates refuse two of a kind in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from agents.models.calls import CallFailed, Message
from agents.prompted.prompts import repair
from agents.scene import Utterance
from agents.snapshot import Decoding, Voice
from agents.values import Role

_BYTES_OF_A_TOKEN = 3.5
"""Letters beyond the Latin ones take two or three bytes, and more tokens."""
_LONGEST_ANSWER = 512
_REPAIR = 160
"""Tokens that asking again takes."""


@dataclass(frozen=True)
class Asked:
    """What a call says beside what was said in the conversation."""

    system: str
    task: str
    begin: str = ""
    """Stands before a history that the model's own words begin."""


def tokens(text: str) -> int:
    """About how many tokens a text takes."""
    return ceil(len(text.encode("utf-8", "replace")) / _BYTES_OF_A_TOKEN)


def messages(asked: Asked, said: Sequence[Utterance], mine: Role, voice: Voice, decoding: Decoding) -> tuple[Message, ...]:
    """System, history, task; where the model's context is known, the oldest exchanges give way to a note."""
    history = list(said)
    if voice.context is None:
        return _laid_out(asked, history, mine)
    room = _room(tokens(asked.system) + tokens(asked.task), mine, voice.context, voice, decoding)
    sizes = [tokens(utterance.text) for utterance in history]
    note = tokens(repair().left_out) + tokens(asked.begin)
    left = sum(sizes)
    gone = 0
    while gone < len(history) and left + (note if gone else tokens(asked.begin)) > room:
        for size in sizes[gone : gone + 2]:
            left -= size
        gone += 2
    return _laid_out(asked, history[gone:], mine, left_out=gone > 0)


def trimmed(lines: Sequence[str], bare: int, voice: Voice, decoding: Decoding, who: Role) -> list[str]:
    """The same for a talk that is given as text: the newest lines that fit, after a note where any was left out."""
    if voice.context is None:
        return list(lines)
    room = _room(bare, who, voice.context, voice, decoding)
    kept: list[str] = []
    for line in reversed(lines):
        room -= tokens(line) + 1
        if room < tokens(repair().left_out) and len(kept) < len(lines) - 1:
            return [repair().left_out, *kept]
        kept.insert(0, line)
    return kept


def _room(bare: int, who: Role, context: int, voice: Voice, decoding: Decoding) -> int:
    """Tokens for what was said before, beside a prompt without it and an answer; no call is made where not even these fit."""
    answer = decoding.max_tokens or _LONGEST_ANSWER
    if bare + answer > context:
        raise CallFailed(
            "context_overflow",
            f"the {who} is asked in about {bare} tokens and may answer in {answer}, but {voice.model} reads and writes {context} together. "
            "Take a model with a larger context, or lower max_tokens.",
        )
    # Where there is space, it leaves enough to give an answer back and ask again.
    return max(0, context - bare - 2 * answer - _REPAIR)


def _laid_out(asked: Asked, said: Sequence[Utterance], mine: Role, *, left_out: bool = False) -> tuple[Message, ...]:
    note = repair().left_out if left_out else asked.begin if said and said[0].role is mine else ""
    told = [Message("assistant" if one.role is mine else "user", one.text) for one in said]
    parts = [*([Message("user", note)] if note else []), *told, Message("user", asked.task.strip())]
    merged: list[Message] = []
    for part in parts:
        if merged and merged[-1].role == part.role:
            merged[-1] = Message(part.role, f"{merged[-1].content}\n\n{part.content}")
        else:
            merged.append(part)
    return (Message("system", asked.system.strip()), *merged)
