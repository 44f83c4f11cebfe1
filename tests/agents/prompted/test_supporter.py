"""A Supporter that a model voices: it is told what was said, and nothing of the Seeker's inside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.personas.meeting import drawn
from agents.prompted.prompts import prompt
from agents.prompted.supporter import manner
from agents.scene import COLD, STANCES, Stance, stance_of
from agents.snapshot import Voice
from agents.values import Affect, Role
from tests.agents.given import DANGER, scene
from tests.agents.prompted.given import proposed, read_by_model, replies

MOMENT = scene("The letters are under the sink.")


def runs(text: str, length: int = 6) -> set[tuple[str, ...]]:
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def test_a_proposal_carries_its_stance_and_the_moves_that_are_known() -> None:
    proposal, asking = proposed(MOMENT, replies("Since when?", strategy=["Ask", "hypnotise", "follow up", "ask"]), stance=STANCES[1])
    assert (proposal.variant, proposal.care_level, proposal.style) == ("even", 0.5, "even")
    assert proposal.strategy == ("ask", "follow_up")
    assert proposal.thought == "stay with the letters"
    call = asking.asked[0]
    assert (call.role, call.purpose, call.turn, call.variant) == (Role.SUPPORTER, "supporter.propose", 1, "even")


def test_it_never_reads_the_crisis_what_is_felt_or_what_was_thought() -> None:
    affect = Affect(distress=61.3, arousal=52.7, trust=43.9, hope=34.1, openness=47.3)
    for seed in range(50):
        who = drawn(seed)
        moment = replace(scene("I don't know how to say it.", "Hello?", "I'm here.", who=who, affect=affect), told=("opening",))
        read = read_by_model(proposed(moment, replies())[1].asked[0])
        secret = [who.crisis.summary, *who.persona.presenting_problem.symptoms, *who.persona.presenting_problem.triggers]
        assert not [run for text in secret for run in runs(text) & runs(read)]
        assert who.crisis.category not in read
        assert not [number for number in affect.model_dump().values() if f"{number:g}" in read or f"{number:.0f} of 100" in read]
        assert "distress" not in read


def test_the_search_for_shared_runs_finds_one() -> None:
    assert runs("He has hidden the letters again, poor man.") & runs("so he has hidden the letters again")


def test_each_care_level_is_told_as_a_manner_and_sampled_as_set() -> None:
    voice = Voice.model_validate({"model": "x", "decoding": {"temperature": 0.7}, "by_care": {"0.2": {"temperature": 0.4}}})
    asked = [proposed(MOMENT, replies(), stance=stance, voice=voice)[1].asked[0] for stance in STANCES]
    assert [call.decoding.temperature for call in asked] == [0.4, 0.7, 0.7]
    assert len({call.messages[-1].content for call in asked}) == 3
    assert len({call.messages[0] for call in asked}) == 1
    assert len({call.seed for call in asked}) == 3


@pytest.mark.parametrize("level", [0.0, 0.1, 0.2, 0.3, 0.35, 0.5, 0.61, 0.8, 0.95, 1.0])
def test_every_care_level_has_a_manner(level: float) -> None:
    told = manner(prompt(Role.SUPPORTER), stance_of(level))
    described = level in (0, 0.2, 0.5, 0.8, 1)
    assert (f"you are at {level:g}" in told) is not described


def test_a_level_in_between_says_which_manner_is_nearer() -> None:
    text = prompt(Role.SUPPORTER)
    assert [manner(text, stance_of(level)).rsplit("You are ", 1)[1] for level in (0.25, 0.35, 0.45)] == [
        "nearer the cooler one.",
        "halfway between them.",
        "nearer the warmer one.",
    ]


def test_the_cold_one_is_poor_and_not_unsafe() -> None:
    proposal, asking = proposed(replace(MOMENT, danger=DANGER), replies(strategy=[]), stance=COLD)
    assert proposal.strategy == ("cold",)
    task = asking.asked[0].messages[-1].content
    assert "not the lines you never cross" in task
    assert "you ask about it plainly" in task
    assert proposed(MOMENT, replies(), stance=Stance("cool", 0.0))[1].asked[0].seed != asking.asked[0].seed


def test_a_flagged_danger_is_told_in_plain_words() -> None:
    task = proposed(replace(MOMENT, danger=DANGER), replies())[1].asked[0].messages[-1].content
    assert f"“{DANGER.words[0]}”" in task
    assert "Ask about it plainly" in task
    assert "danger" not in proposed(MOMENT, replies())[1].asked[0].messages[-1].content


def test_a_first_reply_and_a_farewell_are_known_as_such() -> None:
    moments = prompt(Role.SUPPORTER).moments
    assert moments["first"] in read_by_model(proposed(MOMENT, replies())[1].asked[0])
    later = scene("I'll go now.", "Hello?", "I'm here.")
    assert moments["first"] not in read_by_model(proposed(later, replies())[1].asked[0])
    assert moments["leaving"] in read_by_model(proposed(replace(later, leaving=True), replies())[1].asked[0])


def test_a_reply_of_no_words_is_asked_for_again() -> None:
    proposal, asking = proposed(MOMENT, replies(""), replies("Yes."))
    assert proposal.message == "Yes."
    assert asking.purposes == ["supporter.propose", "supporter.propose.repair"]


def test_it_answers_in_the_language_of_the_scene() -> None:
    call = proposed(replace(MOMENT, language="de"), replies("Seit wann?"))[1].asked[0]
    assert "German (Deutsch)" in call.messages[0].content
    assert "auf Deutsch" in call.messages[-1].content


def test_without_a_word_to_answer_there_is_nothing_to_propose() -> None:
    with pytest.raises(ValueError, match="nothing was said"):
        proposed(replace(MOMENT, said=()), replies())
