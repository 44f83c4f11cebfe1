"""The stories: one for every situation, sound, and found for whoever tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import Chance
from agents.crises.catalogue import categories, find_category, kind
from agents.ground.data_files import DataFileError, read_data_file
from agents.stories.check import DATA, problems
from agents.stories.library import stories, story_of
from agents.stories.schema import BEATS, DEPTH, Stories
from tests.agents.given import guest


def test_an_editor_finds_nothing_to_send_back() -> None:
    assert list(problems(sorted(DATA.glob("*.toml")))) == []


@pytest.mark.parametrize("slug", [category.slug for category in categories()])
def test_every_situation_of_every_kind_has_a_story(slug: str) -> None:
    assert set(stories(slug).stories) == {situation.key for situation in kind(slug).situations}
    assert len(stories(slug).stories) >= 4


def test_there_are_ten_beats_or_more_and_they_go_deeper() -> None:
    depths = [DEPTH[beat] for beat in BEATS]
    assert len(BEATS) >= 10
    assert depths == sorted(depths)
    assert set(depths) == {0, 1, 2, 3}


def test_every_file_has_dangers_of_every_level() -> None:
    for category in categories():
        assert {story.danger_level for story in stories(category.slug).stories.values()} == {"low", "moderate", "high"}


def test_whoever_comes_tells_the_story_of_their_situation() -> None:
    for seed in range(1, 25):
        who = guest(seed)
        key, story, told = story_of(who.persona, who.crisis, Chance(1))
        assert key == who.crisis.situation
        assert told.stories[key] is story


def test_who_comes_without_a_situation_tells_one_that_fits() -> None:
    for seed in range(1, 25):
        who = guest(seed)
        bare = who.crisis.model_copy(update={"situation": ""})
        key, _, _ = story_of(who.persona, bare, Chance(seed))
        situation = next(s for s in kind(find_category(who.crisis.category).slug).situations if s.key == key)
        assert situation.youngest <= who.crisis.age <= situation.oldest
        assert situation.since <= who.persona.current_socio_demographics.year


_GOOD = (DATA / "debt_problems.toml").read_text(encoding="utf-8")


def _first_opening() -> str:
    return next(line for line in _GOOD.splitlines() if line.startswith("opening = "))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('opening = "I owe for {hat}, and I do not sleep for it any more at all."', "unknown slot {hat}"),
        ('opening = "I owe the grocer, and you know very well how that is for me."', "'you': a beat speaks of oneself"),
        ('opening = "I owe the grocer, and it goes on and on and on without end"', "must end a sentence"),
        ('opening = "Short."', "at least 40 characters"),
    ],
)
def test_a_beat_that_is_wrong_is_named_with_file_field_and_reason(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "debt_problems.toml"
    file.write_text(_GOOD.replace(_first_opening(), line, 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=r"debt_problems.toml: stories\..*opening") as refused:
        read_data_file(file, Stories)
    assert words in str(refused.value)


def test_the_editor_names_slots_that_a_situation_does_not_give_and_lives_that_are_not_there(tmp_path: Path) -> None:
    free = next(s.key for s in kind("debt_problems").situations if "partner" not in s.needs)
    start = _GOOD.index(f"[stories.{free}]")
    old = next(line for line in _GOOD[start:].splitlines() if line.startswith("happened = "))
    file = tmp_path / "debt_problems.toml"
    file.write_text(
        _GOOD[:start]
        + _GOOD[start:].replace(old, 'happened = "I told {partner} that the phone had rung, and we left it at that for once."', 1),
        encoding="utf-8",
    )
    found = "\n".join(problems([file]))
    assert "{partner}, but the situation does not say that there is a partner" in found
