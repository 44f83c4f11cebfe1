"""What a reply does to a Seeker: laws that hold for every person and every moment."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from agents import Affect, Persona
from agents.builtin.affect import after, arrival, having_said, temper
from agents.builtin.ear import Heard, hear
from agents.values import DialogueAct
from tests.agents.given import calm, guest, with_talk

SAID = "I put the loaf in the cupboard and counted the slices, and nobody in the house has noticed."
MIRROR = "You put the loaf in the cupboard and counted the slices. You're alone with that."
WARM = "You put the loaf in the cupboard and counted the slices. It makes sense that you're ashamed, and I'm here with you."
PERSON = guest().persona

scale = st.floats(0, 100).map(lambda value: round(value, 1))
affects = st.builds(Affect, distress=scale, arousal=scale, trust=scale, hope=scale, openness=scale)
talks = st.fixed_dictionaries({name: scale for name in type(PERSON.csi).model_fields})
people = talks.map(lambda talk: with_talk(PERSON, **talk))
moods = st.floats(-0.18, 0.18)


def heard(reply: str) -> Heard:
    return hear(reply, [SAID])


@given(
    affects,
    people,
    moods,
    st.sampled_from(["You should make a list.", f"{WARM} You need to sell the loaf.", "Why don't you just ask them?"]),
)
def test_advice_that_nobody_agreed_to_never_raises_trust(affect: Affect, person: Persona, mood: float, advice: str) -> None:
    assert heard(advice).pushed
    assert after(affect, heard(advice), person, mood=mood).trust <= affect.trust


@given(affects, people, moods)
def test_the_same_advice_with_leave_asked_first_is_no_push(affect: Affect, person: Persona, mood: float) -> None:
    pushed, asked = (
        heard("You could count them once. You should ask."),
        heard("May I say something practical? You should ask only if you want."),
    )
    assert pushed.pushed
    assert not asked.pushed
    assert after(affect, asked, person, mood=mood).trust >= after(affect, pushed, person, mood=mood).trust


def gain(reply: str, person: Persona, affect: Affect | None = None) -> float:
    """How much distress a reply takes away."""
    affect = affect or calm()
    return affect.distress - after(affect, heard(reply), person).distress


@given(st.floats(40, 70), st.floats(35, 60))
def test_warmth_helps_who_ruminates_and_shows_it_more_than_who_is_direct_and_bears_no_mirror(distress: float, trust: float) -> None:
    moment = calm(distress=round(distress, 1), trust=round(trust, 1))
    ruminating = with_talk(PERSON, rumination_tendency=90, emotional_expressiveness=85, reflective_listening_tolerance=80, directness=30)
    direct = with_talk(PERSON, rumination_tendency=20, emotional_expressiveness=25, reflective_listening_tolerance=15, directness=90)
    assert gain(WARM, ruminating, moment) > gain(WARM, direct, moment)


def test_a_plain_reply_is_better_than_a_warm_one_for_somebody_direct() -> None:
    direct = with_talk(PERSON, rumination_tendency=20, emotional_expressiveness=20, reflective_listening_tolerance=15, directness=90)
    assert gain("Who else knows?", direct) > gain(WARM, direct)


def test_being_mirrored_helps_more_the_more_of_it_one_bears() -> None:
    gains = [gain(MIRROR, with_talk(PERSON, reflective_listening_tolerance=value)) for value in (5, 35, 65, 95)]
    assert gains == sorted(gains)
    assert gains[0] < gains[-1]


def test_a_question_is_worth_more_to_who_likes_being_asked() -> None:
    gains = [gain("Who else knows of the slices?", with_talk(PERSON, openness_to_questions=value)) for value in (5, 95)]
    assert gains[0] < gains[1]


SLIGHTS: dict[str, str] = {
    "minimising": "At least you have a loaf. Others have it worse.",
    "sending away": "You need to see a professional about that. There are offices for this.",
    "curtness": "Noted. Anything else?",
    "pushing": "You should stop counting.",
}


@given(people, st.sampled_from(sorted(SLIGHTS)), st.floats(25, 80))
def test_every_slight_leaves_less_trust_and_more_distress_than_a_plain_question(person: Persona, slight: str, trust: float) -> None:
    moment = calm(trust=round(trust, 1))
    slighted, asked = (after(moment, heard(words), person) for words in (SLIGHTS[slight], "Who else knows of the slices?"))
    assert slighted.trust < asked.trust
    assert slighted.distress > asked.distress


@given(affects, people, moods)
def test_danger_that_is_passed_over_costs_trust(affect: Affect, person: Persona, mood: float) -> None:
    over, asked = heard(MIRROR), heard("Are you thinking of dying? I'm here.")
    assert asked.asked_safety
    ignored = after(affect, over, person, mood=mood, in_danger=True)
    assert ignored.trust <= after(affect, over, person, mood=mood).trust
    assert ignored.trust <= after(affect, asked, person, mood=mood, in_danger=True).trust


@given(affects, people, moods, st.sampled_from([SAID, MIRROR, WARM, *SLIGHTS.values()]), st.booleans())
def test_affect_stays_on_its_scales(affect: Affect, person: Persona, mood: float, reply: str, in_danger: bool) -> None:
    felt = after(affect, heard(reply), person, from_arrival=arrival(person, "severe"), mood=mood, in_danger=in_danger)
    for act in DialogueAct:
        having_said(felt, act, depth=3)  # an Affect off its scales cannot be made


@given(affects, people)
def test_what_is_felt_depends_on_nothing_but_person_moment_and_reply(affect: Affect, person: Persona) -> None:
    assert after(affect, heard(WARM), person) == after(affect, heard(WARM), person)


def test_trouble_pulls_back_less_the_more_one_trusts() -> None:
    come_from = calm(distress=80)
    pulls: Callable[[float], float] = lambda trust: (  # noqa: E731
        after(calm(trust=trust), heard("Yes."), PERSON, from_arrival=come_from).distress
        - after(calm(trust=trust), heard("Yes."), PERSON).distress
    )
    assert 0 < pulls(90) < pulls(20)


def test_severity_and_temper_decide_how_somebody_arrives() -> None:
    assert arrival(PERSON, "mild").distress < arrival(PERSON, "moderate").distress < arrival(PERSON, "severe").distress
    open_one, closed = (with_talk(PERSON, self_disclosure_tendency=value) for value in (90, 10))
    assert arrival(open_one, "mild").openness > arrival(closed, "mild").openness


def test_a_temper_is_read_from_the_card() -> None:
    assert temper(with_talk(PERSON, directness=73)).direct == 0.73
