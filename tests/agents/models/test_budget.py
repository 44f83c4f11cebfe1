"""What models may cost."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ground.errors import VigilError
from agents.models.budget import Budget, LocalPurse, Purse, SharedPurse
from tests.agents.models.spending import spend

PURSES: list[Callable[..., Purse]] = [LocalPurse, SharedPurse]

amounts = st.tuples(st.floats(0, 0.5), st.integers(0, 500))
steps = st.lists(st.tuples(amounts, st.floats(0, 1), st.booleans()), max_size=40)
"""What is held back, how much of it is used, and whether it is settled at once."""


@pytest.mark.parametrize("purse_of", PURSES)
@settings(max_examples=60, deadline=None)
@given(st.one_of(st.none(), st.floats(0, 3)), st.one_of(st.none(), st.integers(0, 3000)), steps)
def test_what_is_spent_is_never_above_the_budget(
    purse_of: Callable[..., Purse], max_cost: float | None, max_tokens: int | None, taken: list[tuple[tuple[float, int], float, bool]]
) -> None:
    purse = purse_of(Budget(max_cost, max_tokens))
    open_calls: list[tuple[float, int, float]] = []
    expected_cost, expected_tokens = 0.0, 0

    def settle(cost: float, tokens: int, part: float) -> None:
        nonlocal expected_cost, expected_tokens
        purse.settle(cost, tokens, cost * part, int(tokens * part))
        expected_cost, expected_tokens = expected_cost + cost * part, expected_tokens + int(tokens * part)

    for (cost, tokens), part, at_once in taken:
        if purse.reserve(cost, tokens):
            open_calls.append((cost, tokens, part))
            if at_once:
                settle(*open_calls.pop())
    for call in open_calls:
        settle(*call)
    spent_cost, spent_tokens = purse.spent()
    assert max_cost is None or spent_cost <= max_cost + 1e-9
    assert max_tokens is None or spent_tokens <= max_tokens
    assert spent_cost == pytest.approx(expected_cost, abs=1e-9)
    assert spent_tokens == expected_tokens


@pytest.mark.parametrize("purse_of", PURSES)
def test_what_fits_to_the_last_part_of_a_cent_is_let_through(purse_of: Callable[..., Purse]) -> None:
    purse = purse_of(Budget(max_cost=1.0))
    for _ in range(10):
        assert purse.reserve(0.1, 0)
        purse.settle(0.1, 0, 0.1, 0)
    assert not purse.reserve(0.000001, 0)
    assert purse.spent() == (1.0, 0)


@pytest.mark.parametrize("purse_of", PURSES)
def test_what_is_held_back_counts_until_it_is_settled(purse_of: Callable[..., Purse]) -> None:
    purse = purse_of(Budget(max_tokens=100))
    assert purse.reserve(0.0, 60)
    assert not purse.reserve(0.0, 60)
    purse.settle(0.0, 60, 0.0, 10)
    assert purse.reserve(0.0, 60)


@pytest.mark.parametrize("purse_of", PURSES)
def test_what_was_spent_on_an_earlier_day_counts(purse_of: Callable[..., Purse]) -> None:
    purse = purse_of(Budget(max_cost=1.0, max_tokens=100), (0.75, 90))
    assert purse.spent() == (0.75, 90)
    assert not purse.reserve(0.3, 1)
    assert not purse.reserve(0.1, 11)
    assert purse.reserve(0.25, 10)


@pytest.mark.parametrize("purse_of", PURSES)
def test_without_a_budget_nothing_is_refused_and_all_is_counted(purse_of: Callable[..., Purse]) -> None:
    purse = purse_of(Budget())
    assert purse.reserve(1000.0, 10**9)
    purse.settle(1000.0, 10**9, 999.5, 10**8)
    assert purse.spent() == (999.5, 10**8)


def test_several_processes_together_never_spend_more_than_the_budget() -> None:
    context = get_context("spawn")
    purse, told = SharedPurse(Budget(max_cost=0.5, max_tokens=20_000)), context.Queue()
    workers = [context.Process(target=spend, args=(purse, seed, told)) for seed in range(3)]
    for worker in workers:
        worker.start()
    spent = [told.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    cost, tokens = purse.spent()
    assert tokens == sum(tokens for _, tokens in spent)
    assert cost == pytest.approx(sum(cost for cost, _ in spent), abs=1e-9)
    assert 20_000 - 3 * 100 < tokens <= 20_000
    assert sum(tokens > 0 for _, tokens in spent) >= 1


def test_a_purse_that_a_killed_process_left_locked_says_so() -> None:
    purse = SharedPurse(Budget(), patience_s=0.01)
    with purse._alone(), pytest.raises(VigilError, match="killed while it paid"):
        purse.reserve(0.1, 1)
    assert purse.reserve(0.1, 1)
