"""Answers that runs share: a log of its own, one stream for each key. An answer on it is one life's own, so siblings never share one."""

from __future__ import annotations

from agents import Call, Reply, StreamId
from graphs.record import Record, answers_in
from store import Log, UnknownId, VersionConflict


class LogShelf:
    """The cross-run cache."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def get(self, key: str) -> Reply | None:
        """The answer to a key, if anybody put one here."""
        try:
            stored = self._log.read(_stream(key))
        except UnknownId:
            return None
        return answers_in(one.event for one in stored).replies.get(key)

    def put(self, key: str, call: Call, reply: Reply) -> None:
        """Keeps an answer; where somebody else was first, theirs stays."""
        try:
            Record(self._log, _stream(key), 0).replied(call, key, reply)
        except VersionConflict:
            return


def _stream(key: str) -> StreamId:
    return StreamId(f"a-{key}")
