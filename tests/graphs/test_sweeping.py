"""What each reply was worth, played out."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence

import pytest

from agents import Ids, StreamId
from graphs.branching import Override, fork, open_branch
from graphs.session import Stage
from graphs.sweeping import Worth, sweep
from store import SqlLog
from tests.graphs.given import at, conversation, finish, opened, played


def swept(log: SqlLog, stream: StreamId, turns: Sequence[int], samples: int = 1) -> list[Worth]:
    return asyncio.run(sweep(Stage(log), stream, turns, samples, ids=Ids(), tell=lambda done: None))


@pytest.fixture
def session(log: SqlLog) -> StreamId:
    return played(log, 4, turn_limit=7)


def test_every_reply_that_was_not_given_is_played_to_the_end(log: SqlLog, session: StreamId) -> None:
    worths = swept(log, session, range(1, 8))
    assert [worth.turn for worth in worths] == list(range(1, 8))
    for worth in worths:
        assert len(worth.replies) == 3
        for reply in worth.replies:
            assert len(reply.branches) == (0 if reply.chosen else 1)
            for branch in reply.branches:
                life = conversation(log, branch)
                assert life.ended is not None
                exchange = life.exchanges[worth.turn - 1]
                assert exchange.chosen is not None
                assert exchange.chosen.variant == reply.variant
                assert life.distress() == (life.exchanges[0].spoken.affect.distress, reply.lives[0].end)
                felt = [one.affect.distress for e in life.exchanges[worth.turn - 1 :] if (one := e.reaction())]
                assert reply.lives[0].rest == pytest.approx(statistics.fmean(felt))


def test_worth_is_how_much_less_distress_is_left_than_on_the_mean_of_the_turn(log: SqlLog, session: StreamId) -> None:
    for worth in swept(log, session, [2, 5]):
        mean = statistics.fmean(reply.distress for reply in worth.replies)
        assert sum(reply.worth for reply in worth.replies) == pytest.approx(0)
        for reply in worth.replies:
            assert reply.worth == pytest.approx(mean - reply.distress)
        assert worth.best().distress == min(reply.distress for reply in worth.replies)


def test_what_was_played_already_is_not_played_again(log: SqlLog, session: StreamId) -> None:
    first = swept(log, session, [3])
    streams = log.streams()
    assert swept(log, session, [3]) == first
    assert log.streams() == streams


def test_more_samples_are_other_luck_and_have_a_spread(log: SqlLog, session: StreamId) -> None:
    [worth] = swept(log, session, [2], samples=3)
    for reply in worth.replies:
        assert len(reply.lives) == 3
        rests = [life.rest for life in reply.lives]
        assert reply.spread == max(rests) - min(rests)
    assert any(reply.spread > 0 for reply in worth.replies)


def test_a_life_of_a_sweep_that_was_stopped_is_gone_on_with(log: SqlLog, session: StreamId) -> None:
    chosen = conversation(log, session).exchanges[2].chosen
    assert chosen is not None
    variant = next(name for name in ("cool", "even", "warm") if name != chosen.variant)
    override = Override(choose=variant)
    branch = StreamId(Ids().branch())
    open_branch(log, session, branch, fork(log.read(session), 3, override), override, reason="sweep")
    assert conversation(log, branch).ended is None
    [worth] = swept(log, session, [3])
    assert branch in {one for reply in worth.replies for one in reply.branches}
    assert conversation(log, branch).ended is not None


def test_other_branches_are_left_alone(log: SqlLog, session: StreamId) -> None:
    position, _ = opened(log, session, 3, luck=4)
    finish(log, at(log, position.stream))
    before = log.head(position.stream)
    swept(log, session, [3])
    assert log.head(position.stream) == before
