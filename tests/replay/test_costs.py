"""What models cost: sums over the record of every call, by whatever they are grouped by."""

from __future__ import annotations

import argparse
import io
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import StreamId, Terminal, UsageError
from replay.cost_commands import costs
from replay.costs import Costs, Latencies, Sums, parse_by
from store import BranchOpened, Event, HasStore, RunPlanned, SqlLog, StoreSettings, open_log
from tests import stories
from tests.replay.calls import failed, replied

ONE, TWO, ALONE, BRANCH, TWIG, RUN = map(StreamId, ("c-one", "c-two", "c-alone", "b-one", "b-twig", "run-1"))


class Settings:
    def __init__(self, store: StoreSettings) -> None:
        self.store = store


@pytest.fixture
def settings(tmp_path: Path) -> HasStore:
    return Settings(StoreSettings(log=str(tmp_path / "vigil.db")))


@pytest.fixture
def log(settings: HasStore) -> Iterator[SqlLog]:
    """A run of two conversations, one of them with a branch and a branch of that; a conversation of no run; a shelf's copy."""
    with open_log(settings.store, create=True) as opened:
        opened.append(RUN, 0, [RunPlanned(conversations=(ONE, TWO, StreamId("c-never")))])
        opened.append(ONE, 0, [stories.started(), replied(cost=1), *stories.turn(1), replied("judge.weigh", cost=2)])
        opened.append(TWO, 0, [stories.started(), replied(cost=4, model="ollama:n")])
        opened.open_branch(BRANCH, ONE, 6, [BranchOpened(parent=ONE, version=6, reason="why not"), replied(cost=8)])
        opened.open_branch(TWIG, BRANCH, 8, [BranchOpened(parent=BRANCH, version=8, reason="again"), replied(cost=16)])
        opened.append(ALONE, 0, [stories.started(), replied(cost=32)])
        opened.append(StreamId("a-key"), 0, [replied(cost=1)])
        yield opened


def told(settings: HasStore, stream: str | None = None, by: str = "role,model") -> dict[str, object]:
    out = io.StringIO()
    assert costs(argparse.Namespace(id=stream, by=by), settings, Terminal(json_wanted=True, out=out)) == 0
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


def printed(settings: HasStore, stream: str | None = None, by: str = "role,model") -> str:
    out = io.StringIO()
    assert costs(argparse.Namespace(id=stream, by=by), settings, Terminal(out=out, colour=False)) == 0
    return out.getvalue()


def by_key(answer: dict[str, object], name: str) -> dict[str | None, float]:
    return {row[name]: row["cost"] for row in answer["rows"]}  # type: ignore[attr-defined]


def summed(events: Sequence[Event]) -> Sums:
    sums = Sums()
    for event in events:
        sums.add(event)  # type: ignore[arg-type]
    return sums


def test_an_answer_is_a_call_that_is_paid() -> None:
    sums = summed([replied(cost=0.25), replied(cost=0.5)])
    assert (sums.calls, sums.answered, sums.failed, sums.cost, sums.prompt_tokens, sums.completion_tokens) == (2, 2, 0, 0.75, 200, 20)


def test_a_failed_attempt_is_a_call_and_costs_what_was_billed_for_it() -> None:
    sums = summed([failed(), failed(prompt_tokens=7, cost=0.5)])
    assert (sums.calls, sums.answered, sums.failed, sums.cost, sums.tokens) == (2, 0, 2, 0.5, 7)


def test_what_is_kept_costs_nothing_and_is_no_call() -> None:
    sums = summed([replied(kept=True, cost=3.0)])
    assert (sums.calls, sums.kept, sums.cost, sums.tokens, sums.latencies.count) == (0, 1, 0.0, 0, 0)


def test_an_unusable_answer_is_no_further_call() -> None:
    sums = summed([replied(), failed("seeker.speak.repair", failure="malformed", asked=False)])
    assert (sums.calls, sums.answered, sums.failed, sums.unusable) == (1, 1, 0, 1)


def test_estimated_counts_are_a_share_of_answers() -> None:
    assert summed([replied(counted=False), replied(), replied(), replied(), failed()]).estimated_share == 0.25
    assert summed([failed()]).estimated_share == 0


def test_a_failure_says_nothing_about_the_time_of_answers() -> None:
    assert summed([replied(latency_ms=200), failed(latency_ms=9000)]).latencies.mean_ms() == 200


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_a_percentile_is_right_to_half_a_percent(times: list[float]) -> None:
    latencies = Latencies()
    for one in times:
        latencies.add(one)
    exact = sorted(times)[max(0, -(-95 * len(times) // 100) - 1)]
    found = latencies.percentile_ms(0.95)
    assert found is not None
    assert abs(found - exact) <= 0.0051 * (exact + 1)


def test_dollars_add_up_whatever_their_order() -> None:
    parts = [replied(cost=cost) for cost in (0.1, 0.2, 0.3, 1e-9, 123.456)] * 20
    totals = set()
    for seed in range(10):
        random.Random(seed).shuffle(parts)
        totals.add(summed(parts).cost)
    assert totals == {2481.12000002}


def test_memory_does_not_grow_with_the_number_of_calls() -> None:
    sums = summed([replied(latency_ms=float(n % 50_000)) for n in range(20_000)])
    assert len(sums.latencies.steps) < 1200


def test_the_whole_log_is_summed_without_what_a_cache_keeps(log: SqlLog, settings: HasStore) -> None:
    answer = told(settings)
    assert answer["id"] is None
    assert answer["total"]["cost"] == 63  # type: ignore[index]
    assert {(row["role"], row["model"]): row["cost"] for row in answer["rows"]} == {  # type: ignore[attr-defined]
        ("seeker", "openai:m"): 57,
        ("judge", "openai:m"): 2,
        ("seeker", "ollama:n"): 4,
    }


def test_a_run_is_its_conversations_and_their_branches(log: SqlLog, settings: HasStore) -> None:
    assert by_key(told(settings, RUN, "conversation"), "conversation") == {TWIG: 16, BRANCH: 8, TWO: 4, ONE: 3}


def test_a_conversation_comes_with_its_branches_and_a_branch_without_its_parent(log: SqlLog, settings: HasStore) -> None:
    assert told(settings, ONE)["total"]["cost"] == 27  # type: ignore[index]
    assert told(settings, BRANCH)["total"]["cost"] == 24  # type: ignore[index]
    assert told(settings, TWIG)["total"]["cost"] == 16  # type: ignore[index]
    assert told(settings, "last")["id"] == ALONE


def test_runs_are_told_apart_and_what_is_in_none_has_none(log: SqlLog, settings: HasStore) -> None:
    assert by_key(told(settings, by="run"), "run") == {None: 32, RUN: 31}


def test_rows_come_dearest_first_and_by_several_names(log: SqlLog, settings: HasStore) -> None:
    rows = told(settings, RUN, "purpose,model")["rows"]
    assert [(row["purpose"], row["model"], row["calls"]) for row in rows] == [  # type: ignore[attr-defined]
        ("seeker.speak", "openai:m", 3),
        ("seeker.speak", "ollama:n", 1),
        ("judge.weigh", "openai:m", 1),
    ]


def test_json_has_the_same_keys_whatever_is_asked(log: SqlLog, settings: HasStore) -> None:
    answer = told(settings, ONE, "role")
    figures = {
        "calls", "answered", "failed", "kept", "unusable", "prompt_tokens", "completion_tokens", "cost", "latency_mean_ms",
        "latency_p95_ms", "estimated_share",
    }  # fmt: skip
    assert set(answer) == {"id", "by", "rows", "total", "unpriced"}
    assert set(answer["total"]) == figures  # type: ignore[call-overload]
    assert set(answer["rows"][0]) == {"role", *figures}  # type: ignore[index]


def test_a_table_ends_with_the_total_and_the_next_step(log: SqlLog, settings: HasStore) -> None:
    lines = printed(settings, RUN, "role").splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["role", "seeker", "judge", "total"]
    assert "31.0000" in lines[3]
    assert lines[-1] == "5 calls, 550 tokens, $31.0000. Next: python sim.py costs run-1 --by purpose"


@pytest.mark.parametrize(
    ("stream", "by", "step"),
    [
        (None, "role", "runs list"),
        (RUN, "purpose", "runs show run-1"),
        (ONE, "model", "costs c-one --by purpose"),
        (ONE, "purpose", "show c-one"),
    ],
)
def test_the_next_step_leads_on(log: SqlLog, settings: HasStore, stream: str | None, by: str, step: str) -> None:
    assert printed(settings, stream, by).rstrip().endswith(f"Next: python sim.py {step}")


def test_a_model_that_nobody_has_a_price_for_is_named(log: SqlLog, settings: HasStore) -> None:
    log.append(StreamId("c-odd"), 0, [stories.started(), replied(cost=0, model="hf:odd\x1b[2J"), replied(cost=0, model="ollama:n")])
    assert told(settings)["unpriced"] == ["hf:odd\x1b[2J"]
    out = printed(settings)
    assert "No price is known for hf:odd" in out
    assert "\x1b" not in out


def test_where_no_model_was_asked_that_is_said(log: SqlLog, settings: HasStore) -> None:
    log.append(StreamId("c-builtin"), 0, [*stories.conversation(2)])
    assert "built-in sessions cost nothing" in printed(settings, "c-builtin")
    answer = told(settings, "c-builtin")
    assert (answer["rows"], answer["total"]["calls"], answer["total"]["latency_mean_ms"]) == ([], 0, None)  # type: ignore[index]


@pytest.mark.parametrize(("by", "says"), [("modle", "Did you mean 'model'"), ("", "Known: run"), ("role,,model", "Known: run")])
def test_an_unknown_grouping_is_refused_by_name(by: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_by(by)


def test_a_cache_s_stream_is_no_conversation(log: SqlLog, settings: HasStore) -> None:
    with pytest.raises(UsageError, match="neither a run nor a conversation"):
        told(settings, "a-key")


def test_groups_add_up_to_the_total(log: SqlLog) -> None:
    found = Costs(("purpose",))
    for stored in log.page():
        found.add(stored)
    assert found.total().cost == sum(sums.cost for _, sums in found.rows()) == 64
