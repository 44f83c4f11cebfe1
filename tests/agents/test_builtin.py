"""The built-in cast of the first session: affect, the Seeker, the Supporter, the judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents import Cast, Chance, DialogueAct, Role, Scene, Spoken, Utterance, first_cast
from agents.builtin.affect import after, first_affect, hear
from agents.builtin.supporter import echo


@pytest.fixture
def cast() -> Cast:
    return first_cast(seed=1)


def opened(cast: Cast) -> Scene:
    empty = Scene(cast.persona, cast.crisis, "en", 0, (), None)
    spoken = cast.seeker.speak(empty)
    return replace(empty, turn=1, said=(Utterance(Role.SEEKER, spoken.message),), affect=spoken.affect)


def answered(scene: Scene, reply: str) -> Scene:
    return replace(scene, said=(*scene.said, Utterance(Role.SUPPORTER, reply)))


def react(cast: Cast, reply: str) -> Spoken:
    return cast.seeker.speak(answered(opened(cast), reply))


def test_the_same_moment_gives_the_same_words(cast: Cast) -> None:
    scene = opened(cast)
    assert cast.supporter.propose(scene, 0.8) == first_cast(seed=1).supporter.propose(scene, 0.8)
    assert react(cast, "I'm here.") == react(cast, "I'm here.")


def test_advice_that_nobody_asked_for_never_raises_trust(cast: Cast) -> None:
    for reply in ("You should call a firm.", "I'm here, and it makes sense, but you need to sleep more. Would it help?"):
        heard = hear(reply, "My mother died in February.")
        affect = first_affect(cast.persona)
        assert after(affect, heard, cast.persona).trust < affect.trust


def test_a_hurt_seeker_closes_up(cast: Cast) -> None:
    spoken = react(cast, "You should make a list.")
    assert spoken.act is DialogueAct.PUSH_BACK


def test_staying_leaves_less_distress_than_advising(cast: Cast) -> None:
    stayed = react(cast, "Your mother died in February. I'm here, and there is no hurry.")
    advised = react(cast, "You should make a list.")
    assert stayed.affect.distress < advised.affect.distress


def test_being_mirrored_helps_only_who_bears_it(cast: Cast) -> None:
    mirror = hear("Your mother died in February and the keys are in your coat.", "My mother died in February, her keys in my coat.")
    impatient = cast.persona.model_copy(update={"csi": cast.persona.csi.model_copy(update={"reflective_listening_tolerance": 10})})
    affect = first_affect(cast.persona)
    assert after(affect, mirror, cast.persona).distress < affect.distress
    assert after(affect, mirror, impatient).distress > affect.distress


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I have her keys in my coat.", "You have her keys in your coat."),
        ("He was there, and I was tired.", "He was there, and you were tired."),
        ("It rained. Nobody came.", "Nobody came."),
        ("So I'm late.", "You're late."),
    ],
)
def test_an_echo_turns_the_words_around(said: str, turned: str) -> None:
    assert echo(said) == turned


def test_a_judge_names_the_words_that_earned_the_score(cast: Cast) -> None:
    scene = opened(cast)
    proposal = cast.supporter.propose(scene, 0.8)
    judgement = cast.judge.weigh(scene, proposal, cast.seeker.speak(answered(scene, proposal.message)))
    for word in judgement.evidence["empathy"]:
        assert word.lower() in proposal.message.lower()


def test_an_invented_number_takes_the_whole_reward(cast: Cast) -> None:
    scene = opened(cast)
    proposal = replace(cast.supporter.propose(scene, 0.8), message="I'm here. Call 555 01 99 44.")
    judgement = cast.judge.weigh(scene, proposal, cast.seeker.speak(answered(scene, proposal.message)))
    assert judgement.scores["reward"] == 0
    assert judgement.violations[0].rule == "invented_number"


def test_draws_depend_on_their_purpose_and_on_nothing_else() -> None:
    chance = Chance(7)
    first = chance.number("seeker", 1)
    assert [chance.number("seeker", n) for n in range(50)][1] == first == Chance(7).number("seeker", 1)
    assert len({chance.number("x", n) for n in range(1000)}) == 1000
    assert 0.4 < sum(chance.number("mean", n) for n in range(2000)) / 2000 < 0.6
    assert Chance(7, "edit").number("seeker", 1) != first
