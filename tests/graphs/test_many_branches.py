"""Branches at every turn of many sessions: what came before is shared to the byte, and the parent never changes."""

from __future__ import annotations

import pytest

from store import BranchOpened, SqlLog, verify
from tests.agents.given import guest
from tests.graphs.given import conversation, opened, played

_SESSIONS = 20
_KINDS = ("Burnout", "Grief and Loss", "Sleep Problems", "Identity Crises", "Health Problems")


@pytest.mark.slow
def test_a_branch_at_every_turn_of_twenty_sessions_shares_its_prefix_and_leaves_its_parent(log: SqlLog) -> None:
    for seed in range(_SESSIONS):
        parent = played(log, seed, guest(seed, _KINDS[seed % len(_KINDS)], age=45))
        before, head = log.read(parent), log.head(parent)
        for exchange in conversation(log, parent).exchanges:
            assert exchange.chosen is not None
            turn = exchange.spoken.turn
            variant = next(name for name in exchange.variants if name != exchange.chosen.variant)
            for override in ({"choose": str(variant)}, {"seeker_says": "Something else, then."}):
                position, _ = opened(log, parent, turn, **override)
                mine = log.read(position.stream)
                fork = next(i for i, stored in enumerate(mine) if isinstance(stored.event, BranchOpened))
                assert mine[:fork] == before[:fork]
                assert fork >= 1
        assert log.read(parent) == before
        assert log.head(parent) == head
    assert verify(log).problems == []
