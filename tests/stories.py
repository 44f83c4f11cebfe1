"""Events for tests: a person, a turn, a conversation, in few words."""

from __future__ import annotations

from collections.abc import Sequence

from agents import (
    Affect,
    BirthContext,
    ConversationStyle,
    Crisis,
    DialogueAct,
    Hexaco,
    Persona,
    PresentingProblem,
    Provenance,
    SchwartzValues,
    SessionSnapshot,
    SocioDemographics,
    VariantId,
)
from store import ConversationStarted, Event, SeekerSpoke, VariantChosen, VariantJudged, VariantProposed


def calm(distress: float = 60) -> Affect:
    return Affect(distress=distress, arousal=50, trust=40, hope=30, openness=45)


def persona(name: str = "Ilse Brandt") -> Persona:
    half = 50.0
    return Persona(
        id="p-ilse",
        name=name,
        pronouns="she/her",
        language="de",
        gender_at_birth="female",
        family="f-ilse",
        birth_context=BirthContext(decade="1950s", city="Berlin", country="Germany"),
        schwartz_basic_values=SchwartzValues(**dict.fromkeys(SchwartzValues.model_fields, half)),
        hexaco=Hexaco(**dict.fromkeys(Hexaco.model_fields, half)),
        csi=ConversationStyle(**dict.fromkeys(ConversationStyle.model_fields, half)),
        current_socio_demographics=SocioDemographics(
            year=2015,
            age=62,
            location="Berlin, Germany",
            household="alone",
            work="retired nurse",
            finances="modest",
            social_network="a sister",
        ),
        presenting_problem=PresentingProblem(summary="Her husband died in March.", duration_months=5),
        meta=Provenance(created_from="tests", version="1"),
    )


def started(seed: int = 1) -> ConversationStarted:
    return ConversationStarted(
        persona=persona(),
        crisis=Crisis(category="Grief and Loss", summary="Her husband died in March.", severity="moderate", age=62),
        seed=seed,
        split="train",
        language="en",
        settings=SessionSnapshot(models={"seeker": "builtin", "supporter": "builtin"}, chooser="best", turn_limit=20),
    )


def turn(number: int, words: str = "The kettle still stands where he left it.") -> list[Event]:
    """The four events of a small turn."""
    variant = VariantId(f"{number}a")
    return [
        SeekerSpoke(turn=number, message=f"{words} ({number})", act=DialogueAct.DISCLOSE, affect=calm()),
        VariantProposed(turn=number, variant=variant, care_level=0.5, style="warm", message="You have not moved it."),
        VariantJudged(turn=number, variant=variant, judge="verifier@1", scores={"empathy": 2.0}, evidence={"empathy": ("not moved it",)}),
        VariantChosen(turn=number, variant=variant, chooser="best"),
    ]


def conversation(turns: int = 5) -> Sequence[Event]:
    """A conversation's events from its start."""
    return [started(), *(event for number in range(1, turns + 1) for event in turn(number))]
