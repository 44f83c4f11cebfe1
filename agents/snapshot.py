"""Every setting that shapes a conversation, written down when it starts: who speaks with which model, and how words are picked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from agents.values import CareLevel, Parameters, Text, Value

SettingOfDecoding = Literal["temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty"]
Structured = Literal["prompt", "json_object", "json_schema"]


class Decoding(Value):
    """How a model picks its words; None leaves a setting to the server."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None

    def over(self, other: Decoding) -> Decoding:
        """These settings, and those of `other` where these say nothing."""
        return Decoding(**{**other.model_dump(exclude_none=True), **self.model_dump(exclude_none=True)})

    def without(self, names: Iterable[str]) -> Decoding:
        """These settings, but for the named ones."""
        return Decoding(**self.model_dump(exclude_none=True, exclude=set(names)))


class Voice(Value):
    """A model in a chair, with everything that decides what it answers."""

    model: Text
    """`openai:NAME`, `local:PATH`, …: an endpoint and a model of it."""
    base_url: str | None = None
    """Where the endpoint is, if not where its preset says; never with a password in it."""
    decoding: Decoding = Decoding()
    by_care: dict[str, Decoding] = {}
    """What differs at a care level, by the level as it is printed (`0.2`)."""
    leave: tuple[SettingOfDecoding, ...] = ()
    """Settings of `Decoding` that are left to the server, whatever presets say."""
    structured: Structured = "prompt"
    """How the model is held to its form: by words alone, or by the server as well."""
    stream: bool = False
    """Whether words are taken as they come."""
    seeded: bool = True
    """Whether a seed is sent along."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """For one attempt of one call."""
    context: Annotated[int, Field(ge=256)] | None = None
    """How many tokens the model can read and write together, where it is known."""
    extra: Parameters = {}
    """Further fields of the request's body, as the server knows them."""

    def at(self, care_level: CareLevel) -> Decoding:
        """How words are picked at a care level."""
        return self.by_care.get(f"{care_level:g}", Decoding()).over(self.decoding)


class SessionSnapshot(Value):
    """Every setting that shaped a conversation, written down when it starts."""

    models: dict[str, str]
    """Role or judge to the model that voices it, such as `builtin` or `openai:NAME`."""
    voices: dict[str, Voice] = {}
    """How each chair's model is asked; a built-in or human chair has none."""
    prompts: dict[str, str] = {}
    """Prompt file to version."""
    rubrics: dict[str, str] = {}
    """Rubric file to version."""
    chooser: str
    """The policy that picks the variant that continues the conversation."""
    turn_limit: Annotated[int, Field(ge=1)]
    care_levels: tuple[CareLevel, ...] = (0.2, 0.5, 0.8)
    look_ahead: Annotated[int, Field(ge=0)] = 1
    """How many of the Seeker's answers are foreseen for each variant; 0 foresees none."""
    cold: bool = False
    """Whether a deliberately poor reply is offered as well, as a negative."""
