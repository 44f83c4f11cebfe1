"""Reads the stories as a strict editor would: `python -m agents.stories.check [SLUG …]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agents.crises.catalogue import kind
from agents.crises.check import FORBIDDEN, WORN
from agents.crises.schema import Situation
from agents.ground.data_files import DataFileError, read_data_file, run_check, shared_runs
from agents.stories.schema import OWN, RELATIVES, SENTENCE, Stories, Story, slots_of

DATA = Path(__file__).parent / "data"
_GENDERED = re.compile(
    r"\bas (a|an) (wife|husband|mother|father|man|woman|son|daughter|widow|widower|girl|boy)\b|\bmy (wife|husband)\b|\bI('m| am) (a|the) "
    r"(wife|husband|mother|father|man|woman|son|daughter|widow|widower|bride|groom)\b",
    re.IGNORECASE,
)
_MODERN = re.compile(
    r"\b(phone|telephone|e-?mail|internet|online|screen|app|computer|television|laptop|website|video|text message)s?\b", re.IGNORECASE
)
_WORN_HERE = (
    *WORN,
    "if that makes sense",
    "to be honest",
    "at the end of the day",
    "weight of the world",
    "deafening",
    "hit me like",
    "i don't know why i'm telling",
)


def problems(paths: list[Path]) -> Iterator[str]:
    """Everything that an editor would send back."""
    prose: list[tuple[str, str]] = []
    for path in paths:
        try:
            told = read_data_file(path, Stories)
        except DataFileError as error:
            yield str(error)
            continue
        yield from _against_the_catalogue(path.stem, told)
        here = [(f"{path.stem} {where}", text) for where, text in texts(told)]
        for place, text in here:
            yield from _worn_or_forbidden(place, text)
        prose += here
    yield from _same_sentences(prose)
    yield from shared_runs(prose)


def _against_the_catalogue(slug: str, told: Stories) -> Iterator[str]:
    situations = {situation.key: situation for situation in kind(slug).situations}
    if told.category != kind(slug).category:
        yield f"{slug}: category is {told.category!r}, the catalogue has {kind(slug).category!r}"
    if missing := [key for key in situations if key not in told.stories]:
        yield f"{slug}: {len(missing)} situations without a story: {', '.join(missing)}"
    for act, lines in told.acts.items():
        for line in lines:
            if unsure := sorted(slot for slot in slots_of(line) if slot == "work" or slot.split("_")[0] in RELATIVES):
                yield f"{slug} acts.{act}: {{{unsure[0]}}}, but not everybody has one"
    for key, story in told.stories.items():
        if key in situations:
            yield from _misfits(f"{slug} stories.{key}", story, situations[key])
        else:
            yield f"{slug} stories.{key}: the catalogue has no such situation"


def _worn_or_forbidden(here: str, text: str) -> Iterator[str]:
    yield from (f"{here}: worn phrase {phrase!r}" for phrase in _WORN_HERE if phrase in text.lower())
    if found := FORBIDDEN.search(text):
        yield f"{here}: {found[0]!r} names a means or a number; leave it out"
    if found := _GENDERED.search(text):
        yield f"{here}: {found[0]!r} fixes who speaks; the same story is told by women and men"


def _same_sentences(prose: list[tuple[str, str]]) -> Iterator[str]:
    first: dict[str, str] = {}
    for here, text in prose:
        for sentence in SENTENCE.split(text):
            words = sentence.strip().casefold()
            if len(words.split()) > 3 and first.setdefault(words, here) != here:
                yield f"{here}: the sentence {sentence!r} also stands in {first[words]}"


def _misfits(here: str, story: Story, situation: Situation) -> Iterator[str]:
    own: set[str] = set()
    for field, text in story.lines().items():
        used = slots_of(text)
        own |= used & OWN
        for slot in sorted(used):
            relative = slot.split("_")[0]
            if relative in RELATIVES and relative not in situation.needs:
                yield f"{here}.{field}: {{{slot}}}, but the situation does not say that there is a {relative}"
        if "work" in used and "works" not in situation.needs:
            yield f"{here}.{field}: {{work}}, but the situation does not say that this person works"
        if situation.since < 1950 and (found := _MODERN.search(text)):
            yield f"{here}.{field}: {found[0]!r} was not there in 1940; this situation is told of any decade"
    if len(own) < 3:
        yield f"{here}: names {len(own)} things of this person's own life ({', '.join(sorted(own)) or 'none'}), at least 3 are needed"


def texts(told: Stories) -> Iterator[tuple[str, str]]:
    """Every piece of prose with its place."""
    for act, lines in told.acts.items():
        for number, line in enumerate(lines, 1):
            yield f"acts.{act}.{number}", line
    for key, story in told.stories.items():
        for field, text in story.lines().items():
            yield f"stories.{key}.{field}", text


if __name__ == "__main__":
    sys.exit(run_check(DATA, sys.argv[1:], problems))
