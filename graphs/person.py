"""A person at the keyboard, as a session sees one: somebody who may speak as the Seeker and may choose or write the Supporter's reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agents import DialogueAct, Proposal, Scene, Seeker, Spoken, VariantId
from graphs.turn import Weighed

TYPED = VariantId("typed")


class Left(Exception):
    """The person left: the turn in hand is dropped, everything before it is kept."""


class Person(Protocol):
    """Somebody who can be asked."""

    async def speak(self, scene: Scene) -> str:
        """What they say as the Seeker."""
        ...

    async def decide(self, scene: Scene, weighed: Sequence[Weighed]) -> Weighed | str:
        """The reply that they choose, or one that they write."""
        ...


class PersonAsSeeker:
    """A person in the Seeker's chair. What they feel is their own: the rules only estimate it, so that replies can be weighed."""

    def __init__(self, person: Person, rules: Seeker) -> None:
        self._person, self._rules = person, rules

    async def speak(self, scene: Scene) -> Spoken:
        return by_person(await self._person.speak(scene), await self._rules.speak(scene))


def by_person(words: str, estimated: Spoken) -> Spoken:
    """What a person said in the Seeker's place, with the affect that the rules estimate for that moment."""
    act = DialogueAct.OPEN if estimated.act is DialogueAct.OPEN else DialogueAct.ELABORATE
    return Spoken(words, "", act, estimated.affect)


def typed(words: str) -> Proposal:
    """A reply that a person wrote."""
    return Proposal(TYPED, 0.5, "typed", (), words, "")
