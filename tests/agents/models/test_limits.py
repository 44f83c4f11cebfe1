"""How often a model may be asked."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ground.errors import UsageError
from agents.models.limits import Limit, Limiter, share
from tests.agents.models.timeless import now, run

NEARLY = 1e-6

arrivals = st.lists(
    st.tuples(st.floats(0, 90), st.integers(1, 120), st.floats(0, 40), st.one_of(st.none(), st.integers(0, 150))), min_size=1, max_size=25
)
"""When a call comes, what it may take, how long it lasts, what it took."""
maybe = st.one_of(st.none(), st.integers(1, 5))


def a_limiter(limit: Limit, window_s: float = 60.0) -> Limiter:
    return Limiter(limit, window_s=window_s, clock=now)


@settings(max_examples=60, deadline=None)
@given(arrivals, maybe, st.one_of(st.none(), st.integers(50, 200)), maybe)
def test_no_window_ever_holds_more_than_the_limit(
    calls: list[tuple[float, int, float, int | None]], requests: int | None, tokens: int | None, at_once: int | None
) -> None:
    async def main() -> None:
        limiter = a_limiter(Limit(requests, tokens, at_once))
        started: list[tuple[float, list[int]]] = []
        busy = 0

        async def one(after_s: float, expected: int, lasts_s: float, took: int | None) -> None:
            nonlocal busy
            await asyncio.sleep(after_s)
            start = await limiter.start(expected)
            counted = [expected]
            within = [used[0] for at, used in started if at > now() - 60 + NEARLY]
            started.append((now(), counted))
            busy += 1
            assert at_once is None or busy <= at_once
            assert requests is None or len(within) < requests
            assert tokens is None or not within or sum(within) + expected <= tokens
            await asyncio.sleep(lasts_s)
            limiter.end(start, took)
            counted[0] = expected if took is None else took
            busy -= 1

        await asyncio.gather(*(one(*call) for call in calls))
        assert len(started) == len(calls)

    run(main())


def test_who_came_first_goes_first() -> None:
    async def main() -> list[int]:
        limiter = a_limiter(Limit(requests_per_minute=2, at_once=1))
        order = []

        async def one(number: int) -> None:
            start = await limiter.start(1)
            order.append(number)
            await asyncio.sleep(0.1)
            limiter.end(start, 1)

        await asyncio.gather(*map(one, range(7)))
        return order

    assert run(main()) == list(range(7))


def test_a_small_call_does_not_slip_past_a_large_one_that_waits() -> None:
    async def main() -> list[int]:
        limiter = a_limiter(Limit(tokens_per_minute=100))
        order = []

        async def one(tokens: int) -> None:
            await limiter.start(tokens)
            order.append(tokens)

        await asyncio.gather(one(60), one(70), one(10))
        return order

    assert run(main()) == [60, 70, 10]


def test_a_model_without_limits_lets_everybody_through_at_once() -> None:
    async def main() -> float:
        limiter = a_limiter(Limit())
        began = now()
        for _ in range(1000):
            await limiter.start(10**9)
        return now() - began

    assert run(main()) == 0


def test_the_limit_is_used_to_the_full() -> None:
    async def main() -> list[float]:
        limiter, began, times = a_limiter(Limit(requests_per_minute=3)), now(), []
        for _ in range(7):
            await limiter.start(1)
            times.append(now() - began)
        return times

    assert run(main()) == pytest.approx([0, 0, 0, 60, 60, 60, 120], abs=0.01)


def test_an_answer_that_took_less_than_was_thought_lets_the_next_call_in_sooner() -> None:
    async def main(took: int | None) -> float:
        limiter, began = a_limiter(Limit(tokens_per_minute=100)), now()
        first = await limiter.start(90)
        asyncio.get_running_loop().call_later(5, limiter.end, first, took)
        await limiter.start(50)
        return now() - began

    assert run(main(20)) == pytest.approx(5, abs=0.3)
    assert run(main(None)) == pytest.approx(60, abs=0.01)


def test_an_answer_that_took_more_than_was_thought_counts_in_full() -> None:
    async def main() -> float:
        limiter, began = a_limiter(Limit(tokens_per_minute=100)), now()
        limiter.end(await limiter.start(10), 95)
        await limiter.start(10)
        return now() - began

    assert run(main()) == pytest.approx(60, abs=0.01)


def test_a_correction_after_the_window_changes_nothing() -> None:
    async def main() -> float:
        limiter = a_limiter(Limit(tokens_per_minute=100))
        late = await limiter.start(100)
        await asyncio.sleep(61)
        limiter.end(await limiter.start(60), None)
        limiter.end(late, 0)
        began = now()
        await limiter.start(60)
        return now() - began

    assert run(main()) == pytest.approx(60, abs=0.01)


def test_a_call_larger_than_the_limit_goes_alone_instead_of_never() -> None:
    async def main() -> list[float]:
        limiter, began, times = a_limiter(Limit(tokens_per_minute=100)), now(), []
        for tokens in (10, 500, 10):
            await limiter.start(tokens)
            times.append(now() - began)
        return times

    assert run(main()) == pytest.approx([0, 60, 120], abs=0.01)


@pytest.mark.parametrize("limit", [Limit(), Limit(requests_per_minute=100)])
def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it(limit: Limit) -> None:
    async def main() -> list[float]:
        limiter, began = a_limiter(limit), now()
        limiter.pause(7)
        limiter.pause(2)

        async def one() -> float:
            await limiter.start(1)
            return now() - began

        return await asyncio.gather(*(one() for _ in range(5)))

    assert run(main()) == pytest.approx([7] * 5, abs=0.01)


def test_whoever_stops_waiting_leaves_the_place_to_the_next() -> None:
    async def main() -> float:
        limiter, began = a_limiter(Limit(requests_per_minute=1, at_once=2)), now()
        limiter.end(await limiter.start(1), 1)
        waiting = [asyncio.create_task(limiter.start(1)) for _ in range(2)]
        await asyncio.sleep(1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await limiter.start(1)
        await limiter.start(1)
        return now() - began

    assert run(main()) == pytest.approx(120, abs=0.01)


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 40))
def test_what_workers_use_together_never_exceeds_the_limit(requests: int, tokens: int, at_once: int, workers: int) -> None:
    limit = Limit(requests, tokens, at_once)
    if min(requests, tokens, at_once) < workers:
        with pytest.raises(UsageError, match="cannot be divided among"):
            share(limit, workers)
        return
    part = share(limit, workers)
    for whole, of_it in ((requests, part.requests_per_minute), (tokens, part.tokens_per_minute), (at_once, part.at_once)):
        assert of_it is not None
        assert whole - workers < workers * of_it <= whole


def test_no_limit_is_shared_as_no_limit() -> None:
    assert share(Limit(), 8) == Limit()


def test_a_limit_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="at_once is 0"):
        Limit(at_once=0)


def test_starts_are_spread_over_any_window_and_not_only_over_calendar_minutes() -> None:
    async def main() -> list[float]:
        limiter, times = a_limiter(Limit(requests_per_minute=2), window_s=1.0), []
        for wait_s in (0.9, 0, 0.2, 0.3, 0.4):
            await asyncio.sleep(wait_s)
            await limiter.start(1)
            times.append(now())
        return times

    assert all(later - earlier >= 1 - NEARLY for earlier, later in pairwise(run(main())[::2]))
