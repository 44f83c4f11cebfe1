"""What all sessions of a process share."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.models.budget import Budget, LocalPurse
from agents.models.caller import Halted
from agents.models.calls import CallFailed
from agents.models.limits import Limit
from agents.models.switchboard import Switchboard
from agents.snapshot import Decoding, Voice
from agents.values import Role
from tests.agents.models.fake_models import FakeLedger, FakeModel, a_call, a_reply, a_switchboard, outcomes
from tests.agents.models.timeless import now, run


def made_for(*voices: Voice) -> int:
    """How many clients these voices need."""

    async def main() -> int:
        made = []

        def make(voice: Voice) -> FakeModel:
            made.append(voice)
            return FakeModel()

        board = Switchboard(make, price=lambda name: None, purse=LocalPurse(Budget()))
        for number, voice in enumerate(voices):
            await board.caller(FakeLedger(), f"c-{number}").ask(a_call(voice=voice))
        return len(made)

    return run(main())


def test_one_client_serves_all_voices_of_a_model_whatever_else_they_differ_in() -> None:
    base = Voice(model="openai:m")
    others: list[dict[str, Any]] = [
        {"decoding": Decoding(temperature=1.0), "by_care": {"0.2": Decoding(temperature=0.1)}},
        {"timeout_s": 5.0, "context": 4096, "seeded": False},
        {"stream": True, "structured": "json_object", "extra": {"top_k": 5}},
    ]
    assert made_for(base, *(base.model_copy(update=other) for other in others)) == 1


def test_another_model_or_another_place_has_another_client() -> None:
    elsewhere = Voice(model="openai:m", base_url="http://127.0.0.1:1/v1")
    assert made_for(Voice(model="openai:m"), Voice(model="openai:n"), elsewhere, Voice(model="local:m"), elsewhere) == 4


def test_all_sessions_share_the_limit_of_a_model_and_no_other_model_s() -> None:
    async def main() -> list[float]:
        model = FakeModel()
        board = a_switchboard(model, limits={"openai:slow": Limit(requests_per_minute=1)}, default_limit=Limit(requests_per_minute=2))
        names = ["openai:slow", "openai:slow", "openai:m", "openai:m", "openai:m", "openai:other"]
        voices = [Voice(model=name, timeout_s=number + 1) for number, name in enumerate(names)]
        await asyncio.gather(*(board.caller(FakeLedger(), f"c-{n}").ask(a_call(voice=voice)) for n, voice in enumerate(voices)))
        return model.times

    assert run(main()) == pytest.approx([0, 0, 0, 0, 60, 60], abs=0.01)


def test_no_more_calls_of_a_role_are_under_way_than_allowed() -> None:
    async def main() -> tuple[int, float]:
        model, began = FakeModel(takes_s=1), now()
        board = a_switchboard(model, per_role={Role.JUDGE: 2})
        roles = [Role.JUDGE] * 6 + [Role.SEEKER] * 6
        await asyncio.gather(*(board.caller(FakeLedger(), f"c-{n}").ask(a_call(role=role)) for n, role in enumerate(roles)))
        return model.most_at_once, now() - began

    assert run(main()) == (8, pytest.approx(3))


def test_no_more_calls_of_a_model_are_under_way_than_allowed() -> None:
    async def main() -> tuple[int, float]:
        model, began = FakeModel(takes_s=1), now()
        board = a_switchboard(model, default_limit=Limit(at_once=3))
        await asyncio.gather(*(board.caller(FakeLedger(), f"c-{n}").ask(a_call()) for n in range(9)))
        return model.most_at_once, now() - began

    assert run(main()) == (3, pytest.approx(3))


def test_a_call_that_waits_for_another_attempt_leaves_its_place_to_others() -> None:
    async def main() -> list[str]:
        model = FakeModel(CallFailed("server", "Broken."), a_reply())
        board = a_switchboard(model, default_limit=Limit(at_once=1), per_role={Role.SEEKER: 1})
        order = []

        async def one(name: str) -> None:
            await board.caller(FakeLedger(), name).ask(a_call())
            order.append(name)

        await asyncio.gather(one("c-1"), one("c-2"))
        return order

    assert run(main()) == ["c-2", "c-1"]


def test_all_sessions_share_one_purse() -> None:
    async def main() -> list[Any]:
        board = a_switchboard(FakeModel(takes_s=1), purse=LocalPurse(Budget(max_tokens=100)))
        return await outcomes(board.caller(FakeLedger(), f"c-{n}").ask(a_call()) for n in range(5))

    assert sum(isinstance(one, Halted) for one in run(main())) == 3


def test_closing_closes_every_client_even_if_one_fails_at_it() -> None:
    class Stubborn(FakeModel):
        async def close(self) -> None:
            self.closed += 1
            raise OSError("the connection is gone already")

    async def main() -> None:
        models = [FakeModel(), Stubborn(), FakeModel()]
        waiting = iter(models)
        board = Switchboard(lambda voice: next(waiting), price=lambda name: None, purse=LocalPurse(Budget()))
        for number in range(3):
            await board.caller(FakeLedger(), "c-1").ask(a_call(voice=Voice(model=f"openai:{number}")))
        with pytest.raises(OSError, match="gone already"):
            await board.close()
        await board.close()
        assert [model.closed for model in models] == [1, 1, 1]

    run(main())


def test_each_loop_has_a_switchboard_of_its_own() -> None:
    async def main() -> int:
        model = FakeModel(takes_s=0.01)
        board = a_switchboard(model, default_limit=Limit(requests_per_minute=100, at_once=1), per_role={Role.SEEKER: 1})
        await asyncio.gather(*(board.caller(FakeLedger(), f"c-{n}").ask(a_call()) for n in range(3)))
        await board.close()
        return len(model.asked)

    assert [asyncio.run(main()), asyncio.run(main())] == [3, 3]
