"""Batches in one process: planned before the first call, never ended by one session, stopped and gone on with at exactly what is missing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from agents import Budget, EventId, Ids, Price, RunId, StreamId, UsageError, configure
from agents.personas.files import as_json, write_json
from graphs.batch import Run, load_run, plan_run, spent_in
from graphs.crew import Crew
from graphs.request import Request
from replay import load
from store import Event, Head, ModelReplied, RunEnded, RunPlanned, SqlLog, StoreSettings, VariantChosen, verify
from tests.agents.given import guest
from tests.graphs.batches import MODEL, Batch, again, all_calls, answered_twice, batch, line, lives, streams, voiced
from tests.graphs.given import events
from tests.serving.running import Server
from tests.talking import BUILTIN


class Told(list[int]):
    """Does something when so many sessions are over."""

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        super().__init__()
        self._count, self._then = count, then

    def append(self, over: int) -> None:
        super().append(over)
        if over == self._count:
            self._then()


def test_the_plan_is_in_the_log_before_anything_is_asked_and_the_end_after_everything(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(latency_ms=20)
    played = batch(log, voiced(chat_server, turn_limit=2), "4")
    [planned] = events(log, played.run.id)
    assert isinstance(planned, RunPlanned)
    assert len(planned.conversations) == 4
    assert planned.settings["request"] == played.run.request.model_dump(mode="json")
    assert (chat_server.counts().requests, streams(log, played.run)) == (0, {})
    tally, ended = played.play()
    assert (tally.kinds, tally.missing, played.told) == ({"done": 4}, 0, [1, 2, 3, 4])
    assert events(log, played.run.id)[1:] == [ended] == [RunEnded(outcome="completed", ended=4, failed=0)]
    assert len(all_calls(log, played.run)) == chat_server.counts().requests
    assert chat_server.counts().most_at_once > 3
    assert all(load(log, stream).ended for stream in planned.conversations)
    assert verify(log).problems == []


def test_a_session_that_fails_stops_no_other(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(script=["refusal", None, "refusal"], latency_ms=[400, 400, 400, 0])
    played = batch(log, voiced(chat_server, turn_limit=2), "6")
    tally, ended = played.play()
    assert tally.kinds == {"failed": 2, "done": 4}
    assert (ended.outcome, ended.ended, ended.failed) == ("partly_failed", 6, 2)
    assert [reason.partition(":")[0] for _, reason in tally.reasons] == ["refusal", "refusal"]
    assert {stream for stream, _ in tally.reasons} == {
        stream
        for stream in played.run.planned.conversations
        if load(log, stream).ended.outcome == "failed"  # type: ignore[union-attr]
    }
    chat_server.reset()
    tally, ended = again(log, played.run.id).play()
    assert (tally.kinds, ended.outcome) == ({"failed": 2, "done": 4}, "partly_failed")
    assert chat_server.counts().requests == 0


@pytest.fixture
def diagnostics() -> Iterator[StringIO]:
    """What is said to those who operate Vigil."""
    said = StringIO()
    configure(stream=said)
    yield said
    structlog.reset_defaults()


class Meddled(SqlLog):
    """Something happens before a session's turn is kept."""

    meddle: Callable[[StreamId, Sequence[Event]], None] = staticmethod(lambda stream, events: None)

    def append(self, stream: StreamId, expected_version: int, events: Sequence[Event], event_ids: Sequence[EventId] | None = None) -> Head:
        if any(isinstance(event, VariantChosen) for event in events):
            self.meddle(stream, events)
        return super().append(stream, expected_version, events, event_ids)


def test_a_session_that_breaks_by_a_fault_of_ours_is_left_and_reported_and_a_resumed_run_mends_it(
    log: SqlLog, chat_server: Server, diagnostics: StringIO
) -> None:
    played = batch(log, voiced(chat_server, turn_limit=2), "4")
    broken = played.run.planned.conversations[1]

    def meddle(stream: StreamId, events: Sequence[Event]) -> None:
        if stream == broken:
            raise IndexError("a list was too short")

    meddled = Meddled(log.database)
    meddled.meddle = meddle
    played.log = meddled
    tally, ended = played.play()
    assert tally.kinds == {"left": 1, "done": 3}
    assert (ended.outcome, ended.reason) == ("partly_failed", "1 of 4 have no end yet")
    assert tally.reasons == [(broken, "IndexError: a list was too short")]
    assert "a session broke" in diagnostics.getvalue()
    tally, ended = again(log, played.run.id).play()
    assert (tally.kinds, ended.outcome) == ({"done": 4}, "completed")
    assert len(all_calls(log, played.run)) == chat_server.counts().requests


def test_a_session_that_somebody_else_writes_is_left_to_them(log: SqlLog, chat_server: Server) -> None:
    played = batch(log, voiced(chat_server, turn_limit=2), "4")
    contested = played.run.planned.conversations[2]

    def meddle(stream: StreamId, events: Sequence[Event]) -> None:
        if stream == contested and log.head(stream).version < 20:
            log.append(stream, log.head(stream).version, events)

    meddled = Meddled(log.database)
    meddled.meddle = meddle
    played.log = meddled
    tally, _ = played.play()
    assert tally.kinds == {"left": 1, "done": 3}
    assert "VersionConflict" in tally.reasons[0][1]
    assert again(log, played.run.id).play()[1].outcome == "completed"
    assert answered_twice(log.read(contested)) == []
    assert lives(log, played.run) == lives(log, whole(log, played))


def whole(log: SqlLog, like: Batch) -> Run:
    """The same batch, played without interruption or budget."""
    run = plan_run(log, Ids().run(), like.run.request, Budget())
    tally, _ = Batch(log, run, Crew(like.crew.settings, line(), like.crew.at_once)).play()
    assert tally.kinds["done"] == tally.total
    return run


def test_a_batch_that_was_told_to_stop_goes_on_with_exactly_what_is_missing(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(latency_ms=5)
    played = batch(log, voiced(chat_server, turn_limit=3), "8")
    played.told = Told(2, played.flag.set)
    tally, ended = played.play()
    assert (ended.outcome, ended.reason) == ("stopped", f"{tally.missing} of 8 have no end yet")
    assert tally.kinds["done"] + tally.kinds["stopped"] < 8
    assert tally.kinds["stopped"] > 0
    assert len(all_calls(log, played.run)) == chat_server.counts().requests
    resumed = again(log, played.run.id)
    tally, ended = resumed.play()
    assert (tally.kinds, ended.outcome) == ({"done": 8}, "completed")
    asked = chat_server.counts().requests
    assert len(all_calls(log, played.run)) == asked
    chat_server.reset()
    assert lives(log, played.run) == lives(log, whole(log, played))
    assert chat_server.counts().requests == asked
    chat_server.reset()
    assert again(log, played.run.id).play()[0].kinds == {"done": 8}
    assert chat_server.counts().requests == 0
    assert [event.outcome for event in events(log, played.run.id) if isinstance(event, RunEnded)] == ["stopped", "completed", "completed"]


@pytest.mark.parametrize(
    ("budget", "more"), [(Budget(None, 60_000), Budget(None, 10**6)), (Budget(0.06, None), Budget(1.0, None))], ids=["tokens", "dollars"]
)
def test_a_budget_stops_a_batch_before_it_is_exceeded_and_a_larger_one_goes_on(
    log: SqlLog, chat_server: Server, budget: Budget, more: Budget
) -> None:
    prices = {MODEL: Price(prompt=1.0, completion=2.0)}
    played = batch(log, voiced(chat_server, turn_limit=2), "8", line=line(budget=budget, prices=prices))
    assert played.run.planned.budget == {name: value for name, value in vars(budget).items() if value is not None}

    def check(limit: Budget) -> None:
        cost, tokens = spent_in(log, played.run)
        counts = chat_server.counts()
        assert tokens == counts.all_prompt_tokens + counts.all_completion_tokens
        assert cost == pytest.approx((counts.all_prompt_tokens + 2 * counts.all_completion_tokens) / 1e6)
        assert 0 < tokens <= (limit.max_tokens or tokens)
        assert cost <= (limit.max_cost or cost)

    tally, ended = played.play()
    assert ended.outcome == "budget_spent"
    assert 0 < tally.kinds["budget"] <= 4
    check(budget)
    asked = chat_server.counts().requests
    assert again(log, played.run.id, line(budget=budget, prices=prices)).play()[1].outcome == "budget_spent"
    check(budget)
    assert chat_server.counts().requests < asked + 8
    assert again(log, played.run.id, line(budget=more, prices=prices)).play()[1].outcome == "completed"
    check(more)
    assert lives(log, played.run) == lives(log, whole(log, played))


def test_a_wrong_key_ends_a_batch_at_once_with_one_reason_and_the_right_one_goes_on(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(key="right")
    played = batch(log, voiced(chat_server, turn_limit=1), "12", line=line(keys={"MODEL_API_KEY": SecretStr("wrong-key")}))
    tally, ended = played.play()
    assert (ended.outcome, ended.ended) == ("stopped", 0)
    assert "does not take this key" in ended.reason
    assert ended.reason == tally.hopeless
    assert chat_server.counts().requests <= 4
    assert not any(load(log, stream).ended for stream in streams(log, played.run))
    assert "wrong-key" not in repr([events(log, stream) for stream in streams(log, played.run)]) + repr(ended)
    tally, ended = again(log, played.run.id, line(keys={"MODEL_API_KEY": SecretStr("right")})).play()
    assert (tally.kinds, ended.outcome) == ({"done": 12}, "completed")


def test_a_server_that_is_away_is_given_up_after_some_patience_and_every_session_stays_open(log: SqlLog, chat_server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = Server(taken.getsockname()[1])
    played = batch(log, voiced(away, turn_limit=1), "30", line=line(attempts=2))
    tally, ended = played.play()
    assert ended.outcome == "stopped"
    assert "cannot be reached" in ended.reason
    assert 10 <= tally.kinds["left"] <= 13
    assert tally.kinds["stopped"] <= 3
    assert not any(load(log, stream).ended for stream in streams(log, played.run))


def test_what_some_sessions_meet_ends_no_batch_and_what_ten_in_a_row_meet_does(log: SqlLog, chat_server: Server) -> None:
    settings, once = voiced(chat_server, turn_limit=1), line(attempts=1)
    chat_server.set(script=["server_error"] * 9)
    tally, ended = batch(log, settings, "12", line=once, at_once=1).play()
    assert (tally.kinds, ended.outcome) == ({"left": 9, "done": 3}, "partly_failed")
    chat_server.set(script=["server_error"] * 10)
    tally, ended = batch(log, settings, "12", line=once, at_once=1).play()
    assert (tally.kinds, ended.outcome) == ({"left": 10}, "stopped")
    assert "trouble of its own (500)" in ended.reason


def test_what_the_log_has_already_can_be_left_out_and_what_failed_is_played_again(log: SqlLog, chat_server: Server) -> None:
    chat_server.set(script=["refusal"])
    settings = voiced(chat_server, turn_limit=1)
    first = batch(log, settings, "4")
    assert first.play()[0].kinds == {"failed": 1, "done": 3}

    def planned(personas: str, **asked: object) -> int:
        request = Request.model_validate({"personas": personas, "settings": settings, **asked})
        return len(plan_run(log, Ids().run(), request, Budget(), skip_existing=True).planned.conversations)

    assert planned("4") == 1
    assert planned("6") == 3
    assert planned("4", seed=2) == 4
    assert again(log, plan_run(log, Ids().run(), first.run.request, Budget(), skip_existing=True).id).play()[0].kinds == {"done": 1}
    with pytest.raises(UsageError, match="all of these conversations are there already"):
        planned("4")
    assert planned("6") == 2


def test_a_batch_of_nobody_or_with_names_that_nobody_knows_is_refused_and_nothing_of_it_is_kept(log: SqlLog) -> None:
    with pytest.raises(UsageError, match="No persona fits"):
        batch(log, BUILTIN, "4", offset=4)
    with pytest.raises(UsageError, match="Did you mean 'best'"):
        batch(log, BUILTIN.model_copy(update={"chooser": "bset"}), "4")
    with pytest.raises(UsageError, match="No model 'gpt-9'"):
        batch(log, BUILTIN.model_copy(update={"models": {**BUILTIN.models, "supporter": "gpt-9"}}), "4")
    assert log.anchor().position == 0


def test_a_language_that_a_built_in_chair_does_not_have_is_refused_and_nothing_of_it_is_kept(log: SqlLog, chat_server: Server) -> None:
    for settings, language in ((BUILTIN, "es"), (BUILTIN, "native"), (voiced(chat_server), "es")):
        with pytest.raises(UsageError, match="has only English"):
            batch(log, settings, "4", language=language)
    assert log.anchor().position == 0
    assert batch(log, voiced(chat_server, "seeker", "supporter", "judge", turn_limit=1), "1", language="es").play()[0].kinds == {"done": 1}


def test_a_run_whose_people_changed_since_is_not_gone_on_with(log: SqlLog, tmp_path: Path) -> None:
    people = [guest(seed) for seed in (1, 2)]
    for number, one in enumerate(people):
        write_json(tmp_path / f"{number}.json", as_json(one.persona, one.crisis))
    played = batch(log, BUILTIN, str(tmp_path), at_once=1)
    played.told = Told(1, played.flag.set)
    assert played.play()[1].outcome == "stopped"
    write_json(tmp_path / "1.json", as_json(guest(3).persona, guest(3).crisis))
    before = log.anchor().position
    with pytest.raises(UsageError, match=f"The people of {played.run.id} are not what they were"):
        again(log, played.run.id, at_once=1).play()
    assert log.anchor().position == before
    write_json(tmp_path / "1.json", as_json(people[1].persona, people[1].crisis))
    assert again(log, played.run.id, at_once=1).play()[0].kinds == {"done": 2}


def test_only_a_run_of_this_vigil_s_can_be_gone_on_with(log: SqlLog) -> None:
    played = batch(log, BUILTIN, "1", limit=1)
    played.play()
    [stream] = played.run.planned.conversations
    with pytest.raises(UsageError, match="is no run"):
        load_run(log, RunId(stream))
    old = Ids().run()
    log.append(old, 0, [RunPlanned(conversations=(stream,), settings={"request": {"whom": "everybody"}})])
    with pytest.raises(UsageError, match="another version of Vigil"):
        load_run(log, old)


def test_runs_that_share_a_cache_pay_once_for_the_same_lives(log: SqlLog, chat_server: Server, tmp_path: Path) -> None:
    cache = StoreSettings(log=str(tmp_path / "answers.db"))
    settings = voiced(chat_server, turn_limit=2)
    first = batch(log, settings, "3", line=line(cache=cache))
    first.play()
    asked = chat_server.counts().requests
    second = batch(log, settings, "3", line=line(cache=cache))
    second.play()
    assert chat_server.counts().requests == asked
    assert lives(log, second.run) == lives(log, first.run)
    assert spent_in(log, second.run) == (0.0, 0)
    assert all(one.event.kept for stored in streams(log, second.run).values() for one in stored if isinstance(one.event, ModelReplied))
