"""What the test server says: believable short words in the form that each of Vigil's roles asks for, decided by the request alone.

It knows a role by the line that Vigil's system prompts carry at their end. Its sentences are in phrases.py.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from tests.serving.behaviour import Behaviour, nth
from tests.serving.phrases import ACTS, ASKING, DANGERS, HEARD, MOVES, OPENINGS, PLAIN, SECOND, SEEKER, SUPPORTER, THOUGHTS, WHY
from tests.serving.replies import text_of

_ROLE = re.compile(r"\[vigil role: (\w+)\]")
_DIMENSION = re.compile(r"^- ([\w.-]+) \(0 to (\d+)\)", re.MULTILINE)
_JUST_SAID = re.compile(r"just said:\n(.*?)(?:\n\n|$)", re.DOTALL)
_WORD = re.compile(r"[a-z]{5,12}", re.ASCII)
_DULL = """
about after again almost always anything because before being could doesn either enough every everything exactly feels going
having leave little maybe might never nothing other people really right should since someone something still their there these
thing things think those though through today where which while without would yours
"""
_DULL_WORDS = frozenset(_DULL.split())
REPLY = "\nThe reply:\n"
"""The line of a judge's last message after which the reply stands."""


class Draw:
    """Choices that only some words decide: the nth asked of the same words is always the same."""

    def __init__(self, words: bytes) -> None:
        self._digest = sha256(words).digest()
        self._at = 0

    def below(self, count: int) -> int:
        """A whole number from 0 to below `count`."""
        if self._at + 4 > len(self._digest):
            self._digest, self._at = sha256(self._digest).digest(), 0
        number = int.from_bytes(self._digest[self._at : self._at + 4], "big")
        self._at += 4
        return number % count

    def one_of(self, these: tuple[str, ...]) -> str:
        return these[self.below(len(these))]

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent


def words_for(body: dict[str, Any], behaviour: Behaviour, answered: int) -> str:
    """What is said to a request, after so many answers."""
    if behaviour.answers == "echo":
        return behaviour.texts[0]
    if behaviour.answers == "list":
        return str(nth(behaviour.texts, answered))
    messages = body["messages"]
    draw = Draw(_asked(body))
    if behaviour.structured == "ignored":
        return draw.one_of(PLAIN)
    match role_of(messages):
        case "seeker":
            told: Any = _seeker(messages, draw, behaviour.close_after)
        case "supporter":
            told = _supporter(messages, draw)
        case "judge":
            told = _judge(messages, draw)
        case _:
            told = _example(text_of(messages[-1])) or _filled(body.get("response_format"))
    return draw.one_of(PLAIN) if told is None else json.dumps(told, ensure_ascii=False)


def _asked(body: dict[str, Any]) -> bytes:
    """What decides an answer, and nothing of how it is to be sent."""
    said = "\x1e".join(f"{message.get('role')}\x1f{text_of(message)}" for message in body["messages"])
    return f"{body['model']}\x1e{body.get('seed')}\x1e{body.get('temperature')}\x1e{said}".encode("utf-8", "replace")


def json_asked(body: dict[str, Any]) -> bool:
    """Whether an answer to this is to be JSON."""
    return "response_format" in body or role_of(body["messages"]) is not None


def role_of(messages: list[dict[str, Any]]) -> str | None:
    """Which of Vigil's roles asks: the last such line of the first message."""
    found = _ROLE.findall(text_of(messages[0])[-400:]) if messages else []
    return found[-1] if found else None


def _seeker(messages: list[dict[str, Any]], draw: Draw, close_after: int | None) -> dict[str, Any]:
    exchanges = sum(message["role"] == "assistant" for message in messages)
    closes = close_after is not None and exchanges >= close_after and draw.chance(12)
    said = [_new(OPENINGS if exchanges == 0 else SEEKER, messages, draw)]
    if draw.chance(60):
        said.append(_new(SECOND, messages, draw))
    danger = None
    if not closes and draw.chance(4):
        level, hint, quoted = DANGERS[draw.below(len(DANGERS))]
        said.append(hint)
        danger = {"level": level, "words": [quoted]}
    if closes:
        said = ["Thank you for staying with me.", "I think I can rest for tonight."]
    scales = ("distress", "arousal", "trust", "hope", "openness")
    moved = {scale: 0 if exchanges == 0 else draw.below(9) - (5 if scale in ("distress", "arousal") else 3) for scale in scales}
    return {
        "heard": "" if exchanges == 0 else draw.one_of(HEARD),
        "effects": moved,
        "why": "" if exchanges == 0 else draw.one_of(WHY),
        "thought": draw.one_of(THOUGHTS),
        "act": "open" if exchanges == 0 else "close" if closes else draw.one_of(ACTS),
        "danger": danger,
        "message": " ".join(said),
    }


def _supporter(messages: list[dict[str, Any]], draw: Draw) -> dict[str, Any]:
    said = [_new(SUPPORTER, messages, draw), _new(ASKING, messages, draw)]
    return {"thought": draw.one_of(THOUGHTS), "strategy": [draw.one_of(MOVES)], "message": " ".join(said[: 1 + draw.below(2)])}


def _judge(messages: list[dict[str, Any]], draw: Draw) -> dict[str, Any]:
    reply = text_of(messages[-1]).rpartition(REPLY)[2].strip()
    words = reply.split(" ")
    scores = {}
    for name, top in _DIMENSION.findall("\n".join(text_of(m) for m in messages if m["role"] != "assistant")):
        score = draw.below(int(top) + 1)
        start = draw.below(max(1, len(words) - 3))
        scores[name] = {"score": score, "evidence": [" ".join(words[start : start + 4])] if score and reply else []}
    return {"scores": scores, "violations": []}


def _new(sentences: tuple[str, ...], messages: list[dict[str, Any]], draw: Draw) -> str:
    """A sentence that the one who answers has not said yet, as long as there is one."""
    before = "\n".join(text_of(message) for message in messages if message["role"] == "assistant")
    start = draw.below(len(sentences))
    choices = [_about(sentence, messages, draw) for sentence in sentences[start:] + sentences[:start] if sentence not in before]
    return next((choice for choice in choices if choice not in before), _about(sentences[start], messages, draw))


def _about(sentence: str, messages: list[dict[str, Any]], draw: Draw) -> str:
    """A sentence, with a word of what the other said last where it leaves room for one."""
    if "{word}" not in sentence:
        return sentence
    words = [word for word in _WORD.findall(_heard(messages).lower()) if word not in _DULL_WORDS]
    return sentence.replace("{word}", draw.one_of(tuple(words)) if words else "this")


def _heard(messages: list[dict[str, Any]]) -> str:
    """What the other said last: a task tells it, or it is the message before the task."""
    told = [text_of(message) for message in messages if message["role"] == "user"]
    quoted = next(filter(None, map(_JUST_SAID.search, reversed(told))), None)
    return quoted[1] if quoted else "".join(told[-2:-1])


def _example(text: str) -> Any:
    """The first JSON object that a text holds, for whoever asks for one like it in words."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except ValueError:
        return None


def _filled(form: dict[str, Any] | None) -> Any:
    """The plainest object of a form that the server is to hold to; None where it is to hold to none."""
    if form is None or form.get("type") not in ("json_object", "json_schema"):
        return None
    return _plainest((form.get("json_schema") or {}).get("schema") or {"type": "object"})


def _plainest(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return {name: _plainest(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "yes"
