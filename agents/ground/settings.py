"""How settings are found: flag > environment > file > default, with an error that names where a bad one was set.

It knows how to read, not what the settings are: each package declares its own and `sim.py` composes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.ground.errors import SettingsError, nearest

PREFIX = "VIGIL_"


class FrozenSettings(BaseModel):
    """The base of every package's settings: frozen, and nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=BaseModel)


def read_dotenv(path: Path) -> dict[str, str]:
    """The `KEY=value` lines of a `.env` file; quotes are taken off, `#` starts a comment line."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"{path}, line {number}: expected NAME=value. Mend or remove the line.")
        found[name.strip()] = value.strip().strip("'\"")
    return found


def compose(
    model: type[S], *, flags: Mapping[str, object], environment: Mapping[str, str], file: Path | None, known: Mapping[str, object]
) -> S:
    """Builds `model`, whose fields are sections or plain values; `flags` are keyed `section.field`, `known` are given as they are."""
    values: dict[str, object] = {}
    origin: dict[str, str] = {}
    for source, found in (
        (str(file), _from_file(model, file)),
        ("the environment", _from_environment(model, environment)),
        ("the command line", {k: v for k, v in flags.items() if v is not None}),
    ):
        for key, value in found.items():
            origin[key] = source
            section, _, field = key.partition(".")
            if field:
                part = values.setdefault(section, {})
                assert isinstance(part, dict)
                part[field] = value
            else:
                values[section] = value
    try:
        return model.model_validate({**values, **known})
    except ValidationError as error:
        raise SettingsError(_explain(error, origin)) from None


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        where = origin.get(key) or origin.get(".".join(key.split(".")[:2])) or "the defaults"
        lines.append(f"Setting {key} from {where}: {problem['msg']}, found {problem['input']!r}.")
    return "\n".join(lines)


def _fields(model: type[BaseModel]) -> list[str]:
    keys: list[str] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += [f"{name}.{inner}" for inner in kind.model_fields]
        else:
            keys.append(name)
    return keys


def _from_file(model: type[BaseModel], file: Path | None) -> dict[str, object]:
    if file is None or not file.is_file():
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}. Mend the file or remove it.") from None
    keys = _fields(model)
    found: dict[str, object] = {}
    for section, value in content.items():
        flat = {f"{section}.{field}": inner for field, inner in value.items()} if isinstance(value, dict) else {section: value}
        for key, inner in flat.items():
            if key not in keys:
                raise SettingsError(f"{file}: {key} is not a setting.{nearest(key, keys)}")
            found[key] = inner
    return found


def _from_environment(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, object]:
    names = {PREFIX + key.replace(".", "_").upper(): key for key in _fields(model)}
    found: dict[str, object] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        if name not in names:
            raise SettingsError(f"The environment sets {name}, which is not a setting.{nearest(name, names)} Unset or rename it.")
        found[names[name]] = value
    return found
