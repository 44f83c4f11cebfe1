"""Changing single fields of a value by their dotted names, as a branch does: `hexaco.emotionality` becomes 80."""

from __future__ import annotations

from typing import TypeVar

from pydantic import JsonValue, ValidationError

from agents import UsageError, Value, nearest

V = TypeVar("V", bound=Value)


def edited(value: V, edits: JsonValue) -> V:
    """The value with some fields changed; names what does not exist or cannot be."""
    if not isinstance(edits, dict):
        raise UsageError(f"Edits are a table of dotted names and values, not {edits!r}.")
    content = value.model_dump(mode="json")
    for name, new in edits.items():
        _set(content, name, new)
    try:
        return type(value).model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise UsageError(f"{where} cannot be {problem['input']!r}: {problem['msg']}.") from None


def _set(content: dict[str, JsonValue], name: str, new: JsonValue) -> None:
    *path, last = name.split(".")
    for part in path:
        inner = content.get(part)
        if not isinstance(inner, dict):
            raise _unknown(part, name, content)
        content = inner
    if last not in content:
        raise _unknown(last, name, content)
    content[last] = new


def _unknown(part: str, name: str, content: dict[str, JsonValue]) -> UsageError:
    where = f" (in {name!r})" if part != name else ""
    return UsageError(f"There is no field {part!r}{where}.{nearest(part, content)} Fields here: {', '.join(sorted(content))}.")
