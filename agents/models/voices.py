"""Which model sits in which chair, and how it is asked: from a word on the command line, or from a models file.

It checks how things are written; whether a server answers is checked by others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from agents.ground.data_files import problems_of_model
from agents.ground.errors import UsageError, nearest
from agents.models.endpoints import check_base_url, endpoint_of, endpoints, kind_of, name_of
from agents.models.limits import Limit
from agents.models.prices import Price
from agents.snapshot import Decoding, Voice
from agents.values import Value

CHAIRS = ("seeker", "supporter", "judge")
WITHOUT_VOICE = ("builtin", "human")
"""Who sits in a chair without a model."""
_TABLES = (*CHAIRS, "limits", "prices")
_LIMIT_FIELDS = {"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "at_once": "at_once"}
_OURS = ("messages", "model", "stream", "stream_options", "n", "response_format", "seed", *Decoding.model_fields)
"""Fields of a request's body that have a place of their own, or that no person may set."""


@dataclass(frozen=True)
class ModelsFile:
    """What a models file says."""

    voices: dict[str, Voice] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)


V = TypeVar("V", bound=Value)


class _Limits(Value):
    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    at_once: Annotated[int, Field(ge=1)] | None = None


def parse_voice(chair: str, text: str, *, base_url: str | None = None) -> Voice:
    """A voice from `ENDPOINT:MODEL`, asked at the preset's address or at another."""
    model = text.strip()
    known = endpoints()
    kind, colon, name = model.partition(":")
    if kind not in known or not colon:
        if "://" in model:
            raise UsageError(f"The {chair} is given a URL. Name the model as openai:MODEL, and put the URL behind --base-url.")
        near = nearest(kind, [*known, *WITHOUT_VOICE]) or (f" Is it openai:{model}?" if not colon else "")
        examples = ", ".join(endpoint.example for endpoint in known.values())
        raise UsageError(f"No model {model!r} can be the {chair}.{near} A model is written as in {examples}.")
    if not name.strip():
        raise UsageError(f"The {chair}'s {model!r} names no model. It is written as in {known[kind].example}.")
    if any(c.isspace() for c in name) and kind != "local":
        raise UsageError(f"The {chair}'s model {model!r} has a space in its name. It is written as in {known[kind].example}.")
    if base_url is not None and known[kind].base_url is None:
        raise UsageError(f"The {chair}'s model {model!r} runs in this process and has no base URL. For a server write openai:MODEL.")
    return Voice(model=model, base_url=None if base_url is None else check_base_url(base_url, f"The {chair}'s base URL"))


def voices_of(models: Mapping[str, str], base_url: str | None, file: ModelsFile | None) -> dict[str, Voice]:
    """The voice of every chair that a model takes.

    `models` holds what was asked for by name, and wins over the file: then the file's way of picking words stays with the chair, and
    what belonged to its model goes, with the list of settings that were left to its server. `base_url` is for every chair whose model
    runs on a server and has no base URL of its own.
    """
    filed = file.voices if file else {}
    voices = {}
    for chair in dict.fromkeys((*models, *filed)):
        wanted, told = models.get(chair), filed.get(chair)
        if wanted in WITHOUT_VOICE:
            continue
        if wanted is None or (told is not None and told.model == wanted.strip()):
            assert told is not None
            voices[chair] = told
        else:
            kept = {name: getattr(told, name) for name in ("decoding", "by_care", "timeout_s")} if told else {}
            voices[chair] = parse_voice(chair, wanted).model_copy(update=kept)
    return voices if base_url is None else _sent_to(voices, base_url)


def _sent_to(voices: Mapping[str, Voice], base_url: str) -> dict[str, Voice]:
    url = check_base_url(base_url, "The base URL")
    meant = {chair: voice for chair, voice in voices.items() if voice.base_url is None and endpoint_of(voice.model).base_url is not None}
    kinds = list(dict.fromkeys(kind_of(voice.model) for voice in meant.values()))
    if not kinds:
        raise UsageError("A base URL is given, but no chair has a model on a server. Name one, as in --supporter openai:MODEL.")
    if len(kinds) > 1:
        raise UsageError(
            f"The base URL would be the address of {' and '.join(kinds)} models alike. Give each its own base_url in a models file."
        )
    return {chair: voice.model_copy(update={"base_url": url}) if chair in meant else voice for chair, voice in voices.items()}


def read_models_file(path: Path) -> ModelsFile:
    """What a models file says; every error names the file, the key and what is wrong there."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"There is no models file {path}. It is a TOML file with a table for each chair: {', '.join(CHAIRS)}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from None
    for name, table in content.items():
        if name not in _TABLES:
            raise UsageError(f"{path}: there is no table {name!r}.{nearest(name, _TABLES)} Tables are {', '.join(_TABLES)}.")
        _table(path, name, table)
    return ModelsFile(
        voices={chair: _voice(path, chair, content[chair]) for chair in CHAIRS if chair in content},
        limits={model: _limit(path, model, table) for model, table in content.get("limits", {}).items()},
        prices={model: _price(path, model, table) for model, table in content.get("prices", {}).items()},
    )


def _voice(path: Path, chair: str, table: dict[str, Any]) -> Voice:
    own = [name for name in Voice.model_fields if name not in ("decoding", "by_care")]
    known = [*own, *Decoding.model_fields, "care"]
    for name in table:
        if name not in known:
            raise UsageError(f"{path}: {chair}.{name} is not a setting of a voice.{nearest(name, known)} Known: {', '.join(known)}.")
    if not isinstance(table.get("model"), str):
        raise UsageError(f'{path}: {chair} needs a model, as in model = "{endpoints()["openai"].example}".')
    named = _named(path, chair, table)
    _check_extra(path, chair, table.get("extra", {}))
    decoding = {name: table[name] for name in Decoding.model_fields if name in table}
    levels = _table(path, f"{chair}.care", table.get("care", {}))
    by_care = {_level(path, chair, level): _table(path, f"{chair}.care.{level}", settings) for level, settings in levels.items()}
    settings = {name: table[name] for name in own if name in table and name not in ("model", "base_url")}
    voice = _built(
        path, chair, Voice, {**settings, "model": named.model, "base_url": named.base_url, "decoding": decoding, "by_care": by_care}
    )
    for name in voice.leave:
        if name in decoding or any(name in told for told in by_care.values()):
            raise UsageError(f"{path}: {chair} sets {name} and leaves it to the server as well. Take it out of one place.")
    return voice


def _named(path: Path, chair: str, table: dict[str, Any]) -> Voice:
    url = table.get("base_url")
    if url is not None and not isinstance(url, str):
        raise UsageError(f"{path}: {chair}.base_url is no text. It looks like http://127.0.0.1:8000/v1.")
    try:
        return parse_voice(chair, table["model"], base_url=url)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}") from None


def _check_extra(path: Path, chair: str, extra: object) -> None:
    for name in _table(path, f"{chair}.extra", extra):
        if name in _OURS:
            raise UsageError(
                f"{path}: {chair}.extra.{name} cannot be set there. `extra` is for fields that have no name of their own here."
            )


def _level(path: Path, chair: str, level: str) -> str:
    try:
        value = float(level)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(f'{path}: {chair}.care.{level!r} is not a care level. It goes from 0 to 1, in quotes, as in [{chair}.care."0.2"].')
    return f"{value:g}"


def _limit(path: Path, model: str, table: object) -> Limit:
    _known_model(path, "limits", model)
    told = _built(path, f"limits.{model}", _Limits, _table(path, f"limits.{model}", table))
    return Limit(**{name: getattr(told, short) for short, name in _LIMIT_FIELDS.items()})


def _price(path: Path, model: str, table: object) -> Price:
    _known_model(path, "prices", model)
    return _built(path, f"prices.{model}", Price, _table(path, f"prices.{model}", table))


def _known_model(path: Path, where: str, model: str) -> None:
    try:
        endpoint_of(model)
    except UsageError as error:
        raise UsageError(f"{path}: {where}: {error.message}") from None
    if not name_of(model):
        raise UsageError(f"{path}: {where}: {model!r} names no model.")


def _table(path: Path, name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {name} is {value!r}, but a table is wanted, as in [{name}].")
    return value


def _built(path: Path, where: str, kind: type[V], values: dict[str, Any]) -> V:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = problems_of_model(error)
        raise UsageError(
            "\n".join(f"{path}: {where}.{problem}.".replace("decoding.", "").replace("by_care.", "care.") for problem in problems)
        ) from None
