"""The first session's cast, read from its data files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from agents.builtin.judge import BuiltinJudge
from agents.builtin.seeker import Beat, BuiltinSeeker, Story
from agents.builtin.supporter import BuiltinSupporter
from agents.chance import Chance
from agents.persona import Crisis, Persona
from agents.scene import Judge, Seeker, Supporter

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Cast:
    """Who takes part in a session."""

    persona: Persona
    crisis: Crisis
    seeker: Seeker
    supporter: Supporter
    judge: Judge
    sources: dict[str, str]
    """Data file to version."""


def first_cast(seed: int) -> Cast:
    """Teresa, somebody who stays, and somebody who weighs."""
    story = tomllib.loads((_DATA / "first.toml").read_text(encoding="utf-8"))
    lines = tomllib.loads((_DATA / "supporter.toml").read_text(encoding="utf-8"))
    sources = {"first": story["version"], "supporter": lines.pop("version")}
    return Cast(
        persona=Persona.model_validate(story["persona"]),
        crisis=Crisis.model_validate(story["crisis"]),
        seeker=BuiltinSeeker(
            Story(
                beats=tuple(Beat(**beat) for beat in story["beats"]),
                deflections=tuple(item["text"] for item in story["deflections"]),
                closing=story["closing"]["text"],
            )
        ),
        supporter=BuiltinSupporter({move: tuple(words) for move, words in lines.items()}, Chance(seed)),
        judge=BuiltinJudge(),
        sources=sources,
    )
