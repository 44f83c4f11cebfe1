"""A call on its way from question to record."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models.budget import Budget, LocalPurse
from agents.models.caller import Caller, Halted
from agents.models.calls import Call, CallFailed, Message, Reply, request_key
from agents.models.limits import Limit
from agents.snapshot import Voice
from agents.values import FailureKind, Role
from tests.agents.models.fake_models import FakeLedger, FakeModel, FakeShelf, a_call, a_reply, a_switchboard, outcomes
from tests.agents.models.timeless import now, run

LIFE = "c-1"


def failed(kind: FailureKind = "server", **more: Any) -> CallFailed:
    return CallFailed(kind, "It did not work.", **more)


def asked(model: FakeModel, *calls: Call, ledger: FakeLedger | None = None, **changed: Any) -> list[Any]:
    """What comes of calls that one session makes at once."""

    async def main() -> list[Any]:
        caller = a_switchboard(model, **changed).caller(ledger or FakeLedger(), LIFE)
        return await outcomes(caller.ask(call) for call in calls)

    return run(main())


def asked_once(model: FakeModel, call: Call | None = None, **changed: Any) -> Any:
    return asked(model, call or a_call(), **changed)[0]


def test_an_answer_is_written_down_with_its_cost_its_time_and_its_attempt() -> None:
    ledger = FakeLedger()
    reply = asked_once(FakeModel(failed(), a_reply(prompt_tokens=1000, completion_tokens=50), takes_s=0.3), ledger=ledger)
    assert reply == Reply("Tired.", 1000, 50, pytest.approx(300), cost=0.0015, attempt=2)
    assert ledger.replies == [(request_key(LIFE, a_call()), reply)]


def test_a_cost_that_the_server_tells_is_believed() -> None:
    told = Reply("Tired.", 9, 4, 1.0, cost=0.25)
    purse = LocalPurse(Budget())
    assert asked_once(FakeModel(told), purse=purse).cost == 0.25
    assert purse.spent() == (0.25, 13)


def test_a_model_without_a_price_costs_nothing() -> None:
    assert asked_once(FakeModel(), price=lambda name: None).cost == 0


def test_what_the_ledger_has_is_not_asked_again() -> None:
    model, known = FakeModel(), a_reply("Known.")
    ledger = FakeLedger({request_key(LIFE, a_call()): known})
    assert asked_once(model, ledger=ledger, purse=LocalPurse(Budget(max_tokens=0)), stopping=lambda: True) is known
    assert not model.asked
    assert not ledger.replies


def test_the_same_question_asked_at_once_is_called_once() -> None:
    model, ledger = FakeModel(takes_s=1), FakeLedger()
    replies = asked(model, *[a_call()] * 5, ledger=ledger, shelf=FakeShelf())
    assert len(model.asked) == len(ledger.replies) == 1
    assert all(reply is replies[0] for reply in replies)


def test_a_failure_is_shared_as_well() -> None:
    async def main() -> None:
        model = FakeModel(failed("auth"), takes_s=1)
        caller = a_switchboard(model).caller(FakeLedger(), LIFE)
        tasks = [asyncio.create_task(caller.ask(a_call())) for _ in range(3)]
        await asyncio.wait(tasks)
        assert [getattr(task.exception(), "kind", None) for task in tasks] == ["auth"] * 3
        assert len(model.asked) == 1

    run(main())


def test_when_the_one_who_calls_is_cancelled_another_who_waits_calls() -> None:
    async def main() -> None:
        model, ledger, purse = FakeModel(takes_s=2), FakeLedger(), LocalPurse(Budget(max_tokens=100))
        caller = a_switchboard(model, purse=purse).caller(ledger, LIFE)
        first, second, third = (asyncio.create_task(caller.ask(a_call())) for _ in range(3))
        await asyncio.sleep(1)
        first.cancel()
        third.cancel()
        assert (await second).text == "Tired."
        assert (await outcomes([first]))[0].__class__ is asyncio.CancelledError
        assert len(model.asked) == 2
        assert len(ledger.replies) == 1

    run(main())


def test_an_answer_is_recorded_before_anybody_can_interrupt() -> None:
    async def main() -> None:
        ledger, task = FakeLedger(), None

        def cancel_whoever_asks(call: Call) -> Reply:
            assert task is not None
            task.cancel()
            return a_reply()

        caller = a_switchboard(FakeModel(cancel_whoever_asks)).caller(ledger, LIFE)
        task = asyncio.create_task(caller.ask(a_call()))
        await outcomes([task])
        assert len(ledger.replies) == 1

    run(main())


def test_each_wait_is_drawn_from_twice_the_time_up_to_half_a_minute() -> None:
    model = FakeModel(failed())
    draws = iter([1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    failure = asked_once(model, attempts=9, rng=lambda: next(draws))
    waits = [later - earlier for earlier, later in zip(model.times, model.times[1:], strict=False)]
    assert waits == pytest.approx([0.5, 0.5, 0, 4, 8, 16, 30, 30], abs=0.01)
    assert str(failure) == "It did not work. Gave up after 9 attempts."


def test_each_failed_attempt_is_written_down_with_what_it_cost() -> None:
    ledger, purse = FakeLedger(), LocalPurse(Budget())
    billed = failed("malformed", prompt_tokens=9, completion_tokens=4)
    assert asked_once(FakeModel(failed(), billed, a_reply()), ledger=ledger, purse=purse).attempt == 3
    assert [(failure.kind, attempt) for _, failure, attempt, _ in ledger.failures] == [("server", 1), ("malformed", 2)]
    assert purse.spent() == (pytest.approx(2 * 0.000049), 26)
    assert ledger.cost == pytest.approx(purse.spent()[0])


@pytest.mark.parametrize("kind", ["auth", "refusal", "context_overflow", "unknown_model", "other"])
def test_what_does_not_pass_is_raised_at_once(kind: FailureKind) -> None:
    model = FakeModel(failed(kind))
    failure = asked_once(model)
    assert (failure.kind, str(failure)) == (kind, "It did not work.")
    assert len(model.asked) == 1


def test_a_client_that_never_answers_is_not_waited_for_longer_than_the_voice_allows() -> None:
    ledger = FakeLedger()
    call = a_call(voice=Voice(model="openai:m", timeout_s=7))
    failure = asked_once(FakeModel(takes_s=1e6), call, ledger=ledger, attempts=2)
    assert failure.kind == "timeout"
    assert str(failure) == "openai:m did not answer within 7 s. Gave up after 2 attempts."
    assert [one.kind for _, one, _, _ in ledger.failures] == ["timeout", "timeout"]


def test_a_client_that_keeps_the_time_itself_may_tell_what_was_billed() -> None:
    ledger = FakeLedger()
    model = FakeModel(failed("timeout", prompt_tokens=9), takes_s=7.01)
    asked_once(model, a_call(voice=Voice(model="openai:m", timeout_s=7)), ledger=ledger, attempts=1)
    assert [failure.prompt_tokens for _, failure, _, _ in ledger.failures] == [9]


def test_a_call_that_timed_out_takes_at_least_its_prompt_out_of_the_purse() -> None:
    def spent(failure: CallFailed) -> tuple[float, int]:
        ledger, purse = FakeLedger(), LocalPurse(Budget())
        asked_once(FakeModel(failure), ledger=ledger, purse=purse, attempts=1)
        told = failure.prompt_tokens + 10 * failure.completion_tokens
        assert ledger.cost == pytest.approx(told * 1e-6)
        return purse.spent()

    assert spent(failed("timeout")) == (pytest.approx(14e-6), 14)
    assert spent(failed("timeout", prompt_tokens=9, completion_tokens=12)) == (pytest.approx(129e-6), 21)
    assert spent(failed("server")) == (0.0, 0)


def test_a_model_in_this_process_may_wait_in_its_queue_for_longer_than_an_answer_may_take() -> None:
    call = a_call(voice=Voice(model="local:some/folder", timeout_s=7))
    assert asked_once(FakeModel(takes_s=100), call).text == "Tired."


def test_a_failure_that_lasts_is_not_tried_again_and_still_lasts_for_whoever_asked() -> None:
    model = FakeModel(failed("malformed", lasting=True))
    failure = asked_once(model)
    assert len(model.asked) == 1
    assert failure.lasts
    assert asked_once(FakeModel(failed("malformed"))).lasts is False


def test_a_failure_crosses_process_borders_whole() -> None:
    failure = pickle.loads(pickle.dumps(failed("malformed", lasting=True)))
    assert (failure.kind, failure.lasting, failure.passes, failure.lasts) == ("malformed", True, False, True)


@pytest.mark.parametrize("kind", ["malformed", "other", "auth", "rate_limit"])
def test_what_may_be_mended_by_another_day_does_not_last(kind: FailureKind) -> None:
    assert not failed(kind).lasts


def test_a_rate_limit_with_a_time_holds_every_session_and_without_one_only_the_call() -> None:
    async def main(retry_after_s: float | None) -> list[float]:
        model = FakeModel(failed("rate_limit", retry_after_s=retry_after_s), a_reply())
        board = a_switchboard(model)
        first = asyncio.create_task(board.caller(FakeLedger(), "c-1").ask(a_call("One.")))
        await asyncio.sleep(0.1)
        await board.caller(FakeLedger(), "c-2").ask(a_call("Two."))
        await first
        return model.times

    assert run(main(20.0)) == pytest.approx([0, 20, 20.5], abs=0.01)
    assert run(main(None)) == pytest.approx([0, 0.1, 0.5], abs=0.01)


def test_a_server_that_wants_more_than_five_minutes_is_not_waited_for() -> None:
    async def main() -> list[float]:
        model = FakeModel(failed("rate_limit", retry_after_s=3600), a_reply())
        board = a_switchboard(model)
        with pytest.raises(CallFailed, match=r"wants a pause of 3600 s.*Resume later"):
            await board.caller(FakeLedger(), "c-1").ask(a_call())
        await board.caller(FakeLedger(), "c-2").ask(a_call())
        return model.times

    assert run(main()) == [0, 0]


def test_a_call_that_was_turned_away_took_no_tokens_and_one_that_timed_out_may_have() -> None:
    async def main(kind: FailureKind) -> list[float]:
        model = FakeModel(failed(kind), a_reply())
        # One call may take 34 tokens.
        board = a_switchboard(model, default_limit=Limit(tokens_per_minute=40), backoff_s=1.0)
        await board.caller(FakeLedger(), LIFE).ask(a_call())
        return model.times

    assert run(main("unreachable")) == pytest.approx([0, 1], abs=0.01)
    assert run(main("timeout")) == pytest.approx([0, 60], abs=0.01)


def test_a_wish_to_stop_is_heard_before_each_attempt_and_during_every_wait() -> None:
    async def main(retry_after_s: float | None, stop_after_s: float, limit: Limit) -> tuple[Any, float, int]:
        began = now()
        model, ledger = FakeModel(failed("rate_limit", retry_after_s=retry_after_s)), FakeLedger()
        board = a_switchboard(model, stopping=lambda: now() - began >= stop_after_s, default_limit=limit)
        results = await outcomes(board.caller(ledger, life).ask(a_call()) for life in ("c-1", "c-2"))
        return {one.reason for one in results}, now() - began, len(model.asked)

    assert run(main(None, 0, Limit())) == ({"stopped"}, 0, 0)
    reasons, seconds, attempts = run(main(200, 3, Limit()))
    assert (reasons, attempts) == ({"stopped"}, 2)
    assert 3 <= seconds <= 4.1
    reasons, seconds, attempts = run(main(200, 3, Limit(requests_per_minute=1)))
    assert (reasons, attempts) == ({"stopped"}, 1)
    assert 3 <= seconds <= 4.1


def test_a_budget_that_allows_no_further_call_stops_before_it_is_made() -> None:
    async def main() -> None:
        model, ledger = FakeModel(), FakeLedger()
        purse = LocalPurse(Budget(max_tokens=66))  # a call may take 14 + 20 and takes 9 + 4: a fourth one could end at 39 + 34
        caller = a_switchboard(model, purse=purse).caller(ledger, LIFE)
        results = [(await outcomes([caller.ask(a_call(sample=number))]))[0] for number in range(9)]
        halted = [one for one in results if isinstance(one, Halted)]
        assert len(model.asked) == len(ledger.replies) == 9 - len(halted) == 3
        assert {one.reason for one in halted} == {"budget"}
        assert "So far: $0.0001, 39 tokens." in str(halted[0])

    run(main())


def test_a_cancelled_call_gives_back_what_was_held_for_it() -> None:
    async def main() -> None:
        purse = LocalPurse(Budget(max_tokens=50))
        board = a_switchboard(FakeModel(takes_s=9), purse=purse, per_role={Role.SEEKER: 1}, default_limit=Limit(at_once=1))
        caller = board.caller(FakeLedger(), LIFE)
        task = asyncio.create_task(caller.ask(a_call()))
        await asyncio.sleep(1)
        assert not purse.reserve(0.0, 50)
        task.cancel()
        await outcomes([task])
        assert purse.reserve(0.0, 50)
        purse.settle(0.0, 50, 0.0, 0)
        assert (await caller.ask(a_call())).text == "Tired."

    run(main())


def test_an_error_that_is_no_failed_call_is_not_tried_again_and_holds_nothing_back() -> None:
    purse, model = LocalPurse(Budget(max_tokens=50)), FakeModel(RuntimeError("a mistake in the client"))
    assert isinstance(asked_once(model, purse=purse), RuntimeError)
    assert len(model.asked) == 1
    assert purse.reserve(0.0, 50)


def test_an_answer_that_cannot_be_used_goes_to_the_ledger_under_its_key() -> None:
    async def main() -> None:
        ledger = FakeLedger()
        a_switchboard(FakeModel()).caller(ledger, LIFE).unusable(a_call(), failed("malformed"))
        assert ledger.useless == [request_key(LIFE, a_call())]

    run(main())


def test_what_servers_count_is_learnt_for_the_next_call() -> None:
    async def main() -> int:
        """How many calls of a model with one token a character fit into 10,000 tokens, each first thought to take 600."""
        model = FakeModel(lambda call: a_reply(prompt_tokens=len(call.messages[0].content), completion_tokens=20))
        caller = a_switchboard(model, purse=LocalPurse(Budget(max_tokens=10_000))).caller(FakeLedger(), LIFE)
        results = await outcomes([caller.ask(a_call("x" * 2000))])
        for number in range(1, 9):
            results += await outcomes([caller.ask(a_call("x" * 2000, sample=number))])
        return sum(isinstance(one, Reply) for one in results)

    assert run(main()) == 4


def test_a_halt_crosses_process_borders() -> None:
    halted = pickle.loads(pickle.dumps(Halted("budget")))
    assert (halted.reason, str(halted)) == ("budget", str(Halted("budget")))


scripts = st.lists(
    st.sampled_from(["answer", "rate_limit", "pause", "server", "timeout", "malformed", "auth", "hang"]), min_size=1, max_size=30
)


@settings(max_examples=80, deadline=None)
@given(scripts, st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(60, 600), st.integers(1, 4))
def test_whatever_happens_each_attempt_is_recorded_once_and_the_budget_holds(
    script: list[str], samples: list[int], max_tokens: int, attempts: int
) -> None:
    def step(name: str) -> Any:
        if name == "answer":
            return a_reply(prompt_tokens=9, completion_tokens=20)
        if name == "pause":
            return failed("rate_limit", retry_after_s=3.0)
        if name == "hang":
            return TimeoutError()
        return failed(name, prompt_tokens=9 * (name == "malformed"), completion_tokens=5 * (name == "malformed"))  # type: ignore[arg-type]

    async def main() -> None:
        model, ledger, purse = FakeModel(*map(step, script), takes_s=0.5), FakeLedger(), LocalPurse(Budget(max_tokens=max_tokens))
        caller: Caller = a_switchboard(model, purse=purse, attempts=attempts, default_limit=Limit(requests_per_minute=4)).caller(
            ledger, LIFE
        )
        calls = [a_call(sample=sample, messages=(Message("user", "Hm."),)) for sample in samples]
        results = await outcomes(map(caller.ask, calls))
        assert len(model.asked) == len(ledger.replies) + len(ledger.failures)
        keys = [key for key, _ in ledger.replies]
        assert (
            len(keys) == len(set(keys)) == len({call.content for call, one in zip(calls, results, strict=True) if isinstance(one, Reply)})
        )
        assert all(isinstance(one, (Reply, CallFailed, Halted)) for one in results)
        cost, tokens = purse.spent()
        # A prompt of 9 tokens that nobody waits for any more may be billed, and no client tells.
        timeouts = sum(failure.kind == "timeout" for _, failure, _, _ in ledger.failures)
        assert cost == pytest.approx(ledger.cost + timeouts * 9e-6, abs=1e-12)
        assert tokens <= max_tokens
        assert purse.reserve(0.0, max_tokens - tokens)
        assert all(1 <= attempt <= attempts for _, _, attempt, _ in ledger.failures)

    run(main())
