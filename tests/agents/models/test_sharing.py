"""Answers that runs share, and whose they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from agents.models.budget import Budget, LocalPurse
from agents.models.calls import Call, request_key
from agents.snapshot import Voice
from tests.agents.models.fake_models import FakeLedger, FakeModel, FakeShelf, a_call, a_switchboard
from tests.agents.models.timeless import run

LIFE = "c-1"


def asked_once(model: FakeModel, call: Call | None = None, *, ledger: FakeLedger | None = None, **changed: Any) -> Any:
    async def main() -> Any:
        return await a_switchboard(model, **changed).caller(ledger or FakeLedger(), LIFE).ask(call or a_call())

    return run(main())


def test_what_another_run_kept_is_written_down_as_kept_and_free() -> None:
    shelf, first, second, model = FakeShelf(), FakeLedger(), FakeLedger(), FakeModel()
    paid = asked_once(model, ledger=first, shelf=shelf)
    purse = LocalPurse(Budget())
    free = asked_once(model, ledger=second, shelf=shelf, purse=purse)
    assert paid.cost > 0
    assert (free.text, free.cost, free.kept) == (paid.text, 0.0, True)
    assert [reply for _, reply in second.replies] == [free]
    assert len(model.asked) == 1
    assert purse.spent() == (0.0, 0)


def test_an_answer_of_another_server_is_not_the_same() -> None:
    shelf, key = FakeShelf(), request_key(LIFE, a_call())
    at = [Voice(model="openai:m", base_url=url) for url in (None, "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1")]
    ledgers = [FakeLedger() for _ in at]
    for voice, ledger in zip(at, ledgers, strict=True):
        asked_once(FakeModel(), a_call(voice=voice), shelf=shelf, ledger=ledger)
    assert [reply.kept for ledger in ledgers for _, reply in ledger.replies] == [False] * 3
    assert {written for ledger in ledgers for written, _ in ledger.replies} == {key}
    assert asked_once(FakeModel(), a_call(voice=at[1]), shelf=shelf).kept


def test_an_answer_of_a_checkpoint_that_has_changed_since_is_not_the_same(tmp_path: Path) -> None:
    shelf, weights = FakeShelf(), tmp_path / "model.safetensors"
    call = a_call(voice=Voice(model=f"local:{tmp_path}"))
    (tmp_path / "config.json").write_text("{}")
    weights.write_text("first")
    kept = [asked_once(FakeModel(), call, shelf=shelf).kept for _ in range(2)]
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 1))
    assert [*kept, asked_once(FakeModel(), call, shelf=shelf).kept] == [False, True, False]


def test_an_answer_is_shared_as_one_of_the_checkpoint_that_was_loaded(tmp_path: Path) -> None:
    async def main() -> None:
        shelf, weights, call = FakeShelf(), tmp_path / "model.safetensors", a_call(voice=Voice(model=f"local:{tmp_path}"))
        weights.write_text("first")
        board = a_switchboard(FakeModel(), shelf=shelf)
        await board.caller(FakeLedger(), "c-1").ask(call)
        os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 1))
        assert (await board.caller(FakeLedger(), "c-1").ask(call)).kept

    run(main())


def test_siblings_never_share_an_answer() -> None:
    async def main() -> None:
        model, shelf = FakeModel(), FakeShelf()
        board = a_switchboard(model, shelf=shelf)
        for lineage, call in (("c-1", a_call()), ("b-1", a_call()), ("c-1", a_call(sample=1))):
            await board.caller(FakeLedger(), lineage).ask(call)
        assert len(model.asked) == len(shelf.kept) == 3

    run(main())
