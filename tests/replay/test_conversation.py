"""What a conversation is after its events, its branches and its edits."""

from __future__ import annotations

import pytest

from agents import Danger, DialogueAct, RiskLevel, Role, StreamId, UsageError, VariantId
from replay import apply, edited, fold
from replay.conversation import Conversation
from store import BranchOpened, ConversationEnded, Event, ReactionForeseen, RiskFlagged
from tests import stories
from tests.stories import calm, persona


def told(*more: Event, turns: int = 2) -> Conversation:
    return fold([*stories.conversation(turns), *more])


def opened(**overrides: object) -> BranchOpened:
    return BranchOpened(parent=StreamId("c-1"), version=5, reason="a test", overrides=overrides)  # type: ignore[arg-type]


def test_what_was_said_is_the_seekers_words_and_the_chosen_replies() -> None:
    said = told().said()
    assert [utterance.role for utterance in said] == [Role.SEEKER, Role.SUPPORTER] * 2
    assert said[1].text == "You have not moved it."


def test_a_conversation_without_its_first_event_has_no_scene() -> None:
    with pytest.raises(ValueError, match="first event"):
        fold([]).scene()


def test_the_scene_knows_how_many_turns_are_left() -> None:
    assert told().scene().turns_left == 18


def test_a_flag_is_in_the_scene_of_its_turn_and_gone_in_the_next() -> None:
    flagged = told(RiskFlagged(turn=2, level=RiskLevel.HIGH, words=("not there",)))
    assert flagged.scene().danger == Danger(level=RiskLevel.HIGH, words=("not there",))
    for event in stories.turn(3):
        apply(flagged, event)
    assert flagged.scene().danger is None


def test_the_reaction_to_what_was_said_is_what_comes_next() -> None:
    foreseen = ReactionForeseen(turn=2, variant=VariantId("2a"), message="Yes.", act=DialogueAct.ELABORATE, affect=calm(40), told=("days",))
    conversation = told(foreseen)
    reaction = conversation.exchanges[1].reaction()
    assert reaction is not None
    assert (reaction.message, reaction.told) == ("Yes.", ("days",))
    assert conversation.exchanges[0].reaction() is None
    assert conversation.distress() == (60, 40)


def test_branches_edit_the_person_and_the_settings_from_there_on() -> None:
    conversation = told(opened(persona={"hexaco.emotionality": 80}, settings={"chooser": "care:0.2", "turn_limit": 9}, luck=3))
    assert conversation.persona is not None
    assert conversation.persona.hexaco.emotionality == 80
    assert conversation.settings is not None
    assert (conversation.settings.chooser, conversation.settings.turn_limit) == ("care:0.2", 9)
    assert conversation.luck == 3
    assert conversation.started is not None
    assert conversation.started.persona.hexaco.emotionality == 50


def test_a_fork_knows_the_turn_in_which_it_happened() -> None:
    assert told(opened()).branches[0].turn == 3
    within = fold([*stories.conversation(1), *stories.turn(2)[:3], opened()])
    assert within.branches[0].turn == 2


def test_an_end_is_an_end() -> None:
    assert told(ConversationEnded(outcome="turn_limit", turns=2)).ended is not None


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"hexaco.emotionalty": 80}, "no field 'emotionalty' .*Did you mean 'emotionality'"),
        ({"hexaco": 80}, "hexaco cannot be 80"),
        ({"hexaco.emotionality": "much"}, "hexaco.emotionality cannot be 'much'"),
        ({"hexaco.emotionality": 101}, "hexaco.emotionality cannot be 101"),
        ({"name.first": "x"}, "no field 'name'"),
        ({"nme": "x"}, "no field 'nme'"),
    ],
)
def test_an_edit_of_what_is_not_there_names_it(edits: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        edited(persona(), edits)  # type: ignore[arg-type]


def test_several_edits_at_once() -> None:
    changed = edited(persona(), {"csi.directness": 3, "name": "Ada", "natural_tendencies": ["chess"]})
    assert (changed.csi.directness, changed.name, changed.natural_tendencies) == (3, "Ada", ("chess",))
