"""The shape of a story: thirteen beats that go deeper, told in the first person, with slots for a life.

It knows what may stand in a beat and what not; who tells it, when and in what style is left to the Seeker.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from agents.values import Text, Value

BeatName = Literal[
    "opening", "happened", "people", "days", "body", "detail", "feeling", "hidden", "fear", "memory", "shame", "wanted", "small"
]
BEATS: tuple[BeatName, ...] = get_args(BeatName)
"""The beats in the order in which they would be told to somebody who only listened."""
DEPTH: dict[BeatName, int] = {
    "opening": 0, "happened": 0, "people": 1, "days": 1, "body": 1, "detail": 1, "feeling": 2, "hidden": 2, "fear": 2, "memory": 3,
    "shame": 3, "wanted": 3, "small": 3,
}  # fmt: skip
"""How much trust a beat asks for: 0 is told to anybody, 3 to hardly anybody."""

ActName = Literal["deflect", "test", "push_back", "withdraw", "too_soft", "accept", "refuse", "met", "calmer", "relapse", "close"]

RELATIVES = ("partner", "child", "parent", "sibling", "friend")
SLOTS: dict[str, str] = {
    **{relative: f"such as `my {word}`, later the name alone" for relative, word in zip(
        RELATIVES, ("husband Adem", "son Luka", "mother", "sister Mina", "friend Olga"), strict=True
    )},
    **{f"{relative}_they": "he or she" for relative in RELATIVES},
    **{f"{relative}_them": "him or her" for relative in RELATIVES},
    **{f"{relative}_their": "his or her" for relative in RELATIVES},
    "thing": "something of their life now, such as `the kerosene heater in the hall`",
    "old_thing": "something of their childhood, such as `the bell of the steam tram`",
    "tendency": "something they like to do, such as `mending nets`",
    "work": "the job, such as `tram conductor`",
    "home": "their part of the city, such as `Lavapiés`",
    "city": "where they live now",
    "birthplace": "the city in which they were born",
    "mother": "what one calls one's mother there, such as `Mamá`",
    "father": "what one calls one's father there",
    "grandmother": "what one calls one's grandmother there",
    "months": "how long, such as `five months`",
}  # fmt: skip
"""What a beat may leave open, and how it will be filled."""
OWN = frozenset(SLOTS) - {"months"} - {f"{relative}_{case}" for relative in RELATIVES for case in ("they", "them", "their")}
"""The slots that name something concrete of this person's own."""

_SLOT = re.compile(r"\{(\w*)\}")
_ADDRESS = re.compile(r"\b(you|your|yours|yourself)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?…])\s+")


def slots_of(text: str) -> set[str]:
    """The slots that a text uses."""
    return set(_SLOT.findall(text))


def _sound(text: str) -> str:
    """What holds for every line: known slots, whole sentences."""
    if unknown := slots_of(text) - set(SLOTS):
        raise ValueError(f"unknown slot {{{sorted(unknown)[0]}}}; known: {', '.join(SLOTS)}")
    if "{" in _SLOT.sub("", text) or "}" in _SLOT.sub("", text):
        raise ValueError("a brace without its partner")
    if text[-1:] not in ".!?…":
        raise ValueError("must end a sentence")
    if '"' in text or "—" in text:
        raise ValueError("no double quotes and no long dashes; speech stands in ‘’ or runs on")
    return text


def _told(text: str) -> str:
    """What holds for a beat besides: it is not about the listener."""
    if found := _ADDRESS.search(text):
        raise ValueError(f"{found[0]!r}: a beat speaks of oneself; say I or one")
    return text


Line = Annotated[str, Field(min_length=2, max_length=190), AfterValidator(_sound)]
"""Something said that does not carry the story."""
Beat = Annotated[str, Field(min_length=40, max_length=300), AfterValidator(_sound), AfterValidator(_told)]
"""One step of a story: one to three sentences, of which the first can stand alone."""


Answer = Annotated[str, Field(min_length=12, max_length=300), AfterValidator(_sound)]
"""What is answered to a plain question; it may speak to the one who asked."""


class Story(Value):
    """What one person in one situation has to tell."""

    opening: Beat
    """The first words: why now. Not everything yet."""
    happened: Beat
    people: Beat
    """Who was there, who is near, who is not."""
    days: Beat
    """What it did to days and nights."""
    body: Beat
    detail: Beat
    """One small thing that does not go away."""
    feeling: Beat
    """What lies beneath."""
    hidden: Beat
    """What nobody has been told."""
    fear: Beat
    memory: Beat
    """Something earlier that this touches."""
    shame: Beat
    """One's own part in it, or what is taken for it."""
    wanted: Beat
    """What is still wanted."""
    small: Beat
    """Something small that could be done, found by oneself."""
    danger: Beat
    """How it would show, indirectly, that this has become dangerous."""
    danger_level: Literal["low", "moderate", "high"]
    asked: Answer
    """The answer to a plain and kind question about that danger, true to the level."""

    def beat(self, name: BeatName) -> str:
        text: str = getattr(self, name)
        return text

    def lines(self) -> dict[str, str]:
        """Every text by its field."""
        return {name: text for name, text in self if name != "danger_level"}


class Stories(Value):
    """All that is told of one kind of crisis."""

    category: Text
    version: Text
    acts: dict[ActName, tuple[Line, ...]]
    stories: dict[str, Story]
    """By the key of the situation in the catalogue."""

    @model_validator(mode="after")
    def _complete(self) -> Stories:
        for act in get_args(ActName):
            if len(self.acts.get(act, ())) < 8:
                raise ValueError(f"acts.{act} needs at least 8 lines, found {len(self.acts.get(act, ()))}")
        if len(self.stories) < 4:
            raise ValueError(f"at least 4 stories are needed, found {len(self.stories)}")
        return self
