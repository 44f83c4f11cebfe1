"""Persona files, ours and the original's: reading them with every problem at once, writing them whole or not at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.ground.errors import VigilError
from agents.persona import Crisis, Persona
from agents.personas.check import implausibilities
from agents.personas.draw import draw
from agents.personas.legacy import NotALegacyPersona, from_legacy, looks_legacy


class PersonaFileError(VigilError):
    """A persona file cannot be read; the message names every problem in it."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a persona file."""

    file: str
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: found {self.found}, expected {self.expected}"


def persona_files(paths: Iterable[Path]) -> list[Path]:
    """The JSON files among paths and within folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.json"))
        elif path.exists():
            found.append(path)
        else:
            raise PersonaFileError(f"{path} is not there. Name a persona file or a folder of them.")
    return found


def problems_of(path: Path) -> list[Problem]:
    """Everything that is wrong or implausible in a file, in one go."""
    try:
        data = _load(path)
    except PersonaFileError as error:
        return [Problem(path.name, "file", str(error), "a persona in JSON")]
    persona, problems = _validated(path, data)
    mended = {problem.field.partition(".")[0] for problem in problems}
    persona = persona or _with_stand_ins(data, problems)
    if persona is None:
        return problems
    # The original names tendencies and crises in words of its own: those are not held against our lists.
    skipped = ("natural_tendencies", "language") if looks_legacy(data) else ()
    for found in implausibilities(persona):
        if not found.field.startswith(skipped) and not _rests_on(found.field, mended):
            problems.append(Problem(path.name, found.field, found.found, found.expected))
    return problems


def _with_stand_ins(data: dict[str, Any], problems: list[Problem]) -> Persona | None:
    """The persona with another's fields in place of its bad ones, so that the rest can be checked as well."""
    whole = copy.deepcopy(from_legacy(data) if looks_legacy(data) and "persona" not in {p.field for p in problems} else data)
    other = draw(0)[0].model_dump(mode="json")
    for problem in problems:
        top = problem.field.partition(".")[0]
        if top in other:
            whole[top] = other[top]
        else:
            whole.pop(top, None)
    try:
        return Persona.model_validate(whole)
    except ValidationError:
        return None


def _rests_on(field: str, mended: set[str]) -> bool:
    """Whether a finding may come from a part that stands in for a bad one: most compare with birth, or with the life now."""
    return bool(
        mended & {field.partition(".")[0], "people"}
        or (mended & {"birth_context", "current_socio_demographics"} and not field.endswith((".city", ".country")))
    )


def read_persona(path: Path) -> Persona:
    """A persona from a file of ours or of the original."""
    persona, problems = _validated(path, _load(path))
    if persona is None:
        raise PersonaFileError("\n".join(map(str, problems)))
    return persona


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise PersonaFileError(f"{path} cannot be read: {error}.") from None
    except json.JSONDecodeError as error:
        raise PersonaFileError(f"{path}, line {error.lineno}: not JSON ({error.msg}).") from None
    if isinstance(data, dict) and isinstance(data.get("persona"), dict):
        data = data["persona"]
    if not isinstance(data, dict):
        raise PersonaFileError(f"{path} holds no persona: its outermost value is no object.")
    return data


def _validated(path: Path, data: dict[str, Any]) -> tuple[Persona | None, list[Problem]]:
    try:
        return Persona.model_validate(from_legacy(data) if looks_legacy(data) else data), []
    except NotALegacyPersona as error:
        return None, [Problem(path.name, "persona", str(error), "all fields of the original")]
    except ValidationError as error:
        return None, [
            Problem(path.name, ".".join(map(str, p["loc"])), "nothing" if p["type"] == "missing" else repr(p["input"])[:80], p["msg"])
            for p in error.errors(include_url=False)
        ]


def write_json(path: Path, value: object) -> None:
    """Writes aside and renames, so that nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise PersonaFileError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        aside.unlink(missing_ok=True)


def as_json(persona: Persona, crisis: Crisis) -> dict[str, Any]:
    """A persona with its crisis, as it is exported."""
    return {"persona": persona.model_dump(mode="json"), "crisis": crisis.model_dump(mode="json")}
