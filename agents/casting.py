"""Who sits in which chair: from the names of models to a Seeker, a Supporter and judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.builtin import phrases, voice
from agents.builtin.seeker import BuiltinSeeker
from agents.builtin.supporter import BuiltinSupporter
from agents.chance import Chance
from agents.ground.errors import UsageError, nearest
from agents.judges import rubric
from agents.judges.panel import Panel
from agents.scene import Judge, Seeker, Supporter

BUILTIN = "builtin"
HUMAN = "human"
"""A person at the keyboard."""
CHAIRS = ("seeker", "supporter", "judge")


@dataclass(frozen=True)
class Cast:
    """Who takes part in a session beside its Seeker's card."""

    seeker: Seeker
    supporter: Supporter
    judge: Judge


def check_model(chair: str, model: str) -> str:
    """The name of a model that can take a chair."""
    known = [BUILTIN] if chair == "judge" else [BUILTIN, HUMAN]
    if chair not in CHAIRS:
        raise UsageError(f"There is no chair {chair!r}.{nearest(chair, CHAIRS)} Chairs are {', '.join(CHAIRS)}.")
    if model not in known:
        raise UsageError(f"No model {model!r} can be the {chair}.{nearest(model, known)} Known here: {', '.join(known)}.")
    return model


def cast(models: Mapping[str, str], seed: int, luck: int = 0) -> Cast:
    """The built-in cast; where a person speaks, the built-in one still foresees and proposes."""
    for chair in CHAIRS:
        check_model(chair, models.get(chair, BUILTIN))
    chance = Chance(seed, *([f"luck {luck}"] if luck else []))
    return Cast(BuiltinSeeker(chance), BuiltinSupporter(chance), Panel())


def sources() -> dict[str, str]:
    """The data files that the built-in cast speaks from, with their versions."""
    return {"seeker": voice.version(), "supporter": phrases.version()}


def rubrics() -> dict[str, str]:
    """The rubrics that the panel reads, with their versions."""
    return rubric.versions()
