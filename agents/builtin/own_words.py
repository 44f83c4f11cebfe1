"""A Seeker's own names for people, places and things: how the slots of a story are filled in the first person.

It knows the card; what is told, and when, is left to the Seeker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.persona import Crisis, Persona
from agents.stories.schema import RELATIVES

_SLOT = re.compile(r"\{(\w+)\}")
_A_WORK = re.compile(r"\b([Aa]) \{work\}")
_START = re.compile(r"(^|[.!?…] )([a-zß-ɏ])")
_OBJECT = {"she": "her", "he": "him", "they": "them"}
_POSSESSIVE = {"she": "her", "he": "his", "they": "their"}
_WHERE_NOTHING_IS_KNOWN = {
    "partner": "the one I live with",
    "child": "my child",
    "parent": "my mother",
    "sibling": "my sister",
    "friend": "my friend",
    "thing": "the chair by the window",
    "old_thing": "the well in the yard",
    "tendency": "walking",
    "home": "this part of town",
    "mother": "Mother",
    "father": "Father",
    "grandmother": "Grandmother",
    "months": "a long time",
    "work": "worker",
}


class OwnWords:
    """What one Seeker calls what is theirs."""

    def __init__(self, persona: Persona, crisis: Crisis) -> None:
        self._words = _words(persona, crisis)
        self.things = persona.things
        self.tendencies = tuple(tendency.replace("_", " ") for tendency in persona.natural_tendencies)
        self._concrete = self.concrete()

    def fill(self, text: str, said: str = "") -> str:
        """A line with its slots filled. Somebody who was named in `said` is called by name alone."""
        words = self._words
        if "{work}" in text:
            text = _A_WORK.sub(lambda m: f"{m[1]}{'n' if words['work'][:1].lower() in 'aeiou' else ''} {{work}}", text)

        def word(match: re.Match[str]) -> str:
            nonlocal said
            slot = match[1]
            if slot not in RELATIVES:
                return words[slot]
            name = words.get(f"{slot}_name")
            if name and re.search(rf"\b{re.escape(name)}\b", said):
                return name
            said += f" {words[slot]}"
            return words[slot]

        return _START.sub(lambda m: m[1] + m[2].upper(), _SLOT.sub(word, text))

    def concrete(self) -> tuple[str, ...]:
        """What of this list would show that this very person speaks."""
        slots = ("thing", "old_thing", "tendency", "home", "city", "birthplace", "work", *(f"{relative}_name" for relative in RELATIVES))
        return tuple(dict.fromkeys((*(self._words[slot] for slot in slots if slot in self._words), *self.things, *self.tendencies)))

    def named(self, said: Sequence[str]) -> int:
        """How many of them were named."""
        words = " ".join(said).casefold()
        return sum(thing.casefold() in words for thing in self._concrete)


def _words(persona: Persona, crisis: Crisis) -> dict[str, str]:
    now = persona.current_socio_demographics
    from_card: dict[str, str] = {
        "work": re.sub(r"^(retired|out of work,) | before$", "", now.work),
        "city": now.location.split(",")[0],
        "birthplace": persona.birth_context.city,
    }
    for person in reversed(persona.people):
        if person.lives != "dead":
            from_card[person.relation] = person.called
    if persona.things:
        from_card |= {"thing": persona.things[-1], "old_thing": persona.things[0]}
    if persona.natural_tendencies:
        from_card["tendency"] = persona.natural_tendencies[0].replace("_", " ")
    words = {**_WHERE_NOTHING_IS_KNOWN, **from_card, **crisis.cast}
    for relative in RELATIVES:
        called = re.sub(r"^(her|his|their) ", "my ", words[relative])
        parts = called.split(" ", 2)
        words[relative] = called
        if len(parts) == 3 and parts[0] == "my" and parts[2][:1].isupper():
            words[f"{relative}_name"] = parts[2]
        they = words.get(f"{relative}_they") or _guess(called)
        words |= {f"{relative}_they": they, f"{relative}_them": _OBJECT[they], f"{relative}_their": _POSSESSIVE[they]}
    return words


def _guess(called: str) -> str:
    if re.search(r"\b(wife|daughter|mother|sister)\b", called):
        return "she"
    return "he" if re.search(r"\b(husband|son|father|brother)\b", called) else "they"
