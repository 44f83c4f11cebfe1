"""The stream of one conversation as its session writes it: turns whole, and each call of a model the moment it is answered.

It knows the log and the version that comes next. What is answered in the stream already is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agents import Call, CallFailed, Parameters, Reply, StreamId
from store import Event, Log, ModelFailed, ModelReplied, SeekerSpoke


@dataclass(frozen=True)
class Answers:
    """What models said in the past of a conversation."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    unusable: frozenset[str] = frozenset()
    """Keys of answers that were written down as of no use."""


def answers_in(events: Iterable[Event]) -> Answers:
    """The answers among these events; where a key was answered twice, the first counts."""
    replies: dict[str, Reply] = {}
    unusable: set[str] = set()
    for event in events:
        if isinstance(event, ModelReplied):
            replies.setdefault(event.request_key, _reply(event))
        elif isinstance(event, ModelFailed) and not event.asked:
            unusable.add(event.request_key)
    return Answers(replies, frozenset(unusable))


def _reply(event: ModelReplied) -> Reply:
    return Reply(
        text=event.text, prompt_tokens=event.prompt_tokens, completion_tokens=event.completion_tokens, latency_ms=event.latency_ms,
        cut=event.cut, counted=event.counted, cost=event.cost, attempt=event.attempt, kept=event.kept,
    )  # fmt: skip


class Record:
    """Writes one stream. Several calls may be under way at once, but only one task of one loop writes at a time."""

    def __init__(self, log: Log, stream: StreamId, version: int, answers: Answers | None = None, turns: int = 0) -> None:
        answers = answers or Answers()
        self._log, self.stream, self.version, self.turns = log, stream, version, turns
        self._replies, self._unusable = dict(answers.replies), set(answers.unusable)

    def append(self, events: Sequence[Event]) -> None:
        """Keeps all of these events, or none."""
        if events:
            self.version = self._log.append(self.stream, self.version, events).version
            self.turns += sum(isinstance(event, SeekerSpoke) for event in events)

    def answered(self, key: str) -> Reply | None:
        return self._replies.get(key)

    def replied(self, call: Call, key: str, reply: Reply) -> None:
        self.append(
            [
                ModelReplied(
                    purpose=call.purpose, role=call.role, turn=call.turn, variant=call.variant, request_key=key, model=call.voice.model,
                    parameters=_parameters(call), text=reply.text, prompt_tokens=reply.prompt_tokens,
                    completion_tokens=reply.completion_tokens, cost=reply.cost, latency_ms=round(reply.latency_ms, 1),
                    attempt=reply.attempt, cut=reply.cut, counted=reply.counted, kept=reply.kept,
                )
            ]
        )  # fmt: skip
        self._replies[key] = reply

    def failed(self, call: Call, key: str, failure: CallFailed, *, attempt: int, latency_ms: float, cost: float) -> None:
        self.append(
            [
                ModelFailed(
                    purpose=call.purpose, role=call.role, turn=call.turn, variant=call.variant, request_key=key, model=call.voice.model,
                    parameters=_parameters(call), failure=failure.kind, message=str(failure), prompt_tokens=failure.prompt_tokens,
                    completion_tokens=failure.completion_tokens, cost=cost, latency_ms=round(latency_ms, 1), attempt=attempt,
                )
            ]
        )  # fmt: skip

    def unusable(self, call: Call, key: str, failure: CallFailed) -> None:
        """An answer that is kept already could not be used; said once, however often the session is resumed."""
        if key in self._unusable:
            return
        self._unusable.add(key)
        self.append(
            [
                ModelFailed(
                    purpose=call.purpose, role=call.role, turn=call.turn, variant=call.variant, request_key=key, model=call.voice.model,
                    parameters=_parameters(call), failure=failure.kind, message=str(failure), latency_ms=0, attempt=1, asked=False,
                )
            ]
        )  # fmt: skip


def _parameters(call: Call) -> Parameters:
    """What decided the words, beside the messages."""
    given: Parameters = call.decoding.model_dump(exclude_none=True)
    if call.seed is not None and call.voice.seeded:
        given["seed"] = call.seed
    if call.voice.extra:
        given["extra"] = dict(call.voice.extra)
    if call.sample:
        given["sample"] = call.sample
    return given
