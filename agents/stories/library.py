"""Finding the story that a Seeker tells: the one of their situation, or one that fits their life."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from agents.chance import Chance
from agents.crises.catalogue import find_category, kind
from agents.crises.schema import Situation
from agents.ground.data_files import read_data_file
from agents.persona import Crisis, Persona
from agents.stories.schema import RELATIVES, Stories, Story

_FOLDER = Path(__file__).parent / "data"


@cache
def stories(slug: str) -> Stories:
    """All that is told of a kind of crisis, read and validated once."""
    return read_data_file(_FOLDER / f"{slug}.toml", Stories)


def story_of(persona: Persona, crisis: Crisis, chance: Chance) -> tuple[str, Story, Stories]:
    """The key and the story that this person tells, and what goes with its kind."""
    slug = find_category(crisis.category).slug
    told = stories(slug)
    if crisis.situation in told.stories:
        return crisis.situation, told.stories[crisis.situation], told
    fitting = [s.key for s in kind(slug).situations if s.key in told.stories and _fits(s, persona, crisis)]
    key = chance.pick(fitting or sorted(told.stories), "story")
    return key, told.stories[key], told


def _fits(situation: Situation, persona: Persona, crisis: Crisis) -> bool:
    """Whether a situation can be this person's, as far as the card says."""
    return (
        situation.youngest <= crisis.age <= situation.oldest
        and situation.since <= persona.current_socio_demographics.year
        and all(_has(need, persona, crisis) for need in situation.needs)
    )


def _has(need: str, persona: Persona, crisis: Crisis) -> bool:
    if need in RELATIVES:
        return need in crisis.cast or any(person.relation == need and person.lives != "dead" for person in persona.people)
    if need == "works":
        return persona.current_socio_demographics.work.split()[0] not in ("retired", "student", "out", "keeps")
    return need == "faith" and bool(persona.faith)
