"""Random valid events of any type, drawn from the types of their fields, as the vocabulary declares them."""

from __future__ import annotations

import types
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from hypothesis import strategies as st
from pydantic import JsonValue
from pydantic.fields import FieldInfo

from agents import Value
from store import VOCABULARY, Event

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_JSON = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6)


def events() -> st.SearchStrategy[Event]:
    """An event of any type."""
    return st.one_of(*(_models(model) for model in VOCABULARY))


def _models(model: type[Value]) -> st.SearchStrategy[Any]:
    return st.builds(model, **{name: _values(field.annotation, field.metadata) for name, field in model.model_fields.items()})


def _values(kind: Any, bounds: list[Any]) -> st.SearchStrategy[Any]:
    if kind is JsonValue:
        return _JSON
    if hasattr(kind, "__supertype__"):
        return _values(kind.__supertype__, bounds)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _values(inner[0], [*bounds, *_metadata(inner[1:])])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_values(one, bounds) for one in inner))
    if origin is tuple and inner[-1] is ...:
        return st.lists(_values(inner[0], []), min_size=_bound(bounds, MinLen, 0), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_values(one, []) for one in inner))
    if origin is dict:
        return st.dictionaries(_TEXT, _values(inner[1], []), max_size=3)
    return _plain(kind, bounds)


def _plain(kind: Any, bounds: list[Any]) -> st.SearchStrategy[Any]:
    if kind is type(None):
        return st.none()
    if issubclass(kind, Value):
        return _models(kind)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(_bound(bounds, Ge, None), _bound(bounds, Le, None))
    if kind is float:
        least, above = _bound(bounds, Ge, None), _bound(bounds, Gt, None)
        low, most = least if above is None else above, _bound(bounds, Le, None)
        return st.floats(low, most, exclude_min=above is not None, allow_nan=False, allow_infinity=False)
    assert kind is str, f"no strategy for {kind}"
    pattern = next((bound.pattern for bound in bounds if getattr(bound, "pattern", None)), None)
    if pattern:
        return st.from_regex(pattern.rstrip("$") + r"\Z").filter(lambda text: "\0" not in text and text.isprintable())
    return _TEXT.filter(lambda text: len(text) >= _bound(bounds, MinLen, 0))


def _metadata(annotations: tuple[Any, ...]) -> list[Any]:
    return [one for part in annotations for one in (part.metadata if isinstance(part, FieldInfo) else [part])]


def _bound(bounds: list[Any], kind: type[Any], default: Any) -> Any:
    attribute = {Ge: "ge", Gt: "gt", Le: "le", MinLen: "min_length"}[kind]
    return next((getattr(bound, attribute) for bound in bounds if isinstance(bound, kind)), default)
