"""What a Seeker hears in a reply."""

from __future__ import annotations

import pytest

from agents.builtin.ear import hear

SAID = ["My brother kept the shop.", "I put the loaf in the cupboard early and counted the slices."]


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("You're ashamed of it, I think.", "named"),
        ("It makes sense that you count.", "validated"),
        ("I'm here, and there is no hurry.", "stayed"),
        ("Is your brother still at the shop?", "followed_up"),
        ("May I ask about the nights?", "asked_leave"),
        ("Would you rather stay with it, or leave it?", "offered"),
        ("You should sleep more.", "pushed"),
        ("It could be worse.", "minimised"),
        ("Please see a doctor about it.", "referred"),
        ("Noted.", "curt"),
        ("Are you thinking of ending your life?", "asked_safety"),
        ("You put the loaf in the cupboard early and counted the slices.", "parroted"),
    ],
)
def test_each_thing_is_heard_and_only_where_it_is(reply: str, heard: str) -> None:
    assert getattr(hear(reply, SAID), heard)
    assert not getattr(hear("The evening is long.", SAID), heard)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Who is beside you in this?", "people"),
        ("What are the nights like?", "days"),
        ("Where do you feel it in your body?", "body"),
        ("What are you most afraid of?", "fear"),
        ("Whom have you told? Who knows?", "hidden"),
        ("Does it remind you of something from your childhood?", "memory"),
        ("What would be one small thing for tonight?", "small"),
        ("What do you wish for?", "wanted"),
        ("Is there a part that you blame yourself for?", "shame"),
        ("How did it begin?", "happened"),
    ],
)
def test_a_question_is_heard_for_what_it_asks_about(question: str, about: str) -> None:
    assert hear(question, SAID).about == about


def test_more_of_ones_own_words_is_more_of_a_mirror() -> None:
    some, most = hear("The loaf, you say.", SAID), hear("The loaf, the cupboard, the slices that you counted.", SAID)
    assert 0 < some.mirrored < most.mirrored <= 1


def test_a_question_mark_makes_a_question_and_two_make_two() -> None:
    assert hear("Who? And when?", SAID).questions == 2
    assert hear("Tell me.", SAID).questions == 0
