"""What was said is laid out in turns, and the oldest gives way where a model can't read it all."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agents.models.calls import CallFailed
from agents.prompted.history import Asked, messages, tokens
from agents.prompted.prompts import repair
from agents.scene import Utterance
from agents.snapshot import Decoding, Voice
from agents.values import Role
from tests.agents.given import after, reply, scene
from tests.agents.prompted.given import VOICE, proposed, read_by_model, replies, says, spoken, weighed, weighs

ASKED = Asked("You are somebody.", "Say something.", "(Begin.)")
TALK = tuple(Utterance((Role.SEEKER, Role.SUPPORTER)[number % 2], f"words number {number} " + "x" * 60) for number in range(20))


@pytest.mark.parametrize("mine", [Role.SEEKER, Role.SUPPORTER])
@pytest.mark.parametrize("length", range(6))
def test_messages_take_turns_after_the_system_prompt_and_end_with_the_user_s(mine: Role, length: int) -> None:
    laid = messages(ASKED, TALK[:length], mine, VOICE, Decoding())
    assert laid[0].role == "system"
    assert laid[1].role == laid[-1].role == "user"
    assert all(one.role != other.role for one, other in pairwise(laid))
    assert laid[-1].content.endswith("Say something.")


def test_own_words_are_the_model_s_and_plain() -> None:
    moment = scene("And then?", "It rang.", "Who?")
    call = spoken(after(moment, "Go on."), says())[1].asked[0]
    assert [one.content for one in call.messages if one.role == "assistant"] == ["It rang.", "And then?"]
    call = proposed(moment, replies())[1].asked[0]
    assert [one.content for one in call.messages if one.role == "assistant"] == ["Who?"]
    assert call.messages[-1].content.startswith("They have just said:\nAnd then?")


def test_nothing_is_left_out_where_no_context_is_known() -> None:
    assert len(messages(ASKED, TALK * 5, Role.SUPPORTER, VOICE, Decoding())) == 102


@pytest.mark.parametrize("mine", [Role.SEEKER, Role.SUPPORTER])
def test_the_oldest_exchanges_give_way_to_a_note_and_what_is_left_fits(mine: Role) -> None:
    voice, decoding = Voice(model="x", context=600), Decoding(max_tokens=100)
    laid = messages(ASKED, TALK, mine, voice, decoding)
    text = "\n".join(one.content for one in laid)
    assert repair().left_out in laid[1].content
    assert "words number 19" in text
    assert "words number 1 " not in text
    assert sum(tokens(one.content) for one in laid) + 2 * 100 <= 600
    assert all(one.role != other.role for one, other in pairwise(laid))


def test_a_prompt_that_does_not_fit_at_all_fails_before_any_call_and_says_both_numbers() -> None:
    for agent in (
        lambda voice: spoken(scene("Yes."), voice=voice),
        lambda voice: proposed(scene("Yes."), voice=voice),
        lambda voice: weighed(scene("Yes."), reply("No."), voice=voice),
    ):
        with pytest.raises(CallFailed, match=r"about \d+ tokens and may answer in 512, but tiny reads and writes 700 together") as failure:
            agent(Voice(model="tiny", context=700))
        assert failure.value.kind == "context_overflow"


def test_a_judge_reads_the_newest_of_a_long_talk() -> None:
    moment = scene("The last words.", *(f"{number} said " + "long ago " * 30 for number in range(40)))
    voice = Voice(model="tiny", context=4000, decoding=Decoding(max_tokens=300))
    read = read_by_model(weighed(moment, reply("Yes."), weighs(), voice=voice)[1].asked[0])
    assert "Seeker: The last words." in read
    assert repair().left_out in read
    assert "Seeker: 0 said" not in read
    assert tokens(read) + 300 <= 4000


def test_other_scripts_are_counted_as_more_tokens() -> None:
    assert tokens("a" * 35) == 10
    assert tokens("あ" * 35) == 30
