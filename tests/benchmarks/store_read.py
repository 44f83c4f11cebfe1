"""How fast conversations are read, validated and folded, against the same tables through SQLModel objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import Session, col, create_engine, select

from agents import Affect, Ids, StreamId
from replay import Conversation, fold
from store import VOCABULARY, SqlLog, StoreSettings, open_log
from store.tables import EventRow, StreamRow
from tests.benchmarks.content import PER_CONVERSATION, conversations
from tests.benchmarks.harness import Bench, Row, at_least, medians

Work = Callable[[], list[tuple[int, int, Affect | None]]]
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


def told(conversation: Conversation) -> tuple[int, int, Affect | None]:
    """What is kept of a folded conversation, so that a thousand of them do not fill the memory."""
    return conversation.version, len(conversation.exchanges), conversation.affect


@contextmanager
def _vigil(log: SqlLog, streams: Sequence[StreamId]) -> Iterator[Work]:
    yield lambda: [told(fold(stored.event for stored in log.read(stream))) for stream in streams]


@contextmanager
def _sqlmodel(path: Path, streams: Sequence[StreamId]) -> Iterator[Work]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with Session(engine) as session:
            session.connection()
        yield lambda: [_folded_from_objects(Session(engine), stream) for stream in streams]
    finally:
        engine.dispose()


def _folded_from_objects(session: Session, stream: StreamId) -> tuple[int, int, Affect | None]:
    with session:
        rows = session.exec(
            select(EventRow)
            .join(StreamRow, col(StreamRow.id) == col(EventRow.stream))
            .where(StreamRow.name == stream)
            .order_by(col(EventRow.version))
        )
        return told(fold(_MODELS[row.type].model_validate_json(row.payload) for row in rows))
