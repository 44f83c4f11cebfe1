"""From events to payloads and back: one model per type, old versions lifted on read, nothing unknown skipped.

It knows names, versions and JSON; it knows no stream and no database.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic.plugin._schema_validator import PluggableSchemaValidator
from pydantic_core import PydanticSerializationError, SchemaValidator

from agents import nearest
from store.errors import EventRefused, NewerEventVersion, UnknownEventType
from store.events import VOCABULARY, Event
from store.hashing import kind_frame
from store.records import Kind
from store.upcasters import UPCASTERS, Upcaster

PAYLOAD_LIMIT = 1_000_000
"""Bytes of JSON; a turn of a conversation has a few thousand. More is somebody's mistake, kept forever."""


class Registry:
    """The vocabulary that a log speaks."""

    def __init__(self, events: Iterable[type[Event]] = VOCABULARY, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> None:
        self._models = {model.type: model for model in events}
        self._validators: dict[tuple[str, int], SchemaValidator | PluggableSchemaValidator] = {
            (model.type, model.schema_version): model.__pydantic_validator__ for model in self._models.values()
        }
        self._decoders = {key: validator.validate_json for key, validator in self._validators.items()}
        self._writers = {model: _writer(model) for model in self._models.values()}
        self._upcasters = dict(upcasters)
        self._refuse_gaps()

    def _refuse_gaps(self) -> None:
        for model in self._models.values():
            missing = [v for v in range(1, model.schema_version) if (model.type, v) not in self._upcasters]
            if missing:
                raise ValueError(f"{model.type} is at version {model.schema_version} but nothing lifts version {missing[0]}")
        for name, version in self._upcasters:
            if name not in self._models or version >= self._models[name].schema_version:
                raise ValueError(f"an upcaster lifts {name} {version}, which leads to no current event")

    @property
    def decoders(self) -> Mapping[tuple[str, int], Callable[[str | bytes], Event]]:
        """What reads a payload of a current type and version, as fast as can be; `decode` also knows the old ones and the errors."""
        return self._decoders

    @property
    def types(self) -> dict[str, int]:
        """Every type and its current version."""
        return {name: model.schema_version for name, model in self._models.items()}

    def encode(self, event: Event) -> str:
        """The event's payload as JSON text."""
        return self.dump(event)[1].decode()

    def dump(self, event: Event) -> tuple[Kind, bytes]:
        """The event's kind and its payload as JSON. An event is valid since it was made; what was forced into it afterwards is refused here."""
        try:
            to_json, warnings, free, kind = self._writers[type(event)]
        except KeyError:
            known = ", ".join(sorted(self._models))
            raise UnknownEventType(f"{type(event).__name__} is not in this log's vocabulary. Known: {known}.") from None
        try:
            payload = to_json(event, warnings=warnings)
        except PydanticSerializationError as error:
            if str(error).endswith(": KeyboardInterrupt: "):  # the serialiser takes Ctrl-C for an error of the event
                raise KeyboardInterrupt from None
            raise EventRefused(self._unserialisable(event, error)) from None
        if free or b"\\u" in payload or len(payload) > PAYLOAD_LIMIT:
            self.check(kind.type, kind.schema_version, payload.decode())
        return kind, payload

    def _unserialisable(self, event: Event, error: PydanticSerializationError) -> str:
        """Names the field, by reading back what can be written of the event in spite of the error."""
        try:
            self.check(event.type, event.schema_version, type(event).__pydantic_serializer__.to_json(event, warnings=False).decode())
        except PydanticSerializationError:
            return _unserialisable(event, error)
        except EventRefused as refused:
            return str(refused)
        return f"{event.type} cannot be written as JSON: {error}"

    def check(self, name: str, version: int, payload: str) -> None:
        """Refuses a payload that is too long, holds what databases cannot, or does not read back as its event."""
        if len(payload) > PAYLOAD_LIMIT // 4 and (size := len(payload.encode())) > PAYLOAD_LIMIT:
            raise EventRefused(f"{name}: {_largest(payload)} makes the payload {size:,} bytes; the limit is {PAYLOAD_LIMIT:,}. Shorten it.")
        if "\\u" in payload or "NaN" in payload or "Infinity" in payload:
            _refuse_unfit(name, payload)
        self.decode(name, version, payload)

    def decode(self, name: str, version: int, payload: str | bytes) -> Event:
        """The event that a stored payload says, in its current version."""
        validator = self._validators.get((name, version))
        try:
            if validator is not None:
                event: Event = validator.validate_json(payload)
                return event
            return self._lift(name, version, payload)
        except ValidationError as error:
            raise EventRefused(_invalid(name, version, error)) from None

    def _lift(self, name: str, version: int, payload: str | bytes) -> Event:
        model = self._models.get(name)
        if model is None:
            raise UnknownEventType(
                f"{name!r} is not an event that this Vigil knows.{nearest(name, self._models)} Update Vigil, or check who wrote it."
            )
        if version > model.schema_version or version < 1:
            raise NewerEventVersion(f"{name} has version {version}; this Vigil reads 1 to {model.schema_version}. Update Vigil to read it.")
        try:
            lifted: dict[str, Any] = json.loads(payload)
            for old in range(version, model.schema_version):
                lifted = self._upcasters[name, old](lifted)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise EventRefused(
                f"{name} version {version} cannot be lifted: {type(error).__name__}: {error}. The payload is not what that version wrote."
            ) from None
        return model.model_validate(lifted)


def _writer(model: type[Event]) -> tuple[Callable[..., bytes], Literal["none", "error"], bool, Kind]:
    """How a model's events become JSON. A dict can be changed after the event was made: then types are watched on the way out,
    and where any JSON may stand, the payload is read back as well."""
    fields = "".join(str(field.annotation) for field in model.model_fields.values())
    kind = Kind(model.type, model.schema_version, kind_frame(model.type, model.schema_version))
    return model.__pydantic_serializer__.to_json, "error" if "dict[" in fields else "none", "JsonValue" in fields, kind


def _invalid(name: str, version: int, error: ValidationError) -> str:
    problems = []
    for problem in error.errors(include_url=False)[:5]:
        field = ".".join(str(part) for part in problem["loc"]) or "the payload"
        problems.append(f"{field}: {problem['msg']}, found {str(problem['input'])[:80]!r}")
    more = f" (and {error.error_count() - 5} more)" if error.error_count() > 5 else ""
    return f"{name} version {version} is not valid: {'; '.join(problems)}{more}."


def _unserialisable(event: Event, error: PydanticSerializationError) -> str:
    field = _find(event.__dict__, _holds_half_a_pair)
    if field:
        return f"{event.type}: {field} {_UNFIT[_holds_half_a_pair]}"
    field = _find(event.__dict__, lambda leaf: leaf is not None and not isinstance(leaf, (str, int, float)))
    return f"{event.type}: {field or 'it'} cannot be written as JSON: {error}"


def _refuse_unfit(name: str, payload: str) -> None:
    """JSON can say what no database keeps, or what no other reader of JSON takes."""
    with suppress(ValueError, RecursionError):  # what is no JSON is left to decoding, which says where
        content = json.loads(payload)
        for wrong, what in _UNFIT.items():
            if field := _find(content, wrong):
                raise EventRefused(f"{name}: {field} {what}")


def _holds_nul(leaf: object) -> bool:
    return isinstance(leaf, str) and "\0" in leaf


def _holds_half_a_pair(leaf: object) -> bool:
    return isinstance(leaf, str) and not leaf.isascii() and any("\ud800" <= character <= "\udfff" for character in leaf)


def _is_not_finite(leaf: object) -> bool:
    return isinstance(leaf, float) and not math.isfinite(leaf)


_UNFIT: dict[Callable[[object], bool], str] = {
    _holds_nul: "holds a NUL character, which no log can keep. Remove it.",
    _holds_half_a_pair: "holds half of a surrogate pair, which is no character. Decode the text correctly first.",
    _is_not_finite: "is not a finite number. Leave it out, or use None.",
}


def _find(value: object, wrong: Callable[[object], bool], path: str = "") -> str | None:
    """The path of the first leaf or key within `value` that is `wrong`."""
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        if bad := next((key for key in value if wrong(key)), None):
            return f"a key of {path or 'the payload'} ({bad!r})"
        inner = value.items()
    elif isinstance(value, (list, tuple)):
        inner = enumerate(value)
    elif isinstance(value, BaseModel):
        inner = vars(value).items()
    elif wrong(value):
        return path or "the payload"
    for key, item in inner:
        if found := _find(item, wrong, f"{path}.{key}" if path else str(key)):
            return found
    return None


def _largest(payload: str) -> str:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return "it"
    return str(max(content, key=lambda key: len(json.dumps(content[key])))) if isinstance(content, dict) and content else "it"
