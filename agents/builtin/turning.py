"""Turning somebody's words round: "I lay and counted my drips" becomes "you lay and counted your drips".

It knows pronouns and the verbs that go with them, and what makes a clause worth giving back. It serves the Supporter alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|\s+|[^\w\s]+|_")
_TURNED = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "me": "you", "my": "your", "mine": "yours",
    "myself": "yourself", "we": "you", "we're": "you're", "we've": "you've", "we'd": "you'd", "we'll": "you'll", "us": "you",
    "our": "your", "ours": "yours", "ourselves": "yourselves", "am": "are",
}  # fmt: skip
_WITH_I = {"was": "were", "wasn't": "weren't", "am": "are"}
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_CUT = re.compile(
    r"\s*[,;:]\s+|\s+(?=(?:and|but|because|since|so that|as if|until|till) (?:I|my|it|he|she|they|nobody|then)\b)", re.IGNORECASE
)
_LEAD = re.compile(
    r"^(?:(?:and|but|so(?! (?:long|much|many|that|far|as))|all right|or|because|since|then|well|oh|no|yes|still|only|that's why|as if|until|"
    r"till|look|you know),?\s+)+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b(you|your|yours|yourself)\b|[?‘’“”]", re.IGNORECASE)
_SELF = re.compile(r"\b(I|I'm|I've|I'd|I'll|me|my|mine|myself)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"^(I|I'm|I've|I'd|my|nobody|he|she|they|there|it|the|somebody|everybody|we|our|that)\b", re.IGNORECASE)
_DEPENDENT = re.compile(
    r"(?:so that|that|when|whenever|if|while|as|because|though|although|unless|before|after|until|where|what|how|why|whether|than) "
    r"(?:I|my|he|she|they|it|we|the|an?|there|nobody|somebody|one|people|her|his|their)\b[^,]*$|"
    r"(?:which|who|whose|whom|than|to|not|with|without|of|like|all|only|never|too|about|into)\b(?!.*\b(?:I|we|he|she|they)(?:'\w+)? \w)",
    re.IGNORECASE,
)
"""How a piece begins that cannot stand alone."""
_POINTING = re.compile(r"(it|that|this|he|she|they|there)\b", re.IGNORECASE)
_VAGUE = re.compile(r"\b(I (think|suppose|mean|know|say|said|thought)|it (does|is|was)|I do|I did|that's (it|all|that))$", re.IGNORECASE)
_NOUN = re.compile(
    r"\b((?i:my|the|those|her|his|their|our) (?:[a-z'-]+ ){0,2}?[a-z'-]{3,})(?=[.,;:!?…]|$| (?:of|in|on|at|under|behind|with|for|from|by|beside|over|into|and|but|that|which|when|was|were|had|has)\b)"
)


@cache
def _words(*names: str) -> frozenset[str]:
    """The words of some lists together, each from its data file."""
    folder = Path(__file__).parent / "data"
    lines = [line for name in names for line in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_FEW = 8
"""How many words are a few."""


@dataclass(frozen=True)
class Clause:
    """A clause, as it was said and turned round."""

    said: str
    turned: str
    weight: float


def turn(words: str) -> str:
    """The same words from the other side."""
    out: list[str] = []
    subject_is_me = False
    for token in _TOKEN.findall(words):
        low = token.lower().replace("’", "'")
        if low in _WITH_I and subject_is_me:
            out.append(_WITH_I[low])
        elif low in _TURNED and not (low == "us" and token == "US"):
            out.append(_TURNED[low])
        else:
            out.append(token)
        if token.strip() and low not in ("never", "always", "just", "still", "only", "also", "often"):
            subject_is_me = low == "i"
    text = "".join(out)
    return re.sub(r"\b(was|am) you\b", "were you", text)


def clauses(message: str) -> list[Clause]:
    """The clauses of a message that can be given back, best first."""
    sentences = _SENTENCE.split(message)
    found = []
    for place, sentence in enumerate(sentences):
        body = sentence.strip().rstrip(".!…")
        for whole in dict.fromkeys((body, *_CUT.split(body))):
            part = _LEAD.sub("", whole.strip())
            length = len(part.split())
            if not 3 <= length <= 16 or _ADDRESS.search(part) or _DEPENDENT.match(part):
                continue
            found.append(Clause(part, as_within(turn(part)), _weight(part, length, late=place == len(sentences) - 1)))
    return sorted(found, key=lambda clause: -clause.weight)


def _weight(part: str, length: int, *, late: bool) -> float:
    """What makes a clause worth giving back: it is about the one who said it, whole, concrete, and not too long."""
    words = [word.strip(",;:").lower() for word in part.split()]
    return (
        2.0 * bool(_SELF.search(part))
        + 1.5 * bool(_SUBJECT.match(part))
        + 0.8 * late
        + (1.0 if 5 <= length <= 11 else 0.0)
        + 0.5 * min(2, sum(len(word) > 4 and word not in _words("no_nouns") for word in words))
        - 0.6 * part.count(",")
        - 1.5 * bool(_POINTING.match(part))
        - 2.5 * (not _SUBJECT.match(part))
        - 2.5 * (words[-1] in _words("hanging"))
        - 1.5 * bool(_VAGUE.search(part))
    )


def few_words(clause: str) -> str:
    """A few of the very words: the beginning, up to where a phrase ends."""
    words = clause.rstrip(",;:").split()
    if len(words) <= _FEW:
        return " ".join(words)
    ends = (end for end in range(min(_FEW, len(words) - 1), 2, -1) if _ends_a_phrase(words[end - 1], words[end]))
    whole = words[: next(ends, _FEW)]
    while len(whole) > 3 and whole[-1].lower().strip(",;:") in _words("opens", "leads_on", "hanging", "unfinished"):
        whole.pop()
    return " ".join(whole).rstrip(",;:")


def _ends_a_phrase(last: str, following: str) -> bool:
    """Whether something whole ends between two words."""
    whole = last.lower() not in _words("opens", "leads_on")
    return last[-1] in ",;:" or (whole and following.lower().strip(",") in _words("opens", "leads_on"))


@lru_cache(maxsize=512)
def nouns(message: str) -> tuple[str, ...]:
    """Things and people that were named, turned round: "your mother", "the green folder"."""
    found = []
    for match in _NOUN.finditer(message):
        words = match[1].split()
        if any(word.lower() in _words("no_nouns") or word in ("a", "an", "the") for word in words[1:]) or re.search(
            r"(ly|ed|ing|n't|'s)$", words[-1]
        ):
            continue
        found.append(turn(match[1][:1].lower() + match[1][1:]))
    return tuple(dict.fromkeys(found))


def as_within(text: str) -> str:
    """As it stands within a sentence: a small first letter, unless the first word is a name."""
    first = text.split(" ", 1)[0].split("'", maxsplit=1)[0]
    return text[:1].lower() + text[1:] if first.lower() in _words("starters", "no_nouns") else text


def capitalised(text: str) -> str:
    """With a capital at the start."""
    return text[:1].upper() + text[1:]
