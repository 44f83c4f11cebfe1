"""The built-in Supporter: what was said decides, the stance colours, nothing is said twice, danger is never passed over."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from agents import COLD, STANCES, Chance, Guest, Scene, Stance
from agents.builtin.check import problems
from agents.builtin.phrases import FOLDER, phrase_book
from agents.builtin.reading import read
from agents.builtin.supporter import _PLANS, BuiltinSupporter
from agents.judges.panel import Panel
from tests.agents.given import DANGER, calm, guest, now, propose, scene, with_talk
from tests.talking import Played, play_all

SENTENCE = re.compile(r"(?<=[.!?])\s+")
SAID = "I put the eighth away like jewellery. Nobody in the house has noticed the green folder."


@pytest.fixture(scope="module")
def sessions() -> list[list[Played]]:
    """Sessions in several kinds of trouble."""
    kinds = ("Burnout", "Grief and Loss", "Sleep Problems", "Identity Crises", "Health Problems", "Schizophrenia")
    return play_all([(seed, guest(seed, kind, age=45)) for seed, kind in enumerate(kinds, 1)])


@pytest.mark.parametrize("stance", STANCES)
def test_the_seekers_own_words_come_back(stance: Stance) -> None:
    replies = [propose(scene(SAID, turns_left=9), stance, seed).message for seed in range(20)]
    own = re.compile(r"eighth|jewellery|folder|house|noticed")
    assert sum(bool(own.search(reply)) for reply in replies) >= 16


def test_it_does_not_look_inside_the_seeker() -> None:
    seen = scene(SAID)
    other = Guest(with_talk(seen.persona, directness=99), seen.crisis.model_copy(update={"summary": "Something else."}))
    inside = replace(seen, persona=other.persona, crisis=other.crisis, affect=calm(distress=5, trust=99), told=("opening", "shame"))
    for stance in STANCES:
        assert propose(seen, stance) == propose(inside, stance)


def test_the_same_scene_gets_the_same_reply_in_any_order() -> None:
    seen = scene(SAID)
    supporter = BuiltinSupporter(Chance(1))
    forth = [now(supporter.propose(seen, stance)) for stance in STANCES]
    back = [now(supporter.propose(seen, stance)) for stance in reversed(STANCES)]
    assert forth == back[::-1]


@pytest.mark.parametrize("stance", STANCES)
def test_danger_is_asked_about_plainly_at_every_care_level(stance: Stance) -> None:
    for seed in range(25):
        proposal = propose(scene("It would be simplest if I didn't wake.", danger=DANGER), stance, seed)
        assert proposal.strategy == ("safety",)
        assert re.search(r"dying|dead|die|your life|alive|safe", proposal.message)
        assert "?" in proposal.message


def test_after_the_answer_it_holds_on_and_asks_who_is_near() -> None:
    for seed in range(15):
        moment = scene("It's near, yes.", "It would be simplest.", "Are you thinking of dying?", danger=DANGER)
        proposal = propose(moment, STANCES[2], seed)
        assert proposal.strategy == ("hold",)
        assert "tonight" in proposal.message


def test_the_judges_hear_every_question_about_safety() -> None:
    for seed in range(25):
        for stance in STANCES:
            for moment in (
                scene("It would be simplest if I didn't wake.", danger=DANGER),
                scene("It's near, yes.", "It would be simplest.", "Are you thinking of dying?", danger=DANGER),
            ):
                judgement = now(Panel().weigh(moment, propose(moment, stance, seed), None))
                assert judgement.violations == (), propose(moment, stance, seed).message


@pytest.mark.parametrize(
    ("words", "before", "situation"),
    [
        (SAID, (), "first"),
        (SAID, ("I can't sleep.", "What is it like?"), "default"),
        ("No, not now. I'd lose count.", ("I can't sleep.", "Shall we take one breath?"), "refused"),
        ("Would you lend to somebody like me?", ("I owe.", "Go on."), "asked_me"),
        ("It's quieter now.", ("I owe.", "Go on."), "calmer"),
        ("And now it's back again.", ("I owe.", "Go on."), "worse"),
        ("Don't stroke me, ask me what falls due.", ("I owe.", "Go on."), "objected"),
    ],
)
def test_what_a_message_calls_for_is_read_from_its_words(words: str, before: tuple[str, ...], situation: str) -> None:
    assert read(scene(words, *before)).situation == situation


def test_leave_is_answered_with_leave() -> None:
    proposal = propose(scene("I'll warm the soup now.", "I owe my aunt a coat.", "Go on.", leaving=True))
    assert proposal.strategy == ("leaving",)
    assert "?" not in proposal.message


def test_a_feeling_is_read_from_its_signs() -> None:
    feeling = read(scene("I hide the letters, nobody must see them, I'm so ashamed.")).feeling
    assert feeling is not None
    assert feeling.noun == "shame"
    assert read(scene("The tram was on time.")).feeling is None


def test_no_sentence_is_said_twice_in_a_session(sessions: list[list[Played]]) -> None:
    for played in sessions:
        said = Counter(s.lower() for turn in played for s in SENTENCE.split(turn.choice.weighed.proposal.message) if len(s.split()) > 3)
        assert [s for s, count in said.items() if count > 1] == []


def test_no_reply_leaves_a_slot_open_or_asks_twice(sessions: list[list[Played]]) -> None:
    for turn in (turn for played in sessions for turn in played):
        for weighed in turn.weighed:
            message = weighed.proposal.message
            assert not set("{}|()") & set(message), message
            assert re.sub(r"“[^”]*”", "", message).count("?") <= 1, message
            assert weighed.proposal.thought


def test_only_the_cold_negative_advises_or_slights() -> None:
    poor = re.compile(r"\byou (should|must|need to|have to)\b|\btry (not )?to\b|\bat least\b", re.IGNORECASE)
    lines = [(stance, line) for move in phrase_book().values() for stance, lines in move for line in lines]
    assert [line for stance, line in lines if stance != "cold" and poor.search(line)] == []
    assert sum(bool(poor.search(line)) for stance, line in lines if stance == "cold") > 10
    assert any(poor.search(propose(scene(SAID), COLD, seed).message) for seed in range(20))


def test_warm_is_longer_than_cool_but_not_by_much(sessions: list[list[Played]]) -> None:
    words = {
        style: [
            len(w.proposal.message.split()) for played in sessions for turn in played for w in turn.weighed if w.proposal.style == style
        ]
        for style in ("cool", "warm")
    }
    means = {style: sum(counts) / len(counts) for style, counts in words.items()}
    assert 1.1 < means["warm"] / means["cool"] < 1.8


def test_every_plan_is_worded_in_its_stance() -> None:
    book = phrase_book()
    for plans in _PLANS.values():
        for stance, options in plans.items():
            for move in {move for option in options for move in option} - {"ask"}:
                assert getattr(book[move], stance), f"{move}.{stance}"


def test_the_phrase_book_passes_its_editor() -> None:
    assert list(problems(sorted(FOLDER.glob("*.toml")))) == []


def test_words_of_a_person_are_answered_too() -> None:
    moment = Scene(guest().persona, guest().crisis, "en", 1, scene("my boss cut my hours again").said, calm())
    assert "your" in propose(moment).message or "you" in propose(moment).message
