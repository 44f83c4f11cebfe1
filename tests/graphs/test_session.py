"""A session on LangGraph: whole turns, kept before they are shown, the foreseen reaction said once, people at the keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from agents import CHAIRS, DialogueAct, Scene, StreamId, UsageError
from graphs.person import Left
from graphs.session import STAGES, Stage, compiled, session_at, snapshot
from graphs.turn import Weighed
from store import ConversationEnded, Event, ReactionForeseen, SeekerSpoke, SqlLog, VariantChosen, VariantJudged, VariantProposed
from tests.agents.given import guest
from tests.graphs.given import at, conversation, events, finish, payloads, played, settings, start
from tests.talking import play_all


def test_the_graph_has_one_node_a_stage_and_goes_round() -> None:
    drawn = compiled().get_graph()
    assert [node for node in drawn.nodes if not node.startswith("__")] == list(STAGES)
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert ("variant_is_chosen", "seeker_speaks") in edges
    assert ("variant_is_chosen", "__end__") in edges
    assert compiled() is compiled()


def test_a_session_is_a_beginning_whole_turns_and_an_end(log: SqlLog) -> None:
    told = events(log, played(log, turn_limit=4))
    assert told[0].type == "conversation_started"
    assert isinstance(told[-1], ConversationEnded)
    for turn in range(1, 5):
        kinds = [event.type for event in told if getattr(event, "turn", None) == turn and event.type != "risk_flagged"]
        assert kinds == ["seeker_spoke", *["variant_proposed"] * 3, *["reaction_foreseen"] * 3, *["variant_judged"] * 3, "variant_chosen"]


def test_the_graph_does_what_a_plain_loop_does(log: SqlLog) -> None:
    who = guest(5)
    kept = conversation(log, played(log, 5, who))
    [plain] = play_all([(5, who)])
    assert [exchange.spoken.message for exchange in kept.exchanges] == [turn.spoken.message for turn in plain]
    assert [exchange.reply.message for exchange in kept.exchanges if exchange.reply] == [
        turn.choice.weighed.proposal.message for turn in plain
    ]


def test_the_foreseen_answer_to_what_was_said_is_what_the_seeker_says_next(log: SqlLog) -> None:
    kept = conversation(log, played(log))
    for exchange, following in zip(kept.exchanges, kept.exchanges[1:], strict=False):
        reaction = exchange.reaction()
        assert reaction is not None
        assert (reaction.message, reaction.affect, reaction.told) == (
            following.spoken.message,
            following.spoken.affect,
            following.spoken.told,
        )


def test_each_reaction_answers_its_own_variant_from_the_same_moment(log: SqlLog) -> None:
    kept = conversation(log, played(log))
    spreads = [{reaction.affect for reaction in exchange.foreseen.values()} for exchange in kept.exchanges]
    assert all(len(exchange.foreseen) == 3 for exchange in kept.exchanges)
    assert sum(len({affect.distress for affect in spread}) > 1 for spread in spreads) > len(spreads) / 2


def test_a_turn_is_in_the_log_whole_before_it_is_shown(log: SqlLog) -> None:
    position = start(log, turn_limit=3)
    seen: list[tuple[int, int]] = []

    def show(shown: Sequence[Event]) -> None:
        seen.append((len(shown), log.head(position.stream).version))

    asyncio.run(session_at(position, Stage(log, show)).play(position))
    total = 1
    assert len(seen) == 3
    for count, version in seen:
        total += count
        assert version == total


def test_the_same_seed_gives_the_same_events_byte_for_byte(log: SqlLog) -> None:
    first, second = (log.read(played(log, 7)) for _ in range(2))
    assert payloads(first) == payloads(second)


def test_deeper_look_ahead_is_kept_and_judged_and_changes_nothing_that_was_said_before_a_choice(log: SqlLog) -> None:
    near, far = (events(log, played(log, 3, turn_limit=6, look_ahead=k)) for k in (1, 3))
    reactions = [event for event in far if isinstance(event, ReactionForeseen) and event.turn < 4]
    assert all(len(reaction.ahead) == 2 for reaction in reactions)
    first = [event for event in near if isinstance(event, VariantProposed) and event.turn == 1]
    assert first == [event for event in far if isinstance(event, VariantProposed) and event.turn == 1]
    scores = [
        [event.scores["stabilisation"] for event in told if isinstance(event, VariantJudged) and event.turn == 1] for told in (near, far)
    ]
    assert scores[0] != scores[1]


def test_without_foreseeing_nothing_is_foreseen_and_the_seeker_still_answers(log: SqlLog) -> None:
    told = events(log, played(log, look_ahead=0, turn_limit=5))
    assert not [event for event in told if isinstance(event, ReactionForeseen)]
    assert len([event for event in told if isinstance(event, SeekerSpoke)]) == 5


def test_the_cold_negative_is_offered_on_request_and_never_wins(log: SqlLog) -> None:
    told = events(log, played(log, cold=True, turn_limit=8))
    assert sum(isinstance(event, VariantProposed) and event.style == "cold" for event in told) == 8
    assert not [event for event in told if isinstance(event, VariantChosen) and event.variant == "cold"]


def test_the_settings_that_shaped_it_stand_in_the_first_event(log: SqlLog) -> None:
    started = conversation(log, played(log, turn_limit=1)).started
    assert started is not None
    assert set(started.settings.models) == set(CHAIRS)
    assert set(started.settings.rubrics) == {"empathy", "presence", "constitution", "safety"}
    assert started.settings.prompts["seeker"]
    assert started.split == guest(1).split


def test_a_session_can_end_before_its_limit_when_the_seeker_takes_leave(log: SqlLog) -> None:
    early = [
        kept for seed in range(1, 25) if (kept := conversation(log, played(log, seed, turn_limit=40))).ended and len(kept.exchanges) < 40
    ]
    assert early
    for kept in early:
        assert kept.ended is not None
        assert kept.ended.outcome == "closed_by_seeker"
        assert kept.exchanges[-1].spoken.act is DialogueAct.CLOSE


class Fake:
    """A person who types from a list."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def _next(self) -> str:
        if not self.answers:
            raise Left
        return self.answers.pop(0)

    async def speak(self, scene: Scene) -> str:
        return self._next()

    async def decide(self, scene: Scene, weighed: Sequence[Weighed]) -> Weighed | str:
        answer = self._next()
        return weighed[int(answer) - 1] if answer.isdecimal() else answer


def test_a_person_chooses_or_writes_what_the_supporter_says(log: SqlLog) -> None:
    position = start(log, chooser="human", turn_limit=2)
    stream = finish(log, position, Fake("3", "I hear you. What happened then?"))
    first, second = conversation(log, stream).exchanges
    assert first.chosen is not None
    assert (first.chosen.variant, first.chosen.chooser) == ("warm", "human")
    assert second.reply is not None
    assert second.reply.message == "I hear you. What happened then?"
    assert second.foreseen[second.reply.variant].message
    assert second.reward(second.reply.variant) is not None


def test_a_person_in_the_seekers_chair_is_answered(log: SqlLog) -> None:
    position = start(log, models={"seeker": "human", "supporter": "builtin", "judge": "builtin"}, turn_limit=2)
    stream = finish(log, position, Fake("My dog died and I still fill his bowl.", "I want to kill myself."))
    first, second = conversation(log, stream).exchanges
    assert first.spoken.message == "My dog died and I still fill his bowl."
    assert first.spoken.told == ()
    assert first.reply is not None
    assert "bowl" in first.reply.message or "dog" in first.reply.message
    assert second.flagged is not None
    assert second.flagged.words == ("I want to kill myself",)
    assert second.reply is not None
    assert "?" in second.reply.message


def test_who_leaves_loses_nothing_but_the_turn_in_hand(log: SqlLog) -> None:
    position = start(log, chooser="human", turn_limit=5)
    with pytest.raises(Left):
        finish(log, position, Fake("1", "2"))
    assert len(conversation(log, position.stream).exchanges) == 2
    finish(log, at(log, position.stream), Fake("1", "1", "1"))
    assert len(conversation(log, position.stream).exchanges) == 5


@pytest.mark.parametrize(
    ("changes", "words"), [({"chooser": "bset"}, "best"), ({"models": {"seeker": "gpt"}}, "builtin"), ({"chooser": "care:7"}, "0 and 1")]
)
def test_unknown_names_are_refused_before_anything_is_written(log: SqlLog, changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        start(log, **changes)
    assert log.streams() == []


def test_every_stop_between_turns_is_resumed_to_the_same_events(log: SqlLog) -> None:
    whole = log.read(played(log, 11))
    ends = [stored.version for stored in whole if isinstance(stored.event, VariantChosen)][:-1]
    for version in (1, *ends):
        stream = StreamId(f"c-cut{version}")
        log.append(stream, 0, [stored.event for stored in whole[:version]])
        finish(log, at(log, stream))
        assert payloads(log.read(stream)) == payloads(whole)


def test_a_session_that_is_over_is_not_gone_on_with(log: SqlLog) -> None:
    stream = played(log, turn_limit=2)
    before = log.head(stream)
    finish(log, at(log, stream))
    assert log.head(stream) == before


def test_settings_are_checked_by_name() -> None:
    with pytest.raises(UsageError, match="no chair 'seaker'"):
        snapshot(settings(models={"seaker": "builtin"}))
