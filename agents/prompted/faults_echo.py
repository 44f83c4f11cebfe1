"""What comes back that was never meant to be said: the prompt's sentences, its fields, or what was said word for word before.

The crisis summary speaks of a person in the third person, and an echo of it says `I`; so words are levelled before they are held
together: pronouns and the person's own name are one, forms of a verb are one, small helping verbs fall away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from pydantic import BaseModel

from agents.persona import Persona
from agents.scene import Scene
from agents.values import Role

_RUN = 8
"""So many words together are no chance."""
_RUN_OF_SIGNS = 16
"""The same where a word has no spaces around it and each sign counts."""
_SAID_AGAIN = 12
"""People take up each other's words; so many together they do not."""
_SAME_MESSAGE = 7
"""Short answers come back by themselves."""
_TELLING = 4
"""Among the words of a run, so many must say something."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BETWEEN_SPACES = re.compile(r"[^\s\-–—/…]+")
"""Where marks stand around letters, what is no letter may still belong to a word."""
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_SIGNS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_OTHER_SCRIPTS = re.compile("[\u0300-\u036f\u0590-\u06ff\u0900-\u109f\u1780-\u17ff\u3040-\u9fff]")
_PRONOUNS = re.compile(
    "i|me|my|mine|myself|he|him|his|himself|she|her|hers|herself|they|them|their|theirs|themself|themselves|you|your|yours|yourself"
)
_LINKS = re.compile(
    "a|an|the|and|or|but|nor|so|as|at|by|in|on|of|to|up|out|off|for|with|that|this|these|those|when|then|"
    "what|who|from|there|which|than|into|onto|over|befor|after|sinc|until|where|some|them|about|again|still|if|"
    "it|not|no|one|all|ever|each|any|only|just|also|too|very|now|here|how|such|other|same|through|down|would|"
    "could|should|can|will"
)
_HELPING_VERBS = re.compile("be|am|is|are|was|were|been|being|have|has|had|do|does|did|will|would")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")

_SCALES = r"(?:distress|arousal|trust|hope|openness)"
_FIELDS = re.compile(
    rf"\b{_SCALES}(?: level| score)?\s*[:=]\s*[+-]?\d|[\"'](?:message|thought|act|heard|why|effects|danger|affect|appraisal|{_SCALES})[\"']\s*:"
    r"|\A\s*(?:```|\{\s*[\"'])|\b(?:csi|hexaco)\b",
    re.IGNORECASE,
)
_SCALES_IN_WORDS = re.compile(
    rf"\bmy {_SCALES}(?: level| score)? (?:is|was|stands|sits|has (?:risen|dropped|gone))(?: \w+){{0,3}} \d+|\b{_SCALES} (?:level|score) (?:is|of|at)\b"
    r"|\b(?:my )?(?:reflective listening tolerance|conversation style|self-disclosure tendency|rumination tendency|presenting problem)\b",
    re.IGNORECASE,
)
_RECITAL = re.compile(
    r"\b(?:my name is|my name's|i(?:'m| am)) [^.!?\n]{2,40}[.,;]? (?:and )?(?:i(?:'m| am) )?(?:an? )?\d{1,2}(?:[- ]years?[- ]old|,? (?:and )?i live in| years of age)"
    r"|\bi(?:'m| am) an? \d{1,2}[- ]year[- ]old [\w -]{2,40}?\b(?:from|living in|who lives in|based in|residing in)\b",
    re.IGNORECASE,
)


def echoes(message: str, scene: Scene, brief: Sequence[str], own: str, *, english: bool) -> Iterator[str]:
    """The words that came back; `own` is the message without what it quotes."""
    for pattern in (_FIELDS, _snake_names()):
        if found := pattern.search(message):
            yield found[0].strip()
    if english:
        for pattern in (_SCALES_IN_WORDS, _RECITAL):
            if found := pattern.search(message.translate(_APOSTROPHES)):
                yield found[0]
    if run := _from_brief(message, scene.persona, brief):
        yield run
    if run := _said_before(message, own, scene):
        yield run


def _from_brief(message: str, persona: Persona, brief: Sequence[str]) -> str | None:
    """A run of words that the prompt has too. The things and habits of a life are there to be named, and do not count."""
    written, words, places = _levelled(message, persona.name)
    length = _run_length(message)
    if len(words) < length:
        return None
    haystack = "\n".join(_line(text, persona.name) for text in brief)
    named: set[int] | None = None
    for start in range(len(words) - length + 1):
        run = range(start, start + length)
        if f" {' '.join(words[start : start + length])} " not in haystack:
            continue
        named = _named(words, persona) if named is None else named
        if sum(_tells(words[place]) or length > _RUN for place in run if place not in named) >= _TELLING:
            return _shown(written, places[start], places[start + length - 1])
    return None


def _tells(word: str) -> bool:
    return word != "@" and not _LINKS.fullmatch(word)


def _named(words: Sequence[str], persona: Persona) -> set[int]:
    """Where in a message stand whole phrases that a card offers to be named."""
    line = f" {' '.join(words)} "
    found: set[int] = set()
    for text in (*persona.things, *persona.natural_tendencies, persona.current_socio_demographics.work):
        phrase = _line(text, persona.name)
        at = line.find(phrase) if phrase.strip() else -1
        if at >= 0:
            first = line[: at + 1].count(" ") - 1
            found.update(range(first, first + len(phrase.split())))
    return found


def _said_before(message: str, own: str, scene: Scene) -> str | None:
    """What the Seeker or, just now, the other one said in the same words."""
    mine, theirs = scene.by(Role.SEEKER), scene.by(Role.SUPPORTER)[-1:]
    line = _plain_line(message)
    if line.count(" ") > _SAME_MESSAGE and any(line == _plain_line(earlier) for earlier in (*mine, *theirs)):
        return message.strip()
    # What is quoted of the other one is an answer to it; oneself one does not quote.
    return _shared(message, mine) or _shared(own.replace("\0", " "), theirs)


def _shared(message: str, texts: Sequence[str]) -> str | None:
    length = _SAID_AGAIN if _run_length(message) == _RUN else 2 * _SAID_AGAIN
    words = _plain_line(message).split()
    if len(words) < length:
        return None
    haystack = "\n".join(map(_plain_line, texts))
    for start in range(len(words) - length + 1):
        run = " ".join(words[start : start + length])
        if f" {run} " in haystack:
            return run
    return None


def _run_length(message: str) -> int:
    return _RUN_OF_SIGNS if not message.isascii() and len(_SIGNS.findall(message)) * 3 > len(message) else _RUN


@lru_cache(maxsize=4096)
def _plain_line(text: str) -> str:
    """The words of a text as a line in which a run can be looked for."""
    return f" {' '.join(_words(text)).casefold()} "


@lru_cache(maxsize=4096)
def _line(text: str, name: str) -> str:
    """The same with levelled words."""
    return f" {' '.join(_levelled(text, name)[1])} "


def _levelled(text: str, name: str) -> tuple[list[str], list[str], list[int]]:
    """The written words, the levelled ones, and for each of these which written word it comes from."""
    names = {part.casefold() for part in name.split()}
    written = _words(text)
    levels = ["@" if word in names or word.removesuffix("'s") in names else _level(word) for word in map(str.casefold, written)]
    places = [number for number, level in enumerate(levels) if level]
    return written, [levels[place] for place in places], places


def _words(text: str) -> list[str]:
    text = text.translate(_APOSTROPHES)
    if text.isascii() or not _OTHER_SCRIPTS.search(text):
        return _WORD.findall(text)
    words = (_EDGE.sub("", word) for word in _BETWEEN_SPACES.findall(text))
    return [part for word in words if word for part in (filter(str.isalnum, word) if _SIGNS.search(word) else (word,))]


@lru_cache(maxsize=8192)
def _level(word: str) -> str:
    stem, _, ending = word.partition("'")
    if _HELPING_VERBS.fullmatch(word):
        return ""
    if _PRONOUNS.fullmatch(stem):
        return "@"
    if ending == "t":  # don't, doesn't, won't
        return "not"
    for suffix in ("ing", "ied", "ies", "ed", "es", "s", "e", "y"):
        if stem.endswith(suffix) and len(stem) > len(suffix) + 2 and not stem.endswith("ss"):
            return stem.removesuffix(suffix)
    return stem


def _shown(written: list[str], first: int, last: int) -> str:
    run = written[first : last + 1]
    return ("" if all(len(word) == 1 for word in run) else " ").join(run)


@cache
def _snake_names() -> re.Pattern[str]:
    """The names of a card's fields that nobody would say."""
    names = {name for name in _field_names(Persona) if "_" in name} | {"care_level", "dialogue_act", "crisis_summary"}
    return re.compile(rf"\b(?:{'|'.join(sorted(names))})\b", re.IGNORECASE)


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in inner:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _field_names(kind)
