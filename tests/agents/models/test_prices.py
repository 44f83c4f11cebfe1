from __future__ import annotations

import pytest
from pydantic import ValidationError

from agents.models.endpoints import endpoints
from agents.models.prices import Price, cost, price_of


def test_a_call_costs_its_prompt_and_its_answer_by_the_million() -> None:
    assert cost(Price(prompt=2.0, completion=8.0), 1_000, 500) == pytest.approx(0.006)


def test_a_known_model_has_its_listed_price_and_month() -> None:
    assert price_of("openai:gpt-4.1-mini", {}) == Price(prompt=0.40, completion=1.60, as_of="2025-11")


def test_a_model_whose_name_only_begins_like_a_known_one_has_no_price() -> None:
    assert price_of("openai:gpt-4.1-mini-next", {}) is None
    assert price_of("openrouter:some/model", {}) is None


@pytest.mark.parametrize("kind", [kind for kind, endpoint in endpoints().items() if endpoint.free])
def test_nobody_is_paid_at_an_endpoint_of_one_s_own(kind: str) -> None:
    price = price_of(f"{kind}:whatever/it:is", {})
    assert price is not None
    assert cost(price, 10**6, 10**6) == 0


def test_a_person_s_own_price_is_over_the_table_exact_names_before_patterns() -> None:
    own = {"openai:gpt-4.1*": Price(prompt=1, completion=1), "openai:gpt-4.1": Price(prompt=3, completion=3)}
    assert price_of("openai:gpt-4.1", own) == own["openai:gpt-4.1"]
    assert price_of("openai:gpt-4.1-mini", own) == own["openai:gpt-4.1*"]
    assert price_of("openai:gpt-4o", own) == price_of("openai:gpt-4o", {})


def test_a_price_is_never_negative() -> None:
    with pytest.raises(ValidationError):
        Price(prompt=-1, completion=1)
