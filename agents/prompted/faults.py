"""The simulator's check of itself: what a Seeker that a model voices must not have said.

It is cheap and looks at every message; it would rather miss a fault than blame somebody who speaks as people in crisis do. Which
patterns and sentences it knows, and how a message is held against card and prompt, is left to the modules beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from agents.persona import Persona
from agents.prompted.anachronisms import out_of_time
from agents.prompted.faults_card import contradictions
from agents.prompted.faults_echo import echoes
from agents.prompted.faults_form import cut_short, emptiness, last_words
from agents.prompted.faults_words import SLIPS, Speech, mend, slips
from agents.scene import Scene
from agents.values import Fault

_SPEAKER = re.compile(r"^[\s*_\"“]{0,4}([^\W\d_][\w .'’-]{0,28}?)[\s*_]{0,3}[:：](?=\s|\*|$)", re.MULTILINE)
_BESIDE_ONESELF = re.compile(r"(?:^|(?<=[.!?…\"”)*]\s))\W{0,2}\*([a-z][^*\n]{2,80})\*|^\W{0,2}\*([^\W\d_][^*\n]*)\*(?=\s+\S)")
_NARRATED = re.compile(
    "looks|stares|glances|gazes|sighs|pauses|takes|wipes|shifts|clears|nods|shakes|wrings|hesitates|swallows|"
    "fidgets|lowers|rubs|whispers|murmurs|mutters|says|replies|answers|leans|cries|sobs|trembles|smiles|laughs|"
    "shrugs|breathes|stands|sits|feels|speaks"
)
_MENDED = {
    "echo": "Do not give back sentences or field names of your instructions, and repeat neither yourself nor the other one word for word; say it in new words of your own.",
    "contradiction": "Stay true to your card: your own name, age, sex, home, and the year you live in, with nothing that did not exist yet.",
    "empty": "Say something: one to three sentences, with no placeholder.",
    "truncated": "Be shorter, and end your last sentence.",
}


def faults(message: str, scene: Scene, brief: Sequence[str], *, cut: bool = False) -> tuple[Fault, ...]:
    """What is wrong with a message of the Seeker about to speak in this scene, each fault with the words that show it.

    `brief` holds the prompt's texts that must not come back: the crisis summary, sentences of the card, instructions. `cut` tells
    that the model was stopped at its limit.
    """
    nothing = emptiness(message)
    if nothing is not None:
        return (Fault(kind="empty", words=nothing),)
    return tuple(dict.fromkeys(_found(message, scene, brief, cut)))


def describe(found: Iterable[Fault]) -> str:
    """What the model is told to mend; what was graphic is not quoted."""
    by_kind: dict[str, str] = {}
    for fault in found:
        by_kind.setdefault(fault.kind, fault.words)
    quote = "graphic" not in by_kind  # the same words may stand in another fault
    return " ".join(_what_to_mend(kind, words if quote else "") for kind, words in by_kind.items())


def _what_to_mend(kind: str, words: str) -> str:
    advice = next((mend(slip) for slip in SLIPS if slip == kind), None) or _MENDED[kind]
    if not words or kind == "empty":
        return advice
    shown = words if len(words) <= 80 else f"{words[:79].rsplit(' ', 1)[0]}…"
    return f"You wrote “{shown}”. {advice}"


def _found(message: str, scene: Scene, brief: Sequence[str], cut: bool) -> Iterator[Fault]:
    english = scene.language.casefold().startswith("en")
    speech = Speech.of(message)
    persona = scene.persona
    for words in _as_somebody_else(speech, persona, english):
        yield Fault(kind="role_swap", words=words)
    for slip in SLIPS:
        for words in slips(slip, speech, english=english):
            if not (slip == "role_swap" and _is_their_work(words, persona)):
                yield Fault(kind=slip, words=words)
    for words in echoes(speech.written, scene, brief, speech.own, english=english):
        yield Fault(kind="echo", words=words)
    if english:
        ages = frozenset({persona.current_socio_demographics.age, scene.crisis.age})
        for words in (*contradictions(speech, persona, ages), *out_of_time(message, persona.current_socio_demographics.year)):
            yield Fault(kind="contradiction", words=words)
    end = last_words(message) if cut else cut_short(message, english=english)
    if end is not None:
        yield Fault(kind="truncated", words=end)


def _as_somebody_else(speech: Speech, persona: Persona, english: bool) -> Iterator[str]:
    """A script instead of speech: speakers' names before lines, what one does between asterisks, oneself in the third person."""
    own = {part.casefold() for part in persona.name.split()}
    speakers = [found[1].strip() for found in _SPEAKER.finditer(speech.written)]
    if speakers and (set(speakers[0].casefold().split()) <= own or len(set(speakers)) > 1):
        yield f"{speakers[0]}:"
    if found := _BESIDE_ONESELF.search(speech.written):
        yield found[0].strip()
    if english:
        words = speech.written.split()
        for name, doing in pairwise(words):
            if name.casefold() in own and name[0].isupper() and _NARRATED.fullmatch(doing.strip(".,")) and not _shares_name(name, persona):
                yield f"{name} {doing}"


def _shares_name(name: str, persona: Persona) -> bool:
    return any(name.casefold() in kin.name.casefold().split() for kin in persona.people)


def _is_their_work(words: str, persona: Persona) -> bool:
    """Whether somebody speaks of their own trade: a counsellor may be in crisis too."""
    trades = {
        trade for trade in re.findall(r"\w{6,}", persona.current_socio_demographics.work.casefold()) if trade not in ("retired", "worker")
    }
    return any(trade in words.casefold() for trade in trades)
