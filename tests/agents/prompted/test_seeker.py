"""A Seeker that a model voices: it appraises, moves within bounds, speaks, and is checked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.builtin.affect import arrival
from agents.chance import Chance
from agents.models.calls import CallFailed
from agents.prompted.forms import Effects
from agents.prompted.prompts import prompt
from agents.prompted.seeker import MOST, PromptedSeeker, moved
from agents.scene import Scene
from agents.snapshot import Voice
from agents.values import Affect, DialogueAct, RiskLevel, Role
from tests.agents.given import DANGER, after, calm, guest, now, scene
from tests.agents.prompted.given import VOICE, Scripted, read_by_model, says, spoken

MOMENT = after(scene("The letters are under the sink.", affect=calm(distress=60.0, trust=45.0)), "Since when?")
BEGIN = Scene(guest().persona, guest().crisis, "en", 0, (), None)
HELPER = says("I'm here to listen to you. How are you feeling today?")
NARRATED = says("Supporter: Tell me more.\nI hear you. I'm here to listen to you.")


def test_the_first_words_open_from_the_way_somebody_arrives() -> None:
    said, asking = spoken(BEGIN, says("I nearly didn't write.", act="disclose", effects={"distress": -9}))
    assert said.act is DialogueAct.OPEN
    assert said.affect == arrival(BEGIN.persona, BEGIN.crisis.severity)
    assert said.appraisal is None
    call = asking.asked[0]
    assert (call.role, call.purpose, call.turn, call.variant) == (Role.SEEKER, "seeker.speak", 1, None)
    assert "Nothing has been said yet" in call.messages[-1].content


def test_what_a_message_did_is_added_to_how_somebody_felt() -> None:
    said, _ = spoken(
        MOMENT, says(effects={"distress": -3, "arousal": 2, "trust": 4, "hope": 0, "openness": -1}, heard="asked", why="plain")
    )
    assert said.affect == Affect(distress=57, arousal=52, trust=49, hope=35, openness=44)
    assert said.appraisal is not None
    assert (said.appraisal.heard, said.appraisal.why) == ("asked", "plain")


@given(st.builds(Effects, **{scale: st.integers(-2000, 2000) for scale in Effects.model_fields}), st.floats(0, 100))
def test_no_scale_moves_further_than_a_turn_allows_or_leaves_its_bounds(effects: Effects, start: float) -> None:
    affect = Affect(**dict.fromkeys(Affect.model_fields, start))
    for scale, value in moved(affect, effects):
        assert 0 <= value <= 100
        assert abs(value - start) <= MOST + 0.05
        change = getattr(effects, scale)
        assert (value - start) * change >= 0 or abs(value - start) <= 0.05


def test_an_unknown_act_elaborates_and_nobody_opens_twice() -> None:
    acts = [spoken(MOMENT, says(act=name))[0].act for name in ("sulk", "open", "Push back", "")]
    assert acts == [DialogueAct.ELABORATE, DialogueAct.ELABORATE, DialogueAct.PUSH_BACK, DialogueAct.ELABORATE]


def test_danger_stands_on_words_that_were_said() -> None:
    words = "It'd be quieter without me, most days."
    said, _ = spoken(MOMENT, says(words, danger={"level": "High", "words": ["quieter without me", "an invented quotation"]}))
    assert said.danger is not None
    assert said.danger.level is RiskLevel.HIGH
    assert said.danger.words == ("quieter without me",)
    assert spoken(MOMENT, says(words, danger={"level": "high", "words": ["nothing that was said"]}))[0].danger is None
    assert spoken(MOMENT, says(words, danger={"level": "none", "words": ["quieter"]}))[0].danger is None
    vague = spoken(MOMENT, says(words, danger={"level": "some", "words": ["quieter"]}))[0].danger
    assert vague is not None
    assert vague.level is RiskLevel.MODERATE


def test_a_faulty_answer_is_asked_for_once_more_with_what_was_wrong() -> None:
    said, asking = spoken(MOMENT, HELPER, says("Since the spring."))
    assert said.message == "Since the spring."
    assert said.faults == ()
    assert asking.purposes == ["seeker.speak", "seeker.reask"]
    first, second = asking.asked
    assert second.messages[: len(first.messages)] == first.messages
    assert "here to listen" in second.messages[-2].content
    assert "That answer cannot stand." in second.messages[-1].content


def test_what_stays_wrong_is_marked_and_the_less_faulty_answer_is_kept() -> None:
    for answers in ((HELPER, NARRATED), (NARRATED, HELPER)):
        said, asking = spoken(MOMENT, *answers)
        assert len(asking.asked) == 2
        assert said.faults
        assert said.message == HELPER["message"]


def test_a_clean_answer_is_asked_for_once() -> None:
    assert spoken(MOMENT, says())[1].purposes == ["seeker.speak"]


def test_words_that_break_off_are_a_fault() -> None:
    text = '{"heard": "x", "act": "elaborate", "message": "They are still there.'
    said, asking = spoken(MOMENT, text, says("Still there."))
    assert asking.purposes == ["seeker.speak", "seeker.reask"]
    assert said.message == "Still there."


def test_an_empty_message_even_then_is_a_recorded_failure() -> None:
    said, _ = spoken(MOMENT, says(""), says("Well."))
    assert said.message == "Well."
    asking = Scripted([says(""), says("  ")])
    with pytest.raises(CallFailed, match="said nothing") as failure:
        now(PromptedSeeker(asking, VOICE, Chance(1)).speak(MOMENT))
    assert failure.value.kind == "malformed"
    assert failure.value.lasts
    assert [error for _, error in asking.given_up] == [failure.value]


def test_a_second_answer_that_never_comes_for_good_leaves_the_first_with_its_faults() -> None:
    said, _ = spoken(MOMENT, HELPER, CallFailed("refusal", "I can't"))
    assert said.message == HELPER["message"]
    assert said.faults
    with pytest.raises(CallFailed, match="later"):
        spoken(MOMENT, HELPER, CallFailed("rate_limit", "later"))


def test_the_same_moment_asks_the_same_and_another_life_another_seed() -> None:
    first, second = (spoken(MOMENT, says())[1].asked[0] for _ in range(2))
    assert first == second
    later = spoken(replace(MOMENT, turn=2), says())[1].asked[0]
    assert later.seed != first.seed
    assert first.seed is not None
    assert 0 <= first.seed < 2**31


def test_a_form_goes_along_only_where_the_server_holds_to_it() -> None:
    assert spoken(MOMENT, says())[1].asked[0].form is None
    voice = VOICE.model_copy(update={"structured": "json_schema"})
    assert spoken(MOMENT, says(), voice=voice)[1].asked[0].form == prompt(Role.SEEKER).form


def test_the_prompt_tells_how_one_feels_and_how_far_one_would_go() -> None:
    read = read_by_model(spoken(replace(MOMENT, affect=calm(trust=20.0, openness=15.0)), says())[1].asked[0])
    assert "distress 60 of 100 (barely holding)" in read
    assert prompt(Role.SEEKER).moments["closed"] in read
    read = read_by_model(spoken(replace(MOMENT, affect=calm(trust=80.0, openness=75.0), leaving=True), says())[1].asked[0])
    assert prompt(Role.SEEKER).moments["wide"] in read
    assert prompt(Role.SEEKER).moments["leaving"] in read


def test_a_seeker_who_let_a_danger_show_is_reminded_of_it() -> None:
    assert prompt(Role.SEEKER).moments["asked_after_danger"] in read_by_model(spoken(replace(MOMENT, danger=DANGER), says())[1].asked[0])


def test_another_language_is_asked_for_in_the_system_prompt_and_each_turn() -> None:
    call = spoken(replace(MOMENT, language="es"), says("Desde la primavera."))[1].asked[0]
    assert "Spanish (español)" in call.messages[0].content
    assert "Escribe tu mensaje en español." in call.messages[-1].content


def test_a_voice_s_own_decoding_is_used() -> None:
    voice = Voice.model_validate({"model": "x", "decoding": {"temperature": 1.1}})
    assert spoken(MOMENT, says(), voice=voice)[1].asked[0].decoding.temperature == 1.1
