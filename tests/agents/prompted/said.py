"""Seekers to hold messages against, and messages: what a simulated Seeker must not say, and what only looks like it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from agents import Crisis, Role, Scene, Utterance
from agents.personas.meeting import drawn
from agents.values import Fault


@dataclass(frozen=True)
class Person:
    """What of a card a message is held against."""

    name: str
    pronouns: str
    age: int
    year: int
    city: str
    country: str
    born_in: str
    work: str = "clerk"


PEOPLE = {
    "samira": Person("Samira Rimawi", "she/her", 20, 1981, "Amman", "Jordan", "Amman", "student"),
    "sidney": Person("Sidney Mott", "he/him", 49, 1979, "London", "UK", "London", "bus conductor"),
    "kamrul": Person("Kamrul Bepari", "he/him", 50, 2002, "Rome", "Italy", "Dhaka", "dishwasher"),
    "ae_deok": Person("Ae-deok Noh", "she/her", 24, 1944, "Seoul", "South Korea", "Seoul", "seamstress"),
    "laura": Person("Laura Vela", "she/her", 43, 2021, "Madrid", "Spain", "Madrid", "school counsellor"),
    "mitchell": Person("Mitchell Fraser", "he/him", 47, 2031, "Melbourne", "Australia", "Melbourne", "electrician"),
    "odilia": Person("Odilia Chacón", "she/her", 40, 1996, "Havana", "Cuba", "Havana", "cook"),
    "salvatore": Person("Salvatore DeFazio", "he/him", 29, 1962, "New York City", "USA", "New York City", "docker"),
}
SUMMARIES = {
    "she": "Since the factory let her go she counts the coins in the blue tin every night and hides the letters from the bank "
    "under the oven; her sister still thinks that she leaves for work each morning at seven.",
    "he": "Since the factory let him go he counts the coins in the blue tin every night and hides the letters from the bank "
    "under the oven; his brother still thinks that he leaves for work each morning at seven.",
}
INSTRUCTIONS = (
    "Speak in one to three sentences, in your own voice, about one thing at a time, and go deeper only as far as trust allows.",
    "People around think that asking a stranger for help brings shame on the whole house.",
)
SEEKER_BEFORE = "I walked as far as the bridge yesterday and turned round again, because my legs would not have it."
SUPPORTER_BEFORE = "That walk to the bridge sounds long. What did the turning round feel like, in your legs and in your chest?"


@cache
def moment(who: str, language: str = "en") -> Scene:
    """Two turns into a conversation with one of these people."""
    person = PEOPLE[who]
    somebody = drawn(list(PEOPLE).index(who)).persona
    summary = SUMMARIES["she" if person.pronouns == "she/her" else "he"]
    persona = somebody.model_copy(
        update={
            "name": person.name,
            "pronouns": person.pronouns,
            "gender_at_birth": "female" if person.pronouns == "she/her" else "male",
            "birth_context": somebody.birth_context.model_copy(
                update={"city": person.born_in, "country": "Bangladesh" if who == "kamrul" else person.country, "notes": ""}
            ),
            "formative_context": (),
            "people": (),
            "things": ("the brass lamp with the crack that my grandmother carried over the mountains",),
            "natural_tendencies": ("mending old radios on the kitchen table until everybody has gone to bed",),
            "current_socio_demographics": somebody.current_socio_demographics.model_copy(
                update={"year": person.year, "age": person.age, "location": f"{person.city}, {person.country}", "work": person.work}
            ),
        }
    )
    crisis = Crisis(category="Debt Problems", summary=summary, severity="moderate", age=person.age)
    said = (Utterance(Role.SEEKER, SEEKER_BEFORE), Utterance(Role.SUPPORTER, SUPPORTER_BEFORE))
    return Scene(persona, crisis, language, 2, said, None)


def brief(scene: Scene) -> tuple[str, ...]:
    return (scene.crisis.summary, *INSTRUCTIONS)


def kinds(found: tuple[Fault, ...]) -> set[str]:
    return {fault.kind for fault in found}
