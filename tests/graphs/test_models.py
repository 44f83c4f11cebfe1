"""Sessions whose chairs are voiced by models, against a real server: what is asked, kept, paid once, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio

import pytest

from agents import Budget, CallFailed, Guest, Halted, Ids, LocalPurse, Role, SessionSnapshot, StreamId
from graphs.branching import Override, follow, fork, open_branch
from graphs.playing import play_on
from graphs.session import begin, first_event
from graphs.table import table
from graphs.verifying import verify_session
from replay import load
from store import (
    ConversationEnded,
    Log,
    ModelFailed,
    ModelReplied,
    SeekerSpoke,
    SqlLog,
    StoreSettings,
    VariantChosen,
    VariantProposed,
    verify,
)
from tests.agents.given import guest
from tests.graphs.batches import answered_twice, calls, line, talk, voiced
from tests.graphs.given import events
from tests.serving.running import Server


def begun(log: Log, settings: SessionSnapshot, seed: int = 1, who: Guest | None = None, language: str = "en") -> StreamId:
    stream = StreamId(Ids().conversation())
    begin(log, stream, first_event(who or guest(seed), seed, settings, language))
    return stream


def go_on(log: SqlLog, stream: StreamId, **changes: object) -> None:
    settings = load(log, stream).settings
    assert settings is not None
    with table(line(**changes), log) as at:
        at.do(settings, lambda stage: play_on(stream, stage))


def whole(log: SqlLog, settings: SessionSnapshot, seed: int = 1) -> StreamId:
    stream = begun(log, settings, seed)
    go_on(log, stream)
    return stream


def test_every_chair_can_be_a_model_and_every_call_is_an_event_before_the_turn_that_it_serves(log: SqlLog, chat_server: Server) -> None:
    told = events(log, whole(log, voiced(chat_server, "seeker", "supporter", "judge", turn_limit=3)))
    asked_for = {event.role for event in told if isinstance(event, ModelReplied)}
    assert asked_for == set(Role)
    # The Seeker opens, then three replies a turn, each with its reaction and its verdict; two equal replies share a reaction.
    assert 1 + 3 * 8 < len(calls(told)) <= 1 + 3 * 9
    assert len(calls(told)) == chat_server.counts().requests
    for turn in (1, 2, 3):
        spoke = next(i for i, event in enumerate(told) if isinstance(event, SeekerSpoke) and event.turn == turn)
        served = [
            i for i, event in enumerate(told) if isinstance(event, ModelReplied) and event.turn == turn and event.role is Role.SUPPORTER
        ]
        assert len(served) == 3
        assert max(served) < spoke
    assert isinstance(told[-1], ConversationEnded)


def test_what_the_seeker_answers_to_the_chosen_reply_is_asked_for_once(log: SqlLog, chat_server: Server) -> None:
    told = events(log, whole(log, voiced(chat_server, turn_limit=4)))
    assert sum(isinstance(event, ModelReplied) and event.role is Role.SEEKER for event in told) <= 1 + 4 * 3


def test_a_session_of_models_is_proven_from_its_recorded_answers_without_a_call(log: SqlLog, chat_server: Server) -> None:
    stream = whole(log, voiced(chat_server, "seeker", "supporter", "judge", turn_limit=3))
    chat_server.reset()
    verdict = asyncio.run(verify_session(log.read(stream)))
    assert verdict.same
    assert verdict.compared > 20
    assert chat_server.counts().requests == 0


def test_a_session_that_was_left_anywhere_asks_only_for_what_is_missing(log: SqlLog, chat_server: Server, tmp_path: object) -> None:
    settings = voiced(chat_server, turn_limit=3)
    stream = whole(log, settings)
    stored = log.read(stream)
    made = talk(stored)
    total = chat_server.counts().requests
    moments = [1 + i for i, one in enumerate(stored) if isinstance(one.event, (ModelReplied, VariantChosen))]
    for cut in moments[:-1:5]:
        again = StreamId(Ids().conversation())
        log.append(again, 0, [one.event for one in stored[:cut]])
        had = len(calls([one.event for one in stored[:cut]]))
        chat_server.reset()
        go_on(log, again)
        assert chat_server.counts().requests == total - had
        assert talk(log.read(again)) == made
        assert answered_twice(log.read(again)) == []


def test_branches_share_what_came_before_and_never_an_answer_after(log: SqlLog, chat_server: Server) -> None:
    parent = whole(log, voiced(chat_server, turn_limit=4))
    before = events(log, parent)
    chosen = next(event.variant for event in before if isinstance(event, VariantChosen) and event.turn == 2)
    others = [event.variant for event in before if isinstance(event, VariantProposed) and event.turn == 2 and event.variant != chosen]
    chat_server.reset()
    keys: list[set[str]] = []
    for variant in others:
        branch = StreamId(Ids().branch())
        override = Override(choose=variant)
        open_branch(log, parent, branch, fork(log.read(parent), 2, override), override, reason="a test")
        go_on(log, branch)
        own = [one.event for one in log.read(branch)][-(len(log.read(branch)) - fork(log.read(parent), 2, override).version) :]
        keys.append({event.request_key for event in own if isinstance(event, ModelReplied)})
        assert asyncio.run(verify_session(log.read(branch))).same
    assert keys[0].isdisjoint(keys[1])
    assert all(kept.isdisjoint(event.request_key for event in before if isinstance(event, ModelReplied)) for kept in keys)
    assert chat_server.counts().requests == sum(map(len, keys))


def test_a_branch_that_says_something_else_is_weighed_by_models_and_survives_a_kill_before_it_was(log: SqlLog, chat_server: Server) -> None:
    parent = whole(log, voiced(chat_server, "seeker", "supporter", "judge", turn_limit=3))
    override = Override(say="I'm still here. Take the time you need.")
    branch = StreamId(Ids().branch())
    position = open_branch(log, parent, branch, fork(log.read(parent), 2, override), override, reason="a test")
    assert position.opening
    go_on(log, branch)
    told = events(log, branch)
    typed = next(event for event in told if isinstance(event, VariantProposed) and event.variant == "typed")
    assert typed.message == override.say
    assert [event.variant for event in told if isinstance(event, VariantChosen) and event.turn == 2] == ["typed"]
    assert asyncio.run(verify_session(log.read(branch))).same
    settings = load(log, branch).settings
    assert settings is not None
    with table(line(), log) as at:
        moved, following = at.do(settings, lambda stage: follow(position_again(log, branch), stage))
    assert following == []
    assert moved.ended


def position_again(log: SqlLog, stream: StreamId):  # type: ignore[no-untyped-def]
    from graphs.position import position_of

    return position_of(stream, load(log, stream))


def test_a_reply_that_never_becomes_readable_is_left_out_and_the_others_go_on(log: SqlLog, chat_server: Server) -> None:
    good = '{"thought": "t", "strategy": ["reflect"], "message": "You carried that alone. What was the hardest part?"}'
    chat_server.set(answers="list", texts=["no form at all", good, good, "still none", *[good] * 50])
    stream = whole(log, voiced(chat_server, "supporter", turn_limit=1))
    told = events(log, stream)
    assert sum(isinstance(event, VariantProposed) for event in told) == 2
    [unusable] = [event for event in told if isinstance(event, ModelFailed)]
    assert (unusable.failure, unusable.asked) == ("malformed", False)
    assert asyncio.run(verify_session(log.read(stream))).same


def test_a_seeker_that_never_becomes_readable_ends_the_session_as_failed(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(answers="echo", texts=["words without any form"])
    stream = whole(log, voiced(chat_server, turn_limit=5))
    [end] = [event for event in events(log, stream) if isinstance(event, ConversationEnded)]
    assert (end.outcome, end.turns) == ("failed", 0)
    assert "malformed" in end.reason
    assert asyncio.run(verify_session(log.read(stream))).same


def test_what_a_server_cannot_do_today_leaves_the_session_open_and_it_is_gone_on_with_tomorrow(log: SqlLog, chat_server: Server) -> None:
    stream = begun(log, voiced(chat_server, turn_limit=2))
    chat_server.set(fault_rate=1.0, faults=["server_error"])
    with pytest.raises(CallFailed, match="attempts") as failed:
        go_on(log, stream, attempts=3)
    assert failed.value.kind == "server"
    assert load(log, stream).ended is None
    assert sum(isinstance(event, ModelFailed) for event in events(log, stream)) == 3
    chat_server.set(fault_rate=0.0)
    go_on(log, stream)
    assert load(log, stream).ended is not None
    assert verify(log).problems == []


def test_a_budget_ends_at_a_call_and_more_of_it_goes_on_there(log: SqlLog, chat_server: Server) -> None:
    settings = voiced(chat_server, turn_limit=4)
    stream = begun(log, settings)
    budget = Budget(None, 30_000)
    with pytest.raises(Halted, match="budget"):
        go_on(log, stream, budget=budget)
    spent = sum(event.prompt_tokens + event.completion_tokens for event in calls(events(log, stream)))
    assert 0 < spent <= 30_000
    go_on(log, stream)
    assert load(log, stream).ended is not None
    assert talk(log.read(stream)) == [*talk(log.read(stream))[:1], *talk(log.read(whole(log, settings)))[1:]]
    assert LocalPurse(budget).spent() == (0.0, 0)


def test_runs_share_an_answer_only_for_the_same_life(log: SqlLog, chat_server: Server, tmp_path: object) -> None:
    cache = StoreSettings(log=f"{tmp_path}/answers.db")
    settings = voiced(chat_server, turn_limit=2)
    first = begun(log, settings)
    go_on(log, first, cache=cache)
    asked_for = chat_server.counts().requests
    second = begun(log, settings)
    go_on(log, second, cache=cache)
    assert chat_server.counts().requests == asked_for
    assert talk(log.read(second)) == talk(log.read(first))
    assert all(event.kept and event.cost == 0 for event in events(log, second) if isinstance(event, ModelReplied))
    other = begun(log, settings, seed=2, who=guest(1))
    go_on(log, other, cache=cache)
    assert not [event for event in events(log, other) if isinstance(event, ModelReplied) and event.kept]


def test_the_person_speaks_their_own_language(log: SqlLog, chat_server: Server) -> None:
    settings = voiced(chat_server, "seeker", "supporter", "judge", turn_limit=1)
    go_on(log, begun(log, settings, language="es"))
    prompts = [str(seen.body["messages"]) for seen in chat_server.requests() if "chat" in seen.path]
    assert prompts
    assert [prompt for prompt in prompts if "Spanish" not in prompt and "[vigil role: judge]" not in prompt] == []
