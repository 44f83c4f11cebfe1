"""What writers were told is kept, written down outside the log, and held against the log afterwards."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agents import EventId, StreamId
from store import Anchor, Event, Head, SqlLog, StoredEvent, read_all, verify
from tests.stories import turn

EVENTS_OF_A_TURN = 4


def turn_of(writer: str, number: int) -> list[Event]:
    """The events of a writer's turn, the same each time they are asked for; every seventh is longer than a page."""
    length = 1500 if number % 7 == 0 else number * 37 % 150
    return turn(number, f"{writer} " + "still " * length)


def ids_of(writer: str, number: int) -> list[EventId]:
    """The event ids of a writer's turn, the same each time, so that a retry is known as one."""
    start = int.from_bytes(hashlib.sha256(f"{writer}/{number}".encode()).digest()[:15], "big") << 8
    return [EventId(f"{start + i:032x}") for i in range(EVENTS_OF_A_TURN)]


class Told(NamedTuple):
    """An append that returned."""

    stream: StreamId
    version: int
    writer: str
    number: int


_WHOLE = " ."


@dataclass(frozen=True)
class Ledger:
    """A file with a line per acknowledged turn. A writer that is killed may leave part of a line, so each has a mark at its end."""

    path: Path

    def acknowledge(self, head: Head, writer: str, number: int) -> None:
        self.note(f"{head.stream} {head.version} {writer} {number}")

    def note(self, line: str) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(file, f"\n{line}{_WHOLE}".encode())
        finally:
            os.close(file)

    def lines(self) -> list[str]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [line.removesuffix(_WHOLE) for line in lines if line.endswith(_WHOLE)]

    def told(self) -> list[Told]:
        found = (line.split() for line in self.lines())
        return [Told(StreamId(parts[0]), int(parts[1]), parts[2], int(parts[3])) for parts in found if len(parts) == 4]

    def last_number(self, writer: str) -> int:
        return max((told.number for told in self.told() if told.writer == writer), default=0)

    def hold_against(self, log: SqlLog, in_flight: int = 0, anchors: Iterable[Anchor] = ()) -> None:
        """Every acknowledged turn is there once and where its writer was told; of others at most `in_flight`, and none in part."""
        streams = whole_streams(log)
        all_told = self.told()
        for told in all_told:
            there = [stored.event_id for stored in streams[told.stream][told.version - EVENTS_OF_A_TURN : told.version]]
            assert there == ids_of(told.writer, told.number), f"{told} was acknowledged and is not there"
        turns = sum(len(events) for events in streams.values()) // EVENTS_OF_A_TURN
        assert 0 <= turns - len(all_told) <= in_flight, f"{turns} turns are there, {len(all_told)} were acknowledged"
        report = verify(log, anchors)
        assert report.clean, report.problems


def whole_streams(log: SqlLog) -> dict[StreamId, list[StoredEvent]]:
    """The events of each stream, once it is sure that positions and versions have no gap and every turn is whole."""
    stored = list(read_all(log))
    assert [event.position for event in stored] == list(range(1, len(stored) + 1))
    assert len({event.event_id for event in stored}) == len(stored)
    streams: dict[StreamId, list[StoredEvent]] = defaultdict(list)
    for event in stored:
        streams[event.stream].append(event)
    for events in streams.values():
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert_whole_turns(events)
    return streams


def assert_whole_turns(events: list[StoredEvent]) -> None:
    """The events are turns from the first to the last event of each."""
    assert len(events) % EVENTS_OF_A_TURN == 0, f"{len(events)} events are no whole turns"
    for start in range(0, len(events), EVENTS_OF_A_TURN):
        first = int(events[start].event_id, 16)
        assert [int(event.event_id, 16) for event in events[start : start + EVENTS_OF_A_TURN]] == [
            first + i for i in range(EVENTS_OF_A_TURN)
        ]
