"""Going on with a conversation, whatever it was in the middle of: from what its stream holds to its end."""

from __future__ import annotations

from agents import CallFailed, StreamId
from graphs.branching import follow
from graphs.position import Position, position_of
from graphs.record import answers_in
from graphs.session import Stage, session_at
from replay import fold


async def play_on(stream: StreamId, stage: Stage) -> Position:
    """Plays a conversation to its end. What its models have answered already is not asked again."""
    stored = stage.log.read(stream)
    position = position_of(stream, fold(one.event for one in stored))
    if position.ended:
        return position
    answers = answers_in(one.event for one in stored)
    try:
        position, _ = await follow(position, stage, answers)
    except CallFailed as failure:
        if not failure.lasts:
            raise
        return session_at(position, stage, answers).end_as_failed(position, failure)
    return await session_at(position, stage, answers).play(position)
