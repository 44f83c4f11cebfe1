"""In which language a model is asked to write, and as whose tongue."""

from __future__ import annotations

from agents.prompted.prompts import language


def answer_in(tag: str, *, native: str | None = None) -> str:
    """The lines of a system prompt that set the language of the message; `native` is the tongue somebody grew up in."""
    spoken = language(tag)
    named = f"{spoken.english} ({spoken.own})" if spoken.own and spoken.own != spoken.english else spoken.english
    if native is None:
        manner = "as it is written among people who grew up with it"
    elif _first(native) == _first(tag):
        manner = "as somebody who grew up with it: not translated, with its own turns of phrase and forms of address"
    else:
        manner = f"naturally and without broken grammar, as if your own {language(native).english} had been carried over whole"
    asked = f"The message is written in {named}, {manner}."
    if _first(tag) != "en":
        asked += " The keys and fixed words of the JSON object stay English, and the other fields may."
    return f"{asked} {spoken.speak}".strip()


def reply_in(tag: str) -> str:
    """The same in a few words, for a reminder."""
    spoken = language(tag)
    return f"Write the message in {spoken.english}." if _first(tag) == "en" or not spoken.speak else spoken.speak


def _first(tag: str) -> str:
    return tag.partition("-")[0].lower()
