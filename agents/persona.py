"""The Seeker's persona as a value: where from, how made, how they talk, how they live, what brings them here.

It knows the shape and the bounds of each field; drawing and checking personas is left to others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agents.values import Percent, Text, Value

_DECADE = r"^(19[2-9]0|20[0-2]0)s$"
Decade = Annotated[str, Field(pattern=_DECADE)]
"""`1920s` to `2020s`."""


class BirthContext(Value):
    """Where and when somebody was born."""

    decade: Decade
    city: Text
    country: Text
    notes: str = ""
    """What that place was like then, in a sentence or two."""


class FormativeContext(Value):
    """A place and time that shaped somebody after birth."""

    decade: Decade
    city: Text
    country: Text
    life_stage: Text
    """Child, adolescent, young adult, adult."""
    status: str = ""
    """How they lived there before the law: citizen, migrant worker, refugee…"""
    notes: str = ""


class SchwartzValues(Value):
    """The ten basic values."""

    self_direction: Percent
    stimulation: Percent
    hedonism: Percent
    achievement: Percent
    power: Percent
    security: Percent
    conformity: Percent
    tradition: Percent
    benevolence: Percent
    universalism: Percent


class Hexaco(Value):
    """The six traits."""

    honesty_humility: Percent
    emotionality: Percent
    extraversion: Percent
    agreeableness: Percent
    conscientiousness: Percent
    openness_to_experience: Percent


class ConversationStyle(Value):
    """The seven aspects of how somebody talks and wants to be talked to."""

    directness: Percent
    emotional_expressiveness: Percent
    self_disclosure_tendency: Percent
    openness_to_questions: Percent
    reflective_listening_tolerance: Percent
    rumination_tendency: Percent
    conflict_avoidance: Percent


class SocioDemographics(Value):
    """How somebody lives now."""

    year: Annotated[int, Field(ge=1920, le=2120)]
    age: Annotated[int, Field(ge=0, le=120)]
    location: Text
    household: Text
    work: Text
    finances: Text
    social_network: Text
    perceptions: str = ""
    """What people around them would think of their asking for help."""


class RiskFlags(Value):
    """What is known of danger, without detail."""

    self_harm_ideation: str = "none_reported"
    substance_use: str = "none_reported"
    violence: str = "none_reported"


class PresentingProblem(Value):
    """What brings somebody to the conversation."""

    summary: Text
    symptoms: tuple[str, ...] = ()
    duration_months: Annotated[int, Field(ge=0)]
    triggers: tuple[str, ...] = ()
    risk: RiskFlags = RiskFlags()


class Provenance(Value):
    """What a persona was made from."""

    created_from: str
    city_keys: tuple[str, ...] = ()
    version: str


class Relative(Value):
    """Somebody in a Seeker's life."""

    relation: Literal["partner", "child", "parent", "sibling", "friend", "grandparent"]
    name: Text
    called: Text
    """As a sentence has it: `her husband Adem`."""
    lives: Literal["with them", "in the city", "far away", "dead"]


class Persona(Value):
    """A Seeker, whole."""

    id: Text
    name: Text
    pronouns: Text
    language: Text
    """The language they speak in, as a BCP 47 tag."""
    gender_at_birth: Literal["male", "female", "unknown"]
    family: Text
    """The persona family: all variations of one person share it, and it decides the split."""
    birth_context: BirthContext
    formative_context: tuple[FormativeContext, ...] = ()
    natural_tendencies: tuple[str, ...] = ()
    community: str = ""
    """The people whose names, language and mostly faith they share."""
    faith: str = ""
    people: tuple[Relative, ...] = ()
    things: tuple[str, ...] = ()
    """Concrete things, places and habits of their life, as a sentence would name them."""
    schwartz_basic_values: SchwartzValues
    hexaco: Hexaco
    csi: ConversationStyle
    current_socio_demographics: SocioDemographics
    presenting_problem: PresentingProblem
    meta: Provenance


class Crisis(Value):
    """The kind of crisis a conversation is about, and how it shows in this person."""

    category: Text
    """One of the 45 categories of the catalogue."""
    summary: Text
    severity: Literal["mild", "moderate", "severe"]
    age: Annotated[int, Field(ge=0, le=120)]
    """How old the person is in this crisis."""
    situation: str = ""
    """The key of the catalogue's situation that the summary tells; empty where it came from elsewhere."""
    cast: dict[str, str] = {}
    """What fills the slots of a story: who and what of this life the crisis is about, such as `child`: `her son Luka`."""
