"""The shape of a kind of crisis, as a clinician and a novelist would file it. It diagnoses nobody and details no harm."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agents.values import RiskLevel, Text, Value

Age = Annotated[int, Field(ge=20, le=100)]
Severity = Literal["mild", "moderate", "severe"]
Need = Literal["partner", "child", "parent", "sibling", "friend", "works", "studies", "retired", "lives_alone", "migrant", "faith"]

SLOTS: dict[str, str] = {
    "name": "the person's given name",
    "they": "he, she or they",
    "them": "him, her or them",
    "their": "his, her or their",
    "work": "the job, such as `tram conductor`",
    "city": "where they live now",
    "home": "their part of the city",
    "partner": "such as `her husband Adem`",
    "child": "such as `her son Luka`",
    "parent": "such as `his mother`",
    "sibling": "such as `his sister Mina`",
    "friend": "such as `her friend Olga`",
    "thing": "something of their life there, such as `the kerosene heater in the hall`",
    "tendency": "something they like to do, such as `mending nets`",
    "months": "how long, such as `five months`",
}
"""What a situation may leave open, and how it will be filled."""

_SLOT = re.compile(r"\{(\w+)\}")
_NEEDED_BY_SLOT: dict[str, Need] = {
    "partner": "partner",
    "child": "child",
    "parent": "parent",
    "sibling": "sibling",
    "friend": "friend",
    "work": "works",
}


class LifeStage(Value):
    """How this trouble looks at some ages."""

    youngest: Age
    oldest: Age
    note: Annotated[str, Field(min_length=30, max_length=320)]


class Sign(Value):
    """One way it shows."""

    third: Text
    """After a name: "wakes before the alarm and lies counting"."""
    first: Text
    """From the person's own mouth: "I wake before the alarm and lie there counting."."""
    kind: Literal["body", "mind", "conduct", "others"]


class RiskSignal(Value):
    """Words that call for a question about safety."""

    words: Text
    """As somebody might say them: indirect, without method or detail."""
    level: RiskLevel
    ask: Text
    """A question that a Supporter could ask: plain, calm, without alarm."""


class Grade(Value):
    """A level of severity."""

    looks: Annotated[str, Field(min_length=30, max_length=320)]
    months_from: Annotated[int, Field(ge=0, le=600)]
    months_to: Annotated[int, Field(ge=0, le=600)]


class Situation(Value):
    """How it came to this, for one person: a sentence with slots."""

    key: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
    """Its name within the kind; a story is told under the same one."""
    text: Annotated[str, Field(min_length=60, max_length=360)]
    youngest: Age = 20
    oldest: Age = 100
    needs: tuple[Need, ...] = ()
    since: Annotated[int, Field(ge=1920, le=2020, multiple_of=10)] = 1920
    """The first decade in which this can happen."""

    @model_validator(mode="after")
    def _slots_are_known_and_needed(self) -> Situation:
        for slot in _SLOT.findall(self.text):
            if slot not in SLOTS:
                raise ValueError(f"unknown slot {{{slot}}}; known: {', '.join(SLOTS)}")
            need = _NEEDED_BY_SLOT.get(slot)
            if need and need not in self.needs:
                raise ValueError(f"{{{slot}}} is used, so needs must hold {need!r}")
        if self.youngest > self.oldest:
            raise ValueError("youngest is above oldest")
        return self


class Kind(Value):
    """One of the 45 kinds of crisis."""

    category: Text
    youngest: Age
    oldest: Age
    group: Literal["mood", "trauma", "identity", "work", "money", "health", "family", "relationships", "habits", "growth"]
    sensitive: bool
    """Whether a clinician would want special care: risk is asked about early, and detail is never drawn out."""
    about: Annotated[str, Field(min_length=120, max_length=700)]
    life_stages: tuple[LifeStage, ...] = Field(min_length=3)
    signs: tuple[Sign, ...] = Field(min_length=14)
    triggers: tuple[Text, ...] = Field(min_length=10)
    fears: tuple[Text, ...] = Field(min_length=8)
    """Completing "is afraid that …"."""
    hopes: tuple[Text, ...] = Field(min_length=8)
    """Completing "would like to …"."""
    helps: tuple[Text, ...] = Field(min_length=6)
    """What a Supporter can do, as an instruction."""
    hurts: tuple[Text, ...] = Field(min_length=6)
    """What a Supporter does that makes it worse."""
    risk_signals: tuple[RiskSignal, ...] = Field(min_length=4)
    severity: dict[Severity, Grade]
    situations: tuple[Situation, ...] = Field(min_length=18)

    @model_validator(mode="after")
    def _every_age_is_covered(self) -> Kind:
        keys = [situation.key for situation in self.situations]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"two situations are called {', '.join(sorted(twice))}")
        if set(self.severity) != {"mild", "moderate", "severe"}:
            raise ValueError("severity needs mild, moderate and severe")
        for age in range(self.youngest, self.oldest + 1):
            if not any(stage.youngest <= age <= stage.oldest for stage in self.life_stages):
                raise ValueError(f"no life stage covers age {age}")
            there = [s for s in self.situations if s.youngest <= age <= s.oldest]
            if len(there) < 6:
                raise ValueError(f"{len(there)} situations fit age {age}, at least 6 are needed")
            if sum(not s.needs and s.since == 1920 for s in there) < 2:
                raise ValueError(f"age {age} needs 2 situations without needs that fit any decade")
        return self
