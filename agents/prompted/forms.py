"""What a model's answers must hold, read leniently: numbers as words, missing extras, keys in other letters. Only the message must be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, ValidationError

M = TypeVar("M", bound=BaseModel)
_INTEGER = re.compile(r"[+\-−]?\d{1,6}(?:\.\d+)?")
_UNSAYABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _words(value: object) -> object:
    """Text without what no log can hold; a list of texts as one, nothing as no words."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = " ".join(value)
    if isinstance(value, bool | int | float):
        value = str(value)
    return _UNSAYABLE.sub("", value).strip() if isinstance(value, str) else value


def _message(value: object) -> object:
    return value if value is None else _words(value)


def _whole(value: object) -> object:
    """A whole number out of a number or of words with one; 0 where there is none."""
    if isinstance(value, str) and (found := _INTEGER.search(value)):
        value = float(found[0].replace("−", "-"))
    return max(-1000, min(1000, round(value))) if isinstance(value, int | float) else 0


def _quotes(value: object) -> object:
    """A list of texts, from one text as well."""
    items = value if isinstance(value, list) else [value]
    return tuple(text for item in items if isinstance(item, str) and (text := str(_words(item))))


Words = Annotated[str, BeforeValidator(_words)]
Message = Annotated[str, BeforeValidator(_message)]
Whole = Annotated[int, BeforeValidator(_whole)]
Quotes = Annotated[tuple[str, ...], BeforeValidator(_quotes)]


class Form(BaseModel):
    """The base of all forms."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Effects(Form):
    """What a message did to each scale."""

    distress: Whole = 0
    arousal: Whole = 0
    trust: Whole = 0
    hope: Whole = 0
    openness: Whole = 0


class DangerForm(Form):
    """A danger that a Seeker let show."""

    level: Words = ""
    words: Quotes = ()


def _effects(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _danger(value: object) -> object:
    return value if isinstance(value, dict) else None


class SeekerForm(Form):
    """How it landed, and what is said."""

    heard: Words = ""
    effects: Annotated[Effects, BeforeValidator(_effects)] = Effects()
    why: Words = ""
    thought: Words = ""
    act: Words = ""
    danger: Annotated[DangerForm | None, BeforeValidator(_danger)] = None
    message: Message


class SupporterForm(Form):
    """A reply, and what it is meant to do."""

    thought: Words = ""
    strategy: Quotes = ()
    message: Message


class ScoreForm(Form):
    """A score and the words that earned it."""

    score: Whole
    evidence: Quotes = ()


class ViolationForm(Form):
    """A hard line that was crossed."""

    rule: Words = ""
    words: Words = ""


def _scores(value: object) -> object:
    """Scores by dimension, a bare number standing for a score without evidence."""
    if not isinstance(value, dict):
        return value
    return {name: item if isinstance(item, dict) else {"score": item} for name, item in value.items()}


def _violations(value: object) -> object:
    items = value if isinstance(value, list) else []
    return tuple({"rule": item} if isinstance(item, str) else item for item in items if isinstance(item, str | dict))


class JudgeForm(Form):
    """A judge's verdict."""

    scores: Annotated[dict[str, ScoreForm], BeforeValidator(_scores)]
    violations: Annotated[tuple[ViolationForm, ...], BeforeValidator(_violations)] = ()


def reader(form: type[M]) -> Callable[[Mapping[str, JsonValue]], M | None]:
    """Reads an object as a form, or says None: also where it is wrapped in another object."""

    def read(fields: Mapping[str, JsonValue]) -> M | None:
        levelled = _levelled(fields)
        for candidate in (levelled, *(inner for inner in levelled.values() if isinstance(inner, dict))):
            try:
                return form.model_validate(candidate)
            except ValidationError:
                continue
        return None

    return read


def _levelled(value: Any) -> Any:
    """The same with all keys in small letters and underscores."""
    if isinstance(value, Mapping):
        return {re.sub(r"[\s-]+", "_", str(key).strip().lower()): _levelled(inner) for key, inner in value.items()}
    return [_levelled(item) for item in value] if isinstance(value, list) else value
