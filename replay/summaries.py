"""A conversation in one row, and which rows a person asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from agents import StreamId, UsageError, nearest
from replay.conversation import Conversation, fold
from store import ConversationEnded, Log, StreamInfo

OUTCOMES = ("closed_by_seeker", "turn_limit", "stopped_for_safety", "failed", "open")
RISKS = ("flagged", "none")


@dataclass(frozen=True)
class Summary:
    """What is worth knowing of a conversation at a glance."""

    id: StreamId
    parent: StreamId | None
    persona: str
    name: str
    city: str
    year: int
    category: str
    severity: str
    split: str
    turns: int
    outcome: str
    distress_first: float | None
    distress_last: float | None
    flagged: int
    """Turns in which danger was flagged."""
    started_at: int
    """Microseconds since 1970, UTC."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def summary(info: StreamInfo, conversation: Conversation) -> Summary | None:
    """The row of a conversation; nothing where it has no persona."""
    started, persona = conversation.started, conversation.persona
    if started is None or persona is None:
        return None
    distress = conversation.distress() or (None, None)
    return Summary(
        id=info.id,
        parent=info.parent,
        persona=persona.id,
        name=persona.name,
        city=persona.current_socio_demographics.location,
        year=persona.current_socio_demographics.year,
        category=started.crisis.category,
        severity=started.crisis.severity,
        split=started.split,
        turns=len(conversation.exchanges),
        outcome=outcome(conversation.ended),
        distress_first=distress[0],
        distress_last=distress[1],
        flagged=sum(exchange.flagged is not None for exchange in conversation.exchanges),
        started_at=info.started_at,
    )


def outcome(ended: ConversationEnded | None) -> str:
    """How a conversation ended; `open` while it has not."""
    return ended.outcome if ended else "open"


@dataclass(frozen=True)
class Wanted:
    """Which conversations; None lets all through."""

    persona: str | None = None
    """The beginning of a persona's id, or part of a name."""
    category: str | None = None
    risk: str | None = None
    outcome: str | None = None
    roots: bool = False

    def takes(self, row: Summary) -> bool:
        return (
            (self.persona is None or row.persona.startswith(self.persona) or self.persona.casefold() in row.name.casefold())
            and (self.category is None or self.category.casefold() == row.category.casefold())
            and (self.risk is None or (self.risk == "flagged") == (row.flagged > 0))
            and (self.outcome is None or self.outcome == row.outcome)
            and not (self.roots and row.parent)
        )


def one_of(flag: str, value: str | None, known: tuple[str, ...]) -> str | None:
    """The value, if it is known."""
    if value is None or value in known:
        return value
    raise UsageError(f"{flag} {value!r} is not known.{nearest(value, known)} Known: {', '.join(known)}.")


def conversations(log: Log) -> list[StreamInfo]:
    """All conversations and branches, newest first."""
    return [info for info in reversed(log.streams()) if info.id.startswith(("c-", "b-"))]


def rows(log: Log, wanted: Wanted) -> Iterator[Summary]:
    """The rows that were asked for, newest first."""
    for info in conversations(log):
        row = summary(info, load(log, info.id))
        if row is not None and wanted.takes(row):
            yield row


def load(log: Log, stream: StreamId) -> Conversation:
    """A conversation from the log."""
    return fold(stored.event for stored in log.read(stream))


def find(log: Log, wanted: str) -> StreamId:
    """The conversation that an id, a unique beginning or `last` means."""
    stream = log.resolve(wanted)
    if not stream.startswith(("c-", "b-")):
        raise UsageError(f"{stream} is no conversation. `sim.py list` shows them.")
    return stream


def as_json(stream: StreamId, conversation: Conversation) -> Mapping[str, object]:
    """A whole conversation as plain JSON."""
    started = conversation.started
    return {
        "id": stream,
        "persona": conversation.persona.model_dump(mode="json") if conversation.persona else None,
        "crisis": started.crisis.model_dump(mode="json") if started else None,
        "split": started.split if started else None,
        "settings": conversation.settings.model_dump(mode="json") if conversation.settings else None,
        "branches": [{"turn": forked.turn, **forked.opened.model_dump(mode="json")} for forked in conversation.branches],
        "outcome": outcome(conversation.ended),
        "turns": [
            {
                "turn": exchange.spoken.turn,
                "seeker": exchange.spoken.model_dump(mode="json", exclude={"turn"}),
                "risk": exchange.flagged.model_dump(mode="json", exclude={"turn"}) if exchange.flagged else None,
                "variants": [
                    {
                        **variant.model_dump(mode="json", exclude={"turn"}),
                        "foreseen": foreseen.model_dump(mode="json", exclude={"turn", "variant"})
                        if (foreseen := exchange.foreseen.get(variant.variant))
                        else None,
                        "judged": [
                            judged.model_dump(mode="json", exclude={"turn", "variant"})
                            for judged in exchange.judged
                            if judged.variant == variant.variant
                        ],
                    }
                    for variant in exchange.variants.values()
                ],
                "chosen": exchange.chosen.model_dump(mode="json", exclude={"turn"}) if exchange.chosen else None,
            }
            for exchange in conversation.exchanges
        ],
    }


def lines(stream: StreamId, conversation: Conversation) -> Iterator[dict[str, object]]:
    """What was said aloud, one utterance a line."""
    for exchange in conversation.exchanges:
        yield {"conversation": stream, "turn": exchange.spoken.turn, "speaker": "seeker", "text": exchange.spoken.message}
        if exchange.reply:
            yield {"conversation": stream, "turn": exchange.spoken.turn, "speaker": "supporter", "text": exchange.reply.message}
