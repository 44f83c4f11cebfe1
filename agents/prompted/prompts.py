"""The prompt files: read, checked and filled. It knows texts and slots, not who fills them or what is answered.

A slot is `{name}`. Slots are filled in one pass, so braces in what fills them are only braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from pydantic import Field, JsonValue, field_validator

from agents.ground.data_files import DataFileError, read_data_file
from agents.snapshot import Decoding
from agents.values import Role, Text, Value

FOLDER = Path(__file__).parent / "data"
_SLOT = re.compile(r"\{(\w+)\}")
_SHARED = ("repair", "languages", "card")
_SLOTS: dict[str, dict[str, frozenset[str]]] = {
    "seeker": {
        "system": frozenset({"card", "crisis", "language"}),
        "opening": frozenset({"affect", "reminder"}),
        "task": frozenset({"heard", "affect", "moment", "reminder"}),
        "reask": frozenset({"faults", "reminder"}),
        "begin": frozenset(),
        "reminder": frozenset({"name", "language"}),
    },
    "supporter": {
        "system": frozenset({"who", "moves", "language"}),
        "task": frozenset({"heard", "manner", "moment", "reminder"}),
        "reminder": frozenset({"language"}),
        "moments.danger": frozenset({"words"}),
        "moments.danger_cold": frozenset({"words"}),
        "between.manners": frozenset({"level", "cooler", "warmer", "nearer"}),
    },
    "judge": {
        "system": frozenset({"dimensions", "rules"}),
        "task": frozenset({"talk", "moment", "reminder", "reply"}),
        "reminder": frozenset(),
        "moments.danger": frozenset({"words"}),
    },
}
"""The slots of each text; texts that are not named here have none."""


class Prompt(Value):
    """How one role is asked."""

    version: Text
    """A number that goes up whenever the file is meant to ask for something else."""
    system: Text
    """Who the model is, and what never changes in a conversation; the last line names the role."""
    task: Text
    """What is asked at each turn."""
    reminder: Text
    """What keeps the model in its role, said again each turn."""
    opening: str = ""
    """What is asked when nothing was said yet."""
    begin: str = ""
    """Stands before a history that the model's own words begin."""
    reask: str = ""
    """Asks for another answer where the first one had faults."""
    moments: dict[str, str] = {}
    """What is said of a moment, by what it is."""
    lists: dict[str, tuple[str, ...]] = {}
    """Words for positions on a scale, from low to high, by the scale; and what a Supporter's reply can do."""
    manners: dict[str, str] = {}
    """What a care level asks for, by the level as a number, and `cold`."""
    between: dict[str, str] = {}
    """How a care level between two manners is told."""
    dimensions: dict[str, tuple[Text, ...]] = {}
    """What a judge weighs: first what it is, then what each score means, from 0 up."""
    rules: dict[str, str] = {}
    """The hard lines, by name."""
    form: dict[str, JsonValue]
    """The JSON schema of an answer; in the file as JSON."""

    @field_validator("form", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value


class Repair(Value):
    """How an answer is asked for again that could not be read."""

    version: Text
    task: Text
    nothing: Text
    """Stands for an answer without a word."""
    no_object: Text
    wrong_fields: Text
    cut: Text
    left_out: Text
    """Stands for what was said too long ago to fit."""


class Language(Value):
    """A language as a prompt speaks of it."""

    english: Text
    own: str = ""
    """Its own name."""
    speak: str = ""
    """Asks, in the language, for the language."""


class Languages(Value):
    """All languages, by tag."""

    version: Text
    tags: dict[str, Language]


class Decodings(Value):
    """How words are picked where nobody says otherwise."""

    version: Text
    roles: dict[Role, Decoding]
    care: dict[str, Decoding] = Field(default_factory=dict)


@cache
def prompt(role: Role) -> Prompt:
    """The prompt of a role, its slots checked."""
    found = read_data_file(FOLDER / f"{role}.toml", Prompt)
    for place, text in _texts(found).items():
        check_slots(f"{role}.toml: {place}", text, _SLOTS[role].get(place, frozenset()))
    if not found.system.rstrip().endswith(f"[vigil role: {role}]"):
        raise DataFileError(f"{role}.toml: system: must end with the line [vigil role: {role}]")
    return found


def _texts(found: Prompt) -> dict[str, str]:
    """Every text of a prompt that is filled or said, by its place in the file."""
    fields = ("system", "task", "reminder", "opening", "begin", "reask")
    tables = {"moments": found.moments, "manners": found.manners, "between": found.between, "rules": found.rules}
    texts = {field: getattr(found, field) for field in fields if getattr(found, field)}
    return texts | {f"{table}.{name}": text for table, entries in tables.items() for name, text in entries.items()}


@cache
def repair() -> Repair:
    """How to ask again."""
    found = read_data_file(FOLDER / "repair.toml", Repair)
    check_slots("repair.toml: task", found.task, frozenset({"problem"}))
    return found


@cache
def _languages() -> Languages:
    return read_data_file(FOLDER / "languages.toml", Languages)


def language(tag: str) -> Language:
    """A language by its tag, or by the tag's first part; an unknown one is called by its tag."""
    known = _languages().tags
    return known.get(tag) or known.get(tag.partition("-")[0].lower()) or Language(english=f"the language with the tag {tag}")


def check_slots(where: str, template: str, slots: frozenset[str]) -> None:
    """Refuses a text that lacks a slot or has one that nobody fills."""
    found = frozenset(_SLOT.findall(template))
    if missing := slots - found:
        raise DataFileError(f"{where}: the slot {{{min(missing)}}} is missing")
    if unknown := found - slots:
        raise DataFileError(f"{where}: nothing fills the slot {{{min(unknown)}}}; known here: {', '.join(sorted(slots)) or 'none'}")


def filled(template: str, values: Mapping[str, str]) -> str:
    """A text with its slots filled in one pass."""
    check_slots("a prompt", template, frozenset(values))
    return _SLOT.sub(lambda slot: values[slot[1]], template)


def versions() -> dict[str, str]:
    """Prompt to version: `seeker@1+` and a hash of all the files that the prompt is made of."""
    return {role.value: f"{role}@{prompt(role).version}+{_hash(role, *_SHARED)}" for role in Role}


def _hash(*names: str) -> str:
    return sha256(b"\x1f".join((FOLDER / f"{name}.toml").read_bytes() for name in names)).hexdigest()[:8]


def decoding_presets() -> tuple[dict[Role, Decoding], dict[str, Decoding]]:
    """How words are picked by role, and what differs by care level as it is printed."""
    presets = read_data_file(FOLDER / "decoding.toml", Decodings)
    return dict(presets.roles), dict(presets.care)
