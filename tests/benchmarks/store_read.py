"""How fast conversations are read, validated and folded, against the same tables through SQLModel objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlmodel import Session, col, create_engine, select

from agents import Affect, Ids, StreamId, VariantId
from store import VOCABULARY, Event, SeekerSpoke, SqlLog, StoreSettings, VariantChosen, VariantProposed, open_log
from store.tables import EventRow, StreamRow
from tests.benchmarks.content import PER_CONVERSATION, conversations
from tests.benchmarks.harness import Bench, Row, at_least, medians

_CONVERSATIONS = 1_000
_MODELS = {model.type: model for model in VOCABULARY}


def against_sqlmodel(bench: Bench) -> list[Row]:
    """Both end with the same fold of the same events."""
    path = bench.folder / "vigil.db"
    with open_log(StoreSettings(log=str(path), durability="normal"), create=True) as log:
        streams = fill(log, _CONVERSATIONS)
        with _sqlmodel(path, streams) as theirs, _vigil(log, streams) as ours:
            if ours() != theirs():
                raise RuntimeError("the log and the reference fold to different things")
        our_seconds, their_seconds = medians(lambda: _vigil(log, streams), lambda: _sqlmodel(path, streams))
    events = _CONVERSATIONS * PER_CONVERSATION
    return [
        Row(
            "read + validate + fold 1,000 conversations × 100 events",
            events / our_seconds,
            "events/s",
            "the same through SQLModel objects",
            events / their_seconds,
            (at_least(3.0), at_least(80_000, "events/s")),
        )
    ]


def fill(log: SqlLog, count: int) -> list[StreamId]:
    """Appends whole conversations, one transaction each, and returns their streams."""
    ids, said = Ids(), conversations()
    streams: list[StreamId] = []
    for number in range(count):
        streams.append(ids.conversation())
        log.append(streams[-1], 0, said[number % len(said)])
    return streams


class Told(NamedTuple):
    """What a conversation comes to: a small fold, and a real one."""

    turns: int = 0
    affect: Affect | None = None
    proposed: tuple[tuple[VariantId, int], ...] = ()
    """This turn's variants and how many words each has."""
    chosen: tuple[VariantId, ...] = ()
    words: int = 0


def _spoken(told: Told, event: SeekerSpoke) -> Told:
    return Told(event.turn, event.affect, (), told.chosen, told.words + _count(event.message))


def _proposed(told: Told, event: VariantProposed) -> Told:
    return told._replace(proposed=(*told.proposed, (event.variant, _count(event.message))))


def _chosen(told: Told, event: VariantChosen) -> Told:
    return told._replace(chosen=(*told.chosen, event.variant), words=told.words + dict(told.proposed)[event.variant])


_APPLY: dict[type[Event], Callable[[Told, Any], Told]] = {SeekerSpoke: _spoken, VariantProposed: _proposed, VariantChosen: _chosen}


def fold(events: Iterable[Event]) -> Told:
    """Where a conversation stands after these events."""
    told = Told()
    for event in events:
        if apply := _APPLY.get(type(event)):
            told = apply(told, event)
    return told


def _count(words: str) -> int:
    return words.count(" ") + 1


@contextmanager
def _vigil(log: SqlLog, streams: Sequence[StreamId]) -> Iterator[Callable[[], list[Told]]]:
    yield lambda: [fold(stored.event for stored in log.read(stream)) for stream in streams]


@contextmanager
def _sqlmodel(path: Path, streams: Sequence[StreamId]) -> Iterator[Callable[[], list[Told]]]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with Session(engine) as session:
            session.connection()
        yield lambda: [_folded_from_objects(Session(engine), stream) for stream in streams]
    finally:
        engine.dispose()


def _folded_from_objects(session: Session, stream: StreamId) -> Told:
    with session:
        rows = session.exec(
            select(EventRow)
            .join(StreamRow, col(StreamRow.id) == col(EventRow.stream))
            .where(StreamRow.name == stream)
            .order_by(col(EventRow.version))
        )
        return fold(_MODELS[row.type].model_validate_json(row.payload) for row in rows)
