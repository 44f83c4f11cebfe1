"""What a Seeker says of themselves that their card denies: age, name, home, birthplace, sex.

Only plain statements in the first person are held against the card, in English; what nobody can tell for sure is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from agents.atlas.atlas import entries
from agents.persona import Persona
from agents.prompted.faults_words import Speech

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_NUMBERS = {
    **{word: number for number, word in enumerate(_TEENS, 10)},
    **{ten: tens for tens, ten in zip(range(20, 100, 10), _TENS, strict=True)},
    **{
        f"{ten}{joint}{unit}": tens + number
        for tens, ten in zip(range(20, 100, 10), _TENS, strict=True)
        for number, unit in enumerate(_UNITS, 1)
        for joint in (" ", "-")
    },
}
_NUMBER = rf"(\d{{1,3}}|(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_UNITS)}))?|{'|'.join(_TEENS)})"
_ALONE = (
    r"(?=\s*(?:[.!?;…)]|$|, (?!thirty|forty|fifty|sixty)|,? years? (?:old|of age)|[- ]year[- ]old"
    r"|,? and (?!a\b|half|my\s+\w+\s+(?:more|less))| now\b| already\b| next | this | tomorrow| today| in [a-z]+[,.!])| but\b)"
)
_CLAUSE = r"(?:\A|[.!?;:…—–-]\s*|\b(?:and|but|because|well|look|since|so)[, ]+)"
_NOW = re.compile(
    rf"{_CLAUSE}i(?:'m| am)(?: only| just| already| nearly| almost| about| going on| turning)* {_NUMBER}{_ALONE}"
    rf"|\bi(?:'ve just|'ve only just| just|'ll be| will be|'m about to)? ?(?:turned|turning|turn) {_NUMBER} (?:last|this|next|in|yesterday|today|tomorrow|soon|on)\b"
    rf"|{_CLAUSE}i(?:'ve)? (?:just |only just |recently )?turned {_NUMBER}(?=[.!?;,]|$)"
    rf"|\bat my age of {_NUMBER}\b|\bat {_NUMBER},? i (?:should|shouldn't|still|can't|cannot|don't|ought|have no|feel)\b"
    rf"|\b(?:i(?:'m| am)|as) an? {_NUMBER}[- ]year[- ]old\b|\bmy {_NUMBER}(?:th|st|nd|rd) birthday (?:is|was) (?:last|this|next|yesterday|today|tomorrow|coming|in|on)\b"
    rf"|\bi(?:'m| am) {_NUMBER} years? (?:old|of age)"
)
_DECADE_OF_LIFE = re.compile(
    r"\bi(?:'m| am) (?:still |already |only |now )?in my (?:early |mid |late |mid-)?(twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b"
)
_THEN = re.compile(
    rf"\bi was (?:only |just |already )?{_NUMBER} (?:years old )?when\b|\bwhen i was (?:only |just |already )?{_NUMBER}\b(?=[.,;!?]| i | my | years old)"
)
_BORN = re.compile(r"\bi was born in (?:the (?:spring|summer|autumn|fall|winter) of )?((?:19|20)\d\d)\b")
_NOT_NOW = re.compile(
    r"\b(?:dream\w*|remember\w*|photo\w*|picture|again|memory|suddenly|inside|like|as if|feel|if|when|once|until|till|pretend\w*|told|tell|say|said)\b"
)

_NAME = re.compile(
    r"\b[Mm]y (?:full |first |real |own )?name(?:'s| is) (\w[\w'’-]+)(?: (\w[\w'’-]+))?|\bI(?:'|’| a)m called (\w[\w'’-]+)(?: (\w[\w'’-]+))?"
)
_HOME = re.compile(
    r"\b(?:i|we)(?:'ve|'m|'re| have| am| are|) ?(?:still |now |only |always |originally |just )*"
    r"\b(live|lived|living|from|was born|were born|grew up|come from|was raised)\b"
    r"(?: here| right here| all my life| alone| and raised)? ?(?:in |from |)((?:[a-z'.-]+ ?){1,3})"
)
_BIRTH = {"was born", "were born", "grew up", "was raised"}
_HERE = re.compile(r"\bhere in ([a-z'. -]{3,20})")

_PLACE_WORDS = ("live", "living", "from", "born", "grew up", "here in")

_SEX_WORDS = {
    "female": "woman|mother|wife|widow|grandmother|girl|daughter|sister|mum|mom|lady|housewife|schoolgirl|grandma|aunt",
    "male": "man|father|husband|widower|grandfather|boy|son|brother|dad|gentleman|bloke|guy|schoolboy|grandpa|uncle",
}
_BESIDE = r"(?:(?!man\b|men\b)[a-z-]+ ){0,2}?"
_OTHER = {"female": "male", "male": "female"}
_SELF = {
    sex: re.compile(
        rf"(?:\A|[.!?,;] |\band |\bbut |\bbecause )(?:as|being) an? {_BESIDE}({words})(?:,| i\b| you\b)"
        rf"|\bi(?:'m| am) (?:just |only |still )?an? {_BESIDE}({words})(?= ?[.,;!?]| and\b| with | who | of (?:\d|two|three|four|five|six)| now\b|$)"
        rf"|\bi(?:'m| am) (?:his|her|their) ({words})\b(?!'s|-in)"
    )
    for sex, words in _SEX_WORDS.items()
}
_PREGNANT = re.compile(
    r"\bi(?:'m| am) (?:\w+ )?(?:pregnant|expecting a (?:baby|child))\b|\bwhen i was pregnant\b|\bmy (?:periods?|pregnancy)\b(?= (?:is|are|has|have|was|stopped))"
)
_SPOUSE = {"wife": re.compile(r"\bmy (?:late )?husband\b"), "husband": re.compile(r"\bmy (?:late )?wife\b")}


def contradictions(speech: Speech, persona: Persona, ages: frozenset[int]) -> Iterator[str]:
    """The words by which a message says something else than the card; `ages` are those that are right."""
    yield from _wrong_age(speech, ages, persona.current_socio_demographics.year)
    yield from _wrong_name(speech, persona)
    yield from _wrong_place(speech, persona)
    yield from _wrong_sex(speech, persona)


def _wrong_age(speech: Speech, ages: frozenset[int], year: int) -> Iterator[str]:
    for found in _NOW.finditer(speech.own):
        clause = re.split(r"[.!?\n]", speech.own[: found.start() + 1])[-1]
        said = _number(next(group for group in found.groups() if group))
        if (
            said >= 10
            and all(abs(said - age) > 1 for age in ages)
            and not _NOT_NOW.search(clause)
            and " again" not in speech.own[found.end() :][:12]
        ):
            yield speech.shown(found)
    for found in _DECADE_OF_LIFE.finditer(speech.own):
        start = 20 + 10 * ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"].index(found[1])
        if all(not start - 1 <= age <= start + 10 for age in ages):
            yield speech.shown(found)
    for found in _THEN.finditer(speech.own):
        if _number(found[1] or found[2]) > max(ages) + 1:
            yield speech.shown(found)
    for found in _BORN.finditer(speech.own):
        if all(abs(year - int(found[1]) - age) > 2 for age in ages):
            yield speech.shown(found)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _wrong_name(speech: Speech, persona: Persona) -> Iterator[str]:
    own = _bare(persona.name).split()
    for found in _NAME.finditer(speech.written):
        if not speech.own[found.start()].strip("\0"):
            continue  # somebody else says so
        said = [name for name in found.groups() if name and name[0].isupper()]
        if said and not any(_alike(_bare(said[0]), name) for name in own):
            yield speech.shown(found)


def _alike(said: str, name: str) -> bool:
    """Whether one may be a short or another form of the other."""
    return said[:3] == name[:3] or said in name or name in said or SequenceMatcher(None, said, name).ratio() > 0.6


def _wrong_place(speech: Speech, persona: Persona) -> Iterator[str]:
    if not any(word in speech.own for word in _PLACE_WORDS):
        return
    home = _bare(persona.current_socio_demographics.location)
    births = _bare(f"{persona.birth_context.city}, {persona.birth_context.country}")
    young = births + "".join(f", {_bare(place.city)}, {_bare(place.country)}" for place in persona.formative_context)
    plain = _bare(speech.own, keep_marks=True)
    for found in _HOME.finditer(plain):
        place = _place_at(found[2])
        verb = found[1]
        right = young if verb in _BIRTH else f"{home}, {young}" if "from" in verb or verb == "lived" else home
        if place and not _names(place, births if "born" in verb else right):
            yield f"{found[0][: found.start(2) - found.start()]}{place}".strip()
    for found in _HERE.finditer(plain):
        place = _place_at(found[1])
        if place and not _names(place, home):
            yield f"here in {place}"


def _place_at(words: str) -> str | None:
    """The city that these words begin with."""
    parts = re.sub(r"[.,!?;]", " ", words).replace("st ", "saint ").split()
    return next((" ".join(parts[:n]) for n in (3, 2, 1) if len(parts) >= n and " ".join(parts[:n]) in _cities()), None)


def _names(place: str, right: str) -> bool:
    """Whether a city is among the right ones, by any of its names."""
    return any(name in right for name in _cities()[place])


@cache
def _cities() -> dict[str, frozenset[str]]:
    """Every known city with all names it has had."""
    also = (
        "mumbai,bombay;saint petersburg,leningrad,petrograd,petersburg;beijing,peking;guangzhou,canton;istanbul,constantinople;jakarta,batavia;"
        "new york city,new york,nyc,brooklyn,queens;new delhi,delhi;mexico city,mexico;los angeles,hollywood;reykjavik,reykjavík;rome,roma;"
        "munich,munchen;milan,milano;tehran,teheran;seoul,keijo;ho chi minh city,saigon;dhaka,dacca;kolkata,calcutta"
    )
    others = (
        "denver boston dallas houston seattle detroit philadelphia phoenix miami atlanta montreal ottawa glasgow edinburgh dublin liverpool birmingham "
        "leeds bristol hamburg cologne frankfurt vienna zurich geneva amsterdam brussels copenhagen lyon nice lisbon porto seville valencia naples turin "
        "venice prague budapest bucharest sofia kyiv kiev minsk zagreb ankara izmir beirut damascus tel-aviv alexandria tunis algiers casablanca accra "
        "dakar kinshasa johannesburg durban pretoria harare kampala delhi kolkata chennai bangalore lahore islamabad kathmandu colombo yangon saigon "
        "shenzhen wuhan busan kyoto nagoya brisbane perth adelaide wellington montevideo bogota quito guayaquil medellin cali rio recife ohio texas "
        "florida california"
    )
    cities = {_bare(entry.city): {_bare(entry.city)} for entry in entries()}
    cities |= {name: {name} for name in others.split() if name not in cities}
    for group in also.split(";"):
        names = group.split(",")
        for name in names:
            cities.setdefault(name, set()).update(names)
    return {name: frozenset(names) for name, names in cities.items()}


def _wrong_sex(speech: Speech, persona: Persona) -> Iterator[str]:
    sex = {"she/her": "female", "he/him": "male"}.get(persona.pronouns.casefold())
    if sex is None or persona.gender_at_birth not in ("unknown", sex):
        return
    if found := _SELF[_OTHER[sex]].search(speech.own):
        yield speech.shown(found)
    if sex == "male" and (found := _PREGNANT.search(speech.own)):
        yield speech.shown(found)
    partners = " ".join(kin.called for kin in persona.people if kin.relation == "partner")
    for role, other in _SPOUSE.items():
        if role in partners and not any(word in partners for word in _SPOUSE if word != role) and (found := other.search(speech.own)):
            yield speech.shown(found)


def _bare(text: str, *, keep_marks: bool = False) -> str:
    """Small letters without accents; as long as the text where marks are kept."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()
    return plain if keep_marks else " ".join(plain.replace("-", " ").split())
