"""What is wrong with a message as mere writing: nothing in it, or no end to it. It knows neither the person nor the prompt."""

from __future__ import annotations

import re

_ENDS = ".!?…。！？؟۔।॥።።፧။།؛~～♪"
_CLOSERS = " \t\n\"'”’»)]*_）」』›`"
_TRAILS = "-–—―"
_HANGS = ",:،、，："
_PLACEHOLDER = re.compile(
    r"\W*(?:n\W?a|null|nil|undefined|nan|tbd|todo|placeholder|lorem ipsum\b.*|string|\[\W*\]"
    r"|[\[<{]+[^\])>}\"':]{0,60}[\]>}]+|(?:your|seeker'?s?|insert|enter)\W(?:\w+\W){0,3}(?:message|text|reply|response)(?: here)?"
    r"|(?:no|empty|blank) (?:message|response|reply|text))\W*",
    re.IGNORECASE,
)
_LEFT_SLOT = re.compile(
    r"\{\{?\s*[a-z_]{2,30}\s*\}?\}|[\[<](?:your |insert |the |seeker'?s? |persona'?s? )?(?:name|city|age|message|place|date|relative|person|text|year)"
    r"(?: here)?[\]>]",
    re.IGNORECASE,
)
_HANGING = re.compile(
    "a|an|the|my|your|his|her|its|our|their|and|but|or|nor|because|although|whereas|unless|whether|than|of|"
    "with|from|into|onto|toward|towards|between|among|during|upon|per|via|i|i'm|i've|i'll|i'd|he's|she's|"
    "they're|we're|we've|you're|who's|that's|which|whose|if|when|while|until|as|at|very|such|every"
)
_HANGING_TWO = re.compile(
    r"\b(?:and|but|that|because) (?:i|he|she|they|we|you|it)(?: (?:was|were|is|had))?$|\b(?:i|he|she|they|we|to|and|but) (?:just|only|really|even)$"
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*\s+(?=\S)")
_SENTENCES_OF_HABIT = 2  # somebody who ended two sentences ends the third


def emptiness(message: str) -> str | None:
    """What stands where something should have been said; None where somebody speaks."""
    if not any(letter.isalnum() for letter in message):
        return message.strip() or "nothing was said"
    if _PLACEHOLDER.fullmatch(message.strip()):
        return message.strip()
    left = _LEFT_SLOT.search(message)
    return left[0] if left else None


def cut_short(message: str, *, english: bool) -> str | None:
    """The last words of a message that stops within a clause; None where it ends, or trails off as people do."""
    body = message.rstrip().rstrip(_CLOSERS)
    if not body:
        return None
    last = body[-1]
    if last in _HANGS or (english and last == ";") or (last not in _ENDS + _TRAILS and _hangs(body, message.strip(), english)):
        return last_words(body)
    return None


def _hangs(body: str, whole: str, english: bool) -> bool:
    if not (body[-1].isalnum() or body[-1] in "'’"):
        return False  # a picture, a sign: nobody can tell
    if whole.count("“") + whole.count("„") > whole.count("”") + (whole.count("“") if "„" in whole else 0) or whole.count('"') % 2:
        return True
    if len(_SENTENCE_END.findall(whole)) >= _SENTENCES_OF_HABIT and whole[-1].isalnum():
        return True
    plain = body.lower().replace("’", "'")
    return english and bool(_HANGING.fullmatch(plain.rsplit(maxsplit=1)[-1]) or _HANGING_TWO.search(plain))


def last_words(message: str, count: int = 6) -> str:
    """How a message ends."""
    return " ".join(message.split()[-count:])
