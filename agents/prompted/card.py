"""A card as a model should read it: a persona and a crisis told to the Seeker in prose, and the little that a helper would be told.

It leaves out sentences that name a later year, undated words of the atlas about a decade that is young yet, and sentences and things
that look like a number to call. What else tells of the future, or names a contact in other words, it does not see. It knows no prompt and
no turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from agents.atlas.atlas import UnknownCity, city, find
from agents.atlas.schema import DECADES, City
from agents.ground.data_files import read_data_file
from agents.persona import BirthContext, Crisis, FormativeContext, Persona, Relative
from agents.personas.crisis import duration_in_words
from agents.prompted.prompts import FOLDER, language
from agents.values import Text, Value

_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)(s?)\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_DIGIT = "(?:zero|nought|oh|one|two|three|four|five|six|seven|eight|nine)"
_CONTACT = re.compile(
    r"\b(hot|help|crisis|chat|free )?lines?\b|\b\d{3}\b|\b(?!1[89]|20)\d{4}\b|\b\d{5,}\b|\bdigits?\b"
    rf"|\b{_DIGIT}-{_DIGIT}-\w+|\b(?:{_DIGIT}[-, ]+){{2,}}{_DIGIT}\b",
    re.IGNORECASE,
)
_LAST_FURNISHED = 2029
_PRIVATE_SINCE = 1990
"""What the atlas says of silence before strangers has no decade, and may hang on what happened by then."""
_LIVES = {"with them": "you live together", "in the city": "in the same city", "far away": "far away", "dead": "dead"}
_UNTOLD = ("none_reported", "denied")


class Bands(Value):
    """A position on a scale in words."""

    low: Text
    middle: str = ""
    high: Text

    def at(self, percent: float) -> str:
        return self.low if percent < 40 else self.high if percent > 60 else self.middle


class CardWords(Value):
    """The words of the card."""

    version: Text
    talk: dict[str, Bands]
    traits: dict[str, Bands]
    values: dict[str, Text]


@cache
def _words() -> CardWords:
    return read_data_file(FOLDER / "card.toml", CardWords)


def seeker_card(persona: Persona) -> str:
    """Who the Seeker is, told to them in prose."""
    now, born = persona.current_socio_demographics, persona.birth_context
    paragraphs = [
        f"Your name is {persona.name} ({persona.pronouns}). You are {now.age} years old, and it is {now.year}{_beyond(now.year)}. "
        f"You live in {now.location}. At home: {now.household}. Work: {now.work}. Money: {now.finances}. Around you: {now.social_network}.",
        f"You were born in {born.city}, {born.country}, in the {born.decade}. {_noted(born, now.year)}",
        " ".join(
            f"As {_article(place.life_stage)} you were in {place.city}, {place.country}, in the {place.decade}"
            f"{_status(place.status)}. {_noted(place, now.year) if place.notes not in told else ''}"
            for place, told in zip(persona.formative_context, _told_before(persona), strict=True)
        ),
        _belonging(persona),
        f"People: {'; '.join(_relative(kin) for kin in persona.people)}." if persona.people else "",
        _listed("What you like, or used to", persona.natural_tendencies),
        _listed("Things that belong to your life", tuple(thing for thing in persona.things if not _CONTACT.search(thing))),
        _the_year(persona),
        "How you are: " + " ".join(filter(None, (*_traits(persona), *_talks(persona)))),
        f"What counts for you: {', '.join(_dearest(persona))}.",
    ]
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def _told_before(persona: Persona) -> list[set[str]]:
    """For each place of a youth, the notes that stand before it: two stages of one decade may share one."""
    notes = [persona.birth_context.notes, *(place.notes for place in persona.formative_context)]
    return [set(notes[: number + 1]) for number in range(len(persona.formative_context))]


def crisis_card(persona: Persona, crisis: Crisis) -> str:
    """What brings the Seeker, told to them in prose."""
    problem = persona.presenting_problem
    risk = problem.risk.model_dump()
    known = [f"{name.replace('_', ' ')}: {value.replace('_', ' ')}" for name, value in risk.items() if value not in _UNTOLD]
    paragraphs = [
        f"Others would call it {crisis.category.lower()}, {crisis.severity}; you would not. {crisis.summary}",
        f"It has gone on for {duration_in_words(problem.duration_months)}.",
        _listed("It shows like this", problem.symptoms),
        _listed("What sets it off", problem.triggers),
        f"Known of danger: {'; '.join(known)}." if known else "Nothing is known of any danger to yourself or others.",
    ]
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def helpers_card(persona: Persona, tag: str) -> str:
    """What somebody who helps would be told beforehand: a name, an age, a place, a year and a language, and nothing of the trouble."""
    now = persona.current_socio_demographics
    spoken = language(tag).english
    return f"{first_name(persona)}, {now.age} years old, writes from {now.location}, in {spoken}. It is {now.year}{_beyond(now.year)}."


def first_name(persona: Persona) -> str:
    """What people call them: a given name may be of several words."""
    words = persona.name.split()
    for length in range(len(words) - 1, 0, -1):
        if (given := " ".join(words[:length])) in persona.presenting_problem.summary:
            return given
    return words[0]


def notes(persona: Persona, crisis: Crisis) -> tuple[str, ...]:
    """The sentences of a card that its owner must not give back word for word; the things of a life may be named as they are."""
    problem = persona.presenting_problem
    told = (crisis.summary, problem.summary, *problem.symptoms, *problem.triggers, persona.birth_context.notes)
    words = _words()
    bands = (text for table in (words.talk, words.traits) for band in table.values() for text in (band.low, band.middle, band.high))
    return tuple(filter(None, (*told, *(place.notes for place in persona.formative_context), *bands)))


def past(text: str, year: int) -> str:
    """The sentences of a text that tell of no later year."""
    return " ".join(sentence for sentence in _SENTENCE.split(text) if all(_not_later(found, year) for found in _YEAR.finditer(sentence)))


def _told(text: str, year: int) -> str:
    """The sentences of a text that tell of no later year and of nobody to call."""
    return " ".join(sentence for sentence in _SENTENCE.split(past(text, year)) if not _CONTACT.search(sentence))


def _not_later(found: re.Match[str], year: int) -> bool:
    return int(found[1]) <= year


def _beyond(year: int) -> str:
    return f", and daily life is much as it was in the {_LAST_FURNISHED // 10 * 10}s" if year > _LAST_FURNISHED else ""


def _article(stage: str) -> str:
    return f"{'an' if stage[:1].lower() in 'aeiou' else 'a'} {stage}"


def _status(status: str) -> str:
    return "" if status in ("", "citizen") else f" ({status.replace('_', ' ')})"


def _relative(kin: Relative) -> str:
    return f"your {re.sub(r'^(her|his|their) ', '', kin.called)}{'' if kin.name in kin.called else f' ({kin.name})'}, {_LIVES[kin.lives]}"


def _listed(title: str, items: tuple[str, ...]) -> str:
    return f"{title}: {'; '.join(items)}." if items else ""


def _belonging(persona: Persona) -> str:
    of = f"Your people: {persona.community}. " if persona.community else ""
    faith = f"Faith: {persona.faith}. " if persona.faith else ""
    return f"{of}{faith}The language you grew up in is {language(persona.language).english}."


def _city(location: str) -> City | None:
    try:
        return city(find(location.partition(",")[0].strip()).slug)
    except UnknownCity:
        return None


def _decade(year: int) -> str:
    """The decade of the atlas that a year is in; what comes after the atlas is as it was at its end."""
    return f"{min(year, _LAST_FURNISHED) // 10 * 10}s"


def _lived(year: int) -> str:
    """The decade whose undated words are true of a year: in the first half of a decade most of it is still to come."""
    return _decade(year - 10) if year <= _LAST_FURNISHED and year % 10 < 5 and _decade(year) != DECADES[0] else _decade(year)


def _noted(place: BirthContext | FormativeContext, year: int) -> str:
    """The note of a place, unless the atlas says it of a decade that is young yet."""
    there = _city(place.city) if place.decade == _decade(year) != _lived(year) else None
    return "" if there and place.notes in there.at(place.decade).model_dump().values() else past(place.notes, year)


def _the_year(persona: Persona) -> str:
    """What a day of that year holds, and how one speaks there."""
    now = persona.current_socio_demographics
    if (home := _city(now.location)) is None:
        return _told(now.perceptions, now.year)
    place = home.at(_lived(now.year))
    around = place.distress if now.perceptions == home.at(_decade(now.year)).distress else now.perceptions
    days = " ".join(_told(text, now.year) for text in (place.housing, place.work, around))
    private = f"With strangers: {home.tone.private}" if now.year >= _PRIVATE_SINCE else ""
    return f"{days} {private} Sayings: {'; '.join(home.tone.idioms[:3])}."


def _traits(persona: Persona) -> list[str]:
    return _in_words(_words().traits, persona.hexaco.model_dump())


def _talks(persona: Persona) -> list[str]:
    return _in_words(_words().talk, persona.csi.model_dump())


def _in_words(bands: Mapping[str, Bands], scales: Mapping[str, float]) -> list[str]:
    return [bands[name].at(value) for name, value in scales.items() if name in bands]


def _dearest(persona: Persona) -> list[str]:
    scales = persona.schwartz_basic_values.model_dump()
    return [_words().values[name] for name in sorted(scales, key=lambda name: -scales[name])[:3]]
