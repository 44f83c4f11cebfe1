"""What became of a run: how far it is, what failed, how often its Seekers were at fault, what it cost."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents import DialogueAct, Fault, StreamId, Terminal, UsageError, VariantId
from replay.run_commands import runs
from store import (
    BranchOpened,
    ConversationEnded,
    ConversationStarted,
    Event,
    HasStore,
    ReactionForeseen,
    RunEnded,
    RunPlanned,
    SeekerSpoke,
    SqlLog,
    StoreSettings,
    UnknownId,
    open_log,
)
from tests import stories
from tests.replay.calls import failed, replied
from tests.stories import calm

RUN = StreamId("run-one")
A, B, C, D = (StreamId(f"c-{name}") for name in "abcd")
ECHO, SWAP = Fault(kind="echo", words="as the card says"), Fault(kind="role_swap", words="as an AI")


class Settings:
    def __init__(self, store: StoreSettings) -> None:
        self.store = store


@pytest.fixture
def settings(tmp_path: Path) -> HasStore:
    return Settings(StoreSettings(log=str(tmp_path / "vigil.db")))


@pytest.fixture
def log(settings: HasStore) -> Iterator[SqlLog]:
    with open_log(settings.store, create=True) as opened:
        yield opened


@pytest.fixture
def told(settings: HasStore) -> Callable[..., dict[str, object]]:
    def tell(verb: str = "show", run: str = "last") -> dict[str, object]:
        out = io.StringIO()
        assert runs(argparse.Namespace(verb=verb, id=run), settings, Terminal(json_wanted=True, out=out)) == 0
        return json.loads(out.getvalue())  # type: ignore[no-any-return]

    return tell


@pytest.fixture
def printed(settings: HasStore) -> Callable[..., str]:
    def tell(verb: str = "show", run: str = "last") -> str:
        out = io.StringIO()
        assert runs(argparse.Namespace(verb=verb, id=run), settings, Terminal(out=out, colour=False)) == 0
        return out.getvalue()

    return tell


Told = Callable[..., dict[str, object]]
Printed = Callable[..., str]


def plan(*streams: StreamId, seeker: str = "openai:m", **request: object) -> RunPlanned:
    asked = {
        "personas": "all",
        "categories": ["burnout"],
        "language": "es",
        "seed": 3,
        "settings": {"models": {"seeker": seeker, "judge": "builtin"}},
    }
    return RunPlanned(conversations=streams, settings={"request": {**asked, **request}, "people": "x"}, budget={"max_cost": 5.0})  # type: ignore[dict-item]


def voiced() -> ConversationStarted:
    begun = stories.started()
    return begun.model_copy(update={"settings": begun.settings.model_copy(update={"models": {"seeker": "openai:m"}})})


def says(turn: int, message: str, *faults: Fault) -> SeekerSpoke:
    return SeekerSpoke(turn=turn, message=message, act=DialogueAct.DISCLOSE, affect=calm(), faults=faults)


def would_say(turn: int, variant: str, message: str, *faults: Fault) -> ReactionForeseen:
    return ReactionForeseen(turn=turn, variant=VariantId(variant), message=message, act=DialogueAct.OPEN, affect=calm(), faults=faults)


def ended(outcome: str = "turn_limit", reason: str = "") -> ConversationEnded:
    return ConversationEnded(outcome=outcome, turns=1, reason=reason)  # type: ignore[arg-type]


def test_sessions_are_done_failed_begun_or_not_there_yet(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A, B, C, D)])
    log.append(A, 0, [voiced(), ended()])
    log.append(B, 0, [voiced(), ended("failed", "malformed: no form")])
    log.append(C, 0, [voiced(), failed()])
    answer = told()
    assert {name: answer[name] for name in ("planned", "done", "failed", "missing", "begun")} == {
        "planned": 4, "done": 1, "failed": 1, "missing": 2, "begun": 1,
    }  # fmt: skip
    assert answer["failures"] == [
        {"id": B, "state": "failed", "reason": "malformed: no form"},
        {"id": C, "state": "missing", "reason": "rate_limit: it was asked too often"},
    ]
    assert answer["next"] == f"generate --resume {RUN}"


def test_a_run_that_nobody_ended_is_open(log: SqlLog, told: Told, printed: Printed) -> None:
    log.append(RUN, 0, [plan(A)])
    assert told()["outcome"] == "open"
    assert "open (under way, or killed)" in printed()


def test_a_run_is_as_it_was_left_the_last_time(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A, B)])
    log.append(A, 0, [voiced(), ended()])
    log.append(RUN, 1, [RunEnded(outcome="stopped", ended=1, failed=0, reason="1 of 2 have no end yet")])
    assert (told()["outcome"], told()["reason"]) == ("stopped", "1 of 2 have no end yet")
    log.append(B, 0, [voiced()])
    assert (told()["outcome"], told()["reason"]) == ("open", "")
    log.append(B, 1, [ended()])
    log.append(RUN, 2, [RunEnded(outcome="completed", ended=2, failed=0)])
    assert (told()["outcome"], told()["missing"], told()["next"]) == ("completed", 0, "list")


def test_something_written_after_the_end_leaves_a_session_done(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A, seeker="builtin")])
    log.append(A, 0, [stories.started(), ended(), replied()])
    assert told()["done"] == 1
    assert told("list")["runs"][0]["done"] == 1  # type: ignore[index]


def test_the_fault_rate_counts_each_message_once(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A)])
    first = [voiced(), says(1, "Hello.", ECHO), would_say(1, "1a", "Well."), would_say(1, "1b", "As an AI…", SWAP, SWAP)]
    second = [says(2, "As an AI…", SWAP, SWAP), would_say(2, "2a", "No.")]
    reasks = [replied("seeker.reask"), replied("seeker.reask"), replied("seeker.reask"), replied("seeker.reask.repair"), replied()]
    log.append(A, 0, [*first, *second, *reasks])
    assert told()["simulator"] == {
        "messages": 4, "reasked": 3, "mended": 1, "marked": 2, "rate": 0.5, "by_kind": {"echo": 1, "role_swap": 1},
    }  # fmt: skip
    assert told()["repairs"] == 1


def test_the_same_words_in_a_later_turn_are_another_message(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A)])
    log.append(A, 0, [voiced(), says(1, "No."), would_say(1, "1a", "No."), says(2, "No."), says(3, "No.")])
    assert told()["simulator"]["messages"] == 3  # type: ignore[index]


def test_a_built_in_seeker_is_not_counted(log: SqlLog, told: Told, printed: Printed) -> None:
    log.append(RUN, 0, [plan(A, seeker="builtin")])
    log.append(A, 0, [*stories.conversation(3), ended()])
    assert told()["simulator"]["messages"] == 0  # type: ignore[index]
    assert "simulator  built in" in printed()


def test_failed_attempts_and_unusable_answers_are_told_apart(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A)])
    calls: list[Event] = [failed(), failed(failure="timeout"), failed(), replied(), failed(failure="malformed", asked=False)]
    log.append(A, 0, [voiced(), *calls, ended()])
    answer = told()
    assert answer["failed_attempts"] == {"rate_limit": 2, "timeout": 1}
    assert answer["unusable"] == 1
    assert answer["total"]["calls"] == 4  # type: ignore[index]


def test_the_cost_is_the_batch_s_own_by_role(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A)])
    log.append(A, 0, [voiced(), replied(cost=1), replied("judge.weigh", cost=2), ended()])
    log.open_branch(StreamId("b-later"), A, 3, [BranchOpened(parent=A, version=3, reason="why not"), replied(cost=50)])
    answer = told()
    assert answer["cost"] == 3
    assert {row["role"]: row["cost"] for row in answer["costs"]} == {"judge": 2, "seeker": 1}  # type: ignore[attr-defined]
    assert told("list")["runs"][0]["cost"] == 3  # type: ignore[index]


def test_the_request_is_told_in_words(log: SqlLog, printed: Printed) -> None:
    log.append(RUN, 0, [plan(A, per_persona=2, offset=10, limit=5)])
    out = printed()
    assert "everybody planned, in burnout, 2 sessions each, in es, after the first 10, 5 at most, seed 3" in out
    assert "seeker openai:m, judge builtin" in out
    assert "max cost 5.0" in out
    assert out.splitlines()[-1] == f"Next: python sim.py generate --resume {RUN}"


def test_a_plan_of_another_version_is_shown_all_the_same(log: SqlLog, told: Told, printed: Printed) -> None:
    log.append(RUN, 0, [RunPlanned(conversations=(A,), settings={"request": ["what is this"]})])
    log.append(A, 0, [voiced(), replied(cost=1), ended()])
    assert (told()["request"], told()["done"], told()["cost"]) == (None, 1, 1)
    assert "written by another version" in printed()
    assert told("list")["runs"][0]["cost"] == 1  # type: ignore[index]


def test_at_most_twenty_failures_are_printed(log: SqlLog, told: Told, printed: Printed) -> None:
    streams = [StreamId(f"c-{number:02}") for number in range(25)]
    log.append(RUN, 0, [plan(*streams)])
    for stream in streams:
        log.append(stream, 0, [voiced(), ended("failed", "no \x1b[2J form")])
    out = printed()
    assert out.count(" failed: no") == 20
    assert "and 5 more" in out
    assert "\x1b" not in out
    assert len(told()["failures"]) == 25  # type: ignore[arg-type]


def test_runs_are_listed_newest_last_and_the_newest_is_shown(log: SqlLog, told: Told, printed: Printed) -> None:
    log.append(StreamId("run-z"), 0, [plan(A, seeker="builtin")])
    log.append(StreamId("run-a"), 0, [plan(B)])
    listed = told("list")["runs"]
    assert [(run["id"], run["models"]) for run in listed] == [("run-z", []), ("run-a", ["openai:m"])]  # type: ignore[attr-defined]
    assert told()["id"] == "run-a"
    assert told(run="run-z")["id"] == "run-z"
    lines = printed("list").splitlines()
    assert lines[1].split()[-2:] == ["builtin", "0.0000"]
    assert lines[-1] == "2 shown. Next: python sim.py runs show run-a"


def test_json_keys_are_stable(log: SqlLog, told: Told) -> None:
    log.append(RUN, 0, [plan(A)])
    row = {"id", "planned_at", "outcome", "planned", "done", "failed", "missing", "models", "cost", "tokens"}
    assert set(told("list")["runs"][0]) == row  # type: ignore[index]
    assert set(told()) == row | {
        "begun", "reason", "request", "budget", "last_at", "seconds", "failures", "failed_attempts", "simulator", "repairs",
        "unusable", "costs", "total", "next",
    }  # fmt: skip
    assert set(told()["request"]) == {  # type: ignore[call-overload]
        "personas", "categories", "per_persona", "seed", "language", "offset", "limit", "models",
    }  # fmt: skip


def test_a_log_without_runs_says_how_to_begin(log: SqlLog, printed: Printed, told: Told) -> None:
    assert "No run yet. `python sim.py generate`" in printed("list")
    assert told("list") == {"runs": []}
    with pytest.raises(UnknownId, match="holds no run yet"):
        told()


def test_a_conversation_is_no_run(log: SqlLog, told: Told) -> None:
    log.append(A, 0, [*stories.conversation(1)])
    with pytest.raises(UsageError, match="is no run"):
        told(run=A)
