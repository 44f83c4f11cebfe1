"""The built-in Seeker: one story, told as deep as trust allows, in a person's own words, never twice."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from agents import Chance, DialogueAct, Guest, RiskLevel, Role, Scene
from agents.builtin.own_words import OwnWords
from agents.builtin.plan import NEEDS
from agents.crises.catalogue import categories
from agents.stories.library import story_of
from agents.stories.schema import BEATS, DEPTH
from tests.agents.given import DANGER, after, calm, guest, scene, speak
from tests.talking import BUILTIN, Played, play_all

SENTENCE = re.compile(r"(?<=[.!?])\s+")
SEVERE = next(g for g in (guest(seed) for seed in range(1, 60)) if g.crisis.severity == "severe")
MILD = next(g for g in (guest(seed) for seed in range(1, 60)) if g.crisis.severity == "mild")


def opened(who: Guest) -> Scene:
    return Scene(who.persona, who.crisis, "en", 0, (), None)


@pytest.fixture(scope="module")
def sessions() -> list[list[Played]]:
    """Sessions with people in many kinds of trouble."""
    slugs = [category.name for category in categories()][::6]
    return play_all([(seed, guest(seed, name, age=44 if name != "School Bullying" else 24)) for seed, name in enumerate(slugs, 1)])


def test_the_first_words_are_the_opening_of_the_story_of_this_very_situation() -> None:
    who = guest()
    key, story, _ = story_of(who.persona, who.crisis, Chance(1))
    spoken = speak(opened(who))
    assert key == who.crisis.situation
    assert spoken.act is DialogueAct.OPEN
    assert OwnWords(who.persona, who.crisis).fill(story.opening) in spoken.message
    assert spoken.told == ("opening",)


def test_the_same_moment_gets_the_same_answer() -> None:
    moment = after(scene("I bought biscuits on that page."), "You bought biscuits. Who knows of it?")
    assert speak(moment) == speak(moment)


def test_another_root_seed_may_give_another_answer() -> None:
    moment = after(scene("I bought biscuits on that page."), "You bought biscuits.")
    assert len({speak(moment, seed).message for seed in range(12)}) > 1


@pytest.mark.parametrize("level", range(4))
def test_no_beat_is_told_before_trust_and_openness_reach_its_depth(level: int) -> None:
    need = NEEDS[level]
    moment = after(scene("I bought biscuits.", affect=calm(trust=need, openness=need), told=("opening",)), "Who else? What was it like?")
    for seed in range(25):
        spoken = speak(moment, seed)
        level_now = (spoken.affect.trust + spoken.affect.openness) / 2 + 3
        for key in spoken.told:
            beat = key.split("/")[0]
            if beat in BEATS:
                assert NEEDS[DEPTH[beat]] <= level_now


def test_advice_is_answered_back_or_closes_them_up() -> None:
    for seed in range(20):
        spoken = speak(after(scene("I bought biscuits on that page."), "You should make a list of what you owe."), seed)
        assert spoken.told[0].split(":")[0] in ("push_back", "withdraw")


def test_three_slights_in_a_row_end_it_early() -> None:
    moment = scene("I bought biscuits on that page.", affect=calm(trust=8), told=("opening", "push_back:1", "withdraw:2"))
    assert speak(after(moment, "At least you have biscuits. You should be glad.")).act is DialogueAct.CLOSE


def test_a_question_calls_up_the_beat_that_answers_it() -> None:
    moment = scene("I bought biscuits on that page.", affect=calm(trust=75, openness=75), told=("opening", "happened"))
    answered = Counter(
        key.split("/")[0]
        for seed in range(30)
        for key in speak(after(moment, "You bought biscuits. Where do you feel it in your body?"), seed).told
    )
    assert answered["body"] > 15


def test_a_plain_question_about_safety_is_answered_truly() -> None:
    asked = "I ask it plainly: are you thinking of dying?"
    at_risk = speak(after(scene("I might as well not.", who=SEVERE, danger=DANGER, told=("opening", "danger")), asked))
    assert at_risk.told == ("asked",)
    safe = speak(after(scene("It's only the page.", who=MILD, told=("opening",)), asked))
    assert safe.told[0].startswith("safe:") or safe.told == ("asked",)


def test_somebody_at_risk_lets_it_show_once_and_it_is_flagged() -> None:
    for played in play_all([(seed, replace_severity(guest(seed))) for seed in range(1, 7)]):
        told = [key for turn in played for key in turn.spoken.told]
        assert told.count("danger") + told.count("asked") >= 1
        assert told.count("danger") <= 1
        for turn in played:
            if "danger" in turn.spoken.told:
                assert turn.scene.danger is not None
                assert turn.scene.danger.level is not RiskLevel.NONE


def replace_severity(who: Guest) -> Guest:
    return Guest(who.persona, who.crisis.model_copy(update={"severity": "severe"}))


def test_when_time_is_up_they_take_leave() -> None:
    moment = after(scene("I bought biscuits.", turns_left=1), "You bought biscuits.")
    assert speak(moment).act is DialogueAct.CLOSE


def test_after_leave_only_a_last_word_is_left() -> None:
    moment = after(scene("I'll warm the soup.", leaving=True), "Go well.")
    spoken = speak(moment)
    assert spoken.act is DialogueAct.CLOSE
    assert len(spoken.message.split()) <= 4


def test_no_sentence_is_said_twice_in_a_session(sessions: list[list[Played]]) -> None:
    for played in sessions:
        said = Counter(s.lower() for turn in played for s in SENTENCE.split(turn.spoken.message) if len(s.split()) > 3)
        assert [s for s, count in said.items() if count > 1] == []


def test_nothing_of_the_story_is_told_twice(sessions: list[list[Played]]) -> None:
    for played in sessions:
        told = Counter(key for turn in played for key in turn.spoken.told)
        assert [key for key, count in told.items() if count > 1] == []


def test_every_session_names_things_of_this_life(sessions: list[list[Played]]) -> None:
    for played in sessions:
        persona, crisis = played[0].scene.persona, played[0].scene.crisis
        assert OwnWords(persona, crisis).named([turn.spoken.message for turn in played]) >= 2


def test_no_slot_is_left_open(sessions: list[list[Played]]) -> None:
    for played in sessions:
        for turn in played:
            assert "{" not in turn.spoken.message + turn.spoken.thought


def test_the_story_goes_on_instead_of_repeating_the_complaint(sessions: list[list[Played]]) -> None:
    for played in sessions:
        beats = {key.split("/")[0] for turn in played for key in turn.spoken.told} & set(BEATS)
        assert len(beats) >= 8


def test_every_spoken_turn_has_a_thought(sessions: list[list[Played]]) -> None:
    assert all(turn.spoken.thought for played in sessions for turn in played)


def test_a_person_is_named_whole_at_first_and_by_name_later() -> None:
    who = next(g for g in (guest(seed) for seed in range(1, 40)) if "friend" in g.crisis.cast)
    own = OwnWords(who.persona, who.crisis)
    name = who.crisis.cast["friend"].split(" ", 2)[2]
    first = own.fill("I told {friend}. Then {friend} left, and {friend_they} laughed.")
    assert first.count(f"my friend {name}") == 1
    assert first.count(name) == 2
    assert re.search(r"and (she|he) laughed", first)
    assert own.fill("I saw {friend}.", first) == f"I saw {name}."


def test_slots_are_filled_in_the_first_person_with_capitals_where_sentences_begin() -> None:
    who = guest()
    own = OwnWords(who.persona, who.crisis)
    filled = own.fill("{thing} was there. {old_thing} too, since I was a {work}.")
    assert filled[0].isupper()
    assert "{" not in filled
    assert not re.search(r"\ba [aeiou]", filled.split("since I was")[1])


def test_somebody_from_elsewhere_tells_a_story_that_fits_their_card() -> None:
    who = guest()
    bare = who.crisis.model_copy(update={"situation": "", "cast": {}})
    spoken = speak(opened(Guest(who.persona, bare)))
    assert spoken.message
    assert "{" not in spoken.message


def test_the_seeker_hears_only_the_last_reply_and_its_own_words() -> None:
    moment = scene("I bought biscuits.", "It was autumn.", "You said autumn.")
    other = replace(moment, said=(moment.said[0], replace(moment.said[1], text="You said winter, and so on."), moment.said[2]))
    assert moment.by(Role.SEEKER) == other.by(Role.SEEKER)
    assert speak(after(moment, "And now?")).affect == speak(after(other, "And now?")).affect


def test_the_limit_of_a_short_session_is_kept() -> None:
    [played] = play_all([(1, guest())], BUILTIN.model_copy(update={"turn_limit": 5}))
    assert len(played) == 5
    assert played[-1].spoken.act is DialogueAct.CLOSE
