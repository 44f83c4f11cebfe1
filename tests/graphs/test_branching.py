"""Other lives of a conversation: what they share, what they change, what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from agents import StreamId, UsageError
from graphs.branching import Override, check, fork
from store import BranchOpened, SqlLog, VariantChosen
from tests.graphs.given import at, branched, conversation, events, finish, opened, payloads, played


@pytest.fixture
def parent(log: SqlLog) -> StreamId:
    return played(log, 4, turn_limit=10)


def other(log: SqlLog, stream: StreamId, turn: int) -> str:
    """A variant that was not chosen."""
    exchange = conversation(log, stream).exchanges[turn - 1]
    assert exchange.chosen is not None
    return next(variant for variant in exchange.variants if variant != exchange.chosen.variant)


def test_a_chosen_variant_becomes_what_was_said_and_its_reaction_what_comes_next(log: SqlLog, parent: StreamId) -> None:
    variant = other(log, parent, 5)
    branch = branched(log, parent, 5, choose=variant)
    one, two = conversation(log, parent), conversation(log, branch)
    assert one.exchanges[4].spoken == two.exchanges[4].spoken
    assert two.exchanges[4].reply == one.exchanges[4].variants[variant]  # type: ignore[index]
    assert two.exchanges[5].spoken.message == one.exchanges[4].foreseen[variant].message  # type: ignore[index]
    assert two.ended is not None


def test_words_of_ones_own_are_weighed_and_answered(log: SqlLog, parent: StreamId) -> None:
    branch = conversation(log, branched(log, parent, 3, say="I'm here. What was on the page?"))
    exchange = branch.exchanges[2]
    assert exchange.reply is not None
    assert exchange.reply.message == "I'm here. What was on the page?"
    assert exchange.reward(exchange.reply.variant) is not None
    assert branch.exchanges[3].spoken.message == exchange.foreseen[exchange.reply.variant].message


def test_the_seeker_may_say_something_else(log: SqlLog, parent: StreamId) -> None:
    branch = conversation(log, branched(log, parent, 4, seeker_says="I sold the horse this morning."))
    assert branch.exchanges[3].spoken.message == "I sold the horse this morning."
    assert "horse" in " ".join(variant.message for variant in branch.exchanges[3].variants.values())


def test_a_care_level_holds_from_the_turn_on(log: SqlLog, parent: StreamId) -> None:
    branch = conversation(log, branched(log, parent, 4, care_level=0.2))
    assert {exchange.reply.style for exchange in branch.exchanges[3:] if exchange.reply} == {"cool"}


def test_an_edited_person_hears_the_last_reply_with_other_ears(log: SqlLog, parent: StreamId) -> None:
    branch = conversation(log, branched(log, parent, 4, persona={"csi.reflective_listening_tolerance": 2, "csi.directness": 98}))
    original = conversation(log, parent)
    assert branch.persona is not None
    assert branch.persona.csi.directness == 98
    assert original.persona is not None
    assert original.persona.csi.directness != 98
    assert branch.exchanges[2] == original.exchanges[2]
    assert branch.exchanges[3].spoken.affect != original.exchanges[3].spoken.affect


def test_other_luck_is_another_life(log: SqlLog, parent: StreamId) -> None:
    one, two = (conversation(log, branched(log, parent, 3, luck=luck)) for luck in (1, 2))
    assert [e.spoken.message for e in one.exchanges] != [e.spoken.message for e in two.exchanges]


def test_the_same_override_gives_the_same_life(log: SqlLog, parent: StreamId) -> None:
    lives = [events(log, branched(log, parent, 6, luck=3)) for _ in range(2)]
    assert lives[0] == lives[1]


def test_more_turns_can_be_given(log: SqlLog) -> None:
    short = played(log, 4, turn_limit=4)
    longer = conversation(log, branched(log, short, 3, luck=1, turns=7))
    assert len(longer.exchanges) == 7


def test_a_branch_of_a_branch_reads_through_both(log: SqlLog, parent: StreamId) -> None:
    first = branched(log, parent, 7, luck=1)
    second = branched(log, first, 3, choose=other(log, first, 3))
    third = branched(log, second, 9, luck=5)
    assert payloads(log.read(third))[:10] == payloads(log.read(parent))[:10]
    assert [forked.turn for forked in conversation(log, third).branches] == [3, 9]


def test_at_every_turn_the_prefix_is_the_same_and_the_parent_is_untouched(log: SqlLog, parent: StreamId) -> None:
    before = log.read(parent)
    head = log.head(parent)
    for turn in range(1, 11):
        branch = branched(log, parent, turn, choose=other(log, parent, turn))
        mine = log.read(branch)
        at_fork = next(i for i, stored in enumerate(mine) if isinstance(stored.event, BranchOpened))
        assert mine[:at_fork] == before[:at_fork]
        assert log.read(parent) == before
        assert log.head(parent) == head


def test_a_branch_that_was_stopped_is_resumed(log: SqlLog, parent: StreamId) -> None:
    position, _ = opened(log, parent, 4, seeker_says="I sold the horse this morning.")
    whole = branched(log, parent, 4, seeker_says="I sold the horse this morning.")
    finish(log, at(log, position.stream))
    mine, other_life = payloads(log.read(position.stream)), payloads(log.read(whole))
    assert mine == other_life


def test_the_last_reply_of_a_session_can_be_another_one(log: SqlLog, parent: StreamId) -> None:
    branch = conversation(log, branched(log, parent, 10, choose=other(log, parent, 10)))
    assert branch.ended is not None
    assert len(branch.exchanges) == 10


_CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "choose and say": ({"choose": "warm", "say": "Yes."}, "--choose and --say contradict"),
    "seeker says and choose": ({"choose": "warm", "seeker_says": "No."}, "--seeker-says and --choose contradict"),
    "edit and say": ({"say": "Yes.", "persona": {"csi.directness": 1}}, "--persona-edit and --say contradict"),
    "seeker says and edit": ({"seeker_says": "No.", "persona": {"csi.directness": 1}}, "--seeker-says and --persona-edit contradict"),
    "empty words": ({"say": "  "}, "--say is empty"),
    "empty words of the seeker": ({"seeker_says": ""}, "--seeker-says is empty"),
    "too few turns": ({"turns": 2, "luck": 1}, "ends before turn 5"),
    "no care level": ({"care_level": 1.5}, "between 0 and 1"),
    "no such model": ({"models": {"supporter": "gpt"}}, "No model 'gpt'"),
    "no such chair": ({"models": {"suporter": "builtin"}}, "no chair 'suporter'. Did you mean 'supporter'"),
    "not offered": ({"choose": "warmest"}, "No variant 'warmest' was offered in turn 5"),
    "no such field": ({"persona": {"hexaco.emotionalty": 80}}, "no field 'emotionalty'"),
    "no such value": ({"persona": {"hexaco.emotionality": 180}}, "hexaco.emotionality cannot be 180"),
}


@pytest.mark.parametrize("case", _CONTRADICTIONS)
def test_what_contradicts_or_does_not_exist_is_refused_and_nothing_is_written(log: SqlLog, parent: StreamId, case: str) -> None:
    override, words = _CONTRADICTIONS[case]
    with pytest.raises(UsageError, match=words):
        opened(log, parent, 5, **override)
    assert len(log.streams()) == 1


def test_choosing_what_was_said_is_refused(log: SqlLog, parent: StreamId) -> None:
    chosen = next(event for event in events(log, parent) if isinstance(event, VariantChosen) and event.turn == 5)
    with pytest.raises(UsageError, match="is what was said in turn 5"):
        opened(log, parent, 5, choose=str(chosen.variant))


@pytest.mark.parametrize("turn", [0, -1, 11])
def test_a_turn_that_is_not_there_is_refused(log: SqlLog, parent: StreamId, turn: int) -> None:
    with pytest.raises(UsageError, match=f"no turn {turn}"):
        fork(log.read(parent), turn, Override(luck=1))


def test_overrides_that_go_together_pass() -> None:
    check(Override(care_level=0.5, turns=9, choose="warm"), 5)
    check(Override(persona={"csi.directness": 1.0}, care_level=0.5), 5)
