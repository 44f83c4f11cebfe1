"""Which streams belong to a run or a conversation. It reads plans and branches, and leaves what the events say to others."""

from __future__ import annotations

from collections.abc import Sequence

from agents import RunId, StreamId, UsageError
from store import Log, RunPlanned, StoredEvent, UnknownId


def meant(log: Log, stream: StreamId) -> list[tuple[StreamId, int]]:
    """The conversations that a stream stands for, and their branches, each with the last version that it shares with its parent."""
    if stream.startswith("run-"):
        found = dict.fromkeys(planned(log, stream).conversations, 0)
    elif stream.startswith(("c-", "b-")):
        found = {stream: next((info.fork_version for info in log.streams(stream) if info.id == stream), 0)}
    else:
        raise UsageError(f"{stream} is neither a run nor a conversation. `sim.py runs list` and `sim.py list` show them.")
    for info in log.streams("b-"):  # the oldest first: a parent comes before its branches
        if info.parent in found:
            found.setdefault(info.id, info.fork_version)
    return list(found.items())


def own(log: Log, stream: StreamId, shared: int = 0) -> Sequence[StoredEvent]:
    """A stream's own events; none where it has not begun."""
    try:
        return log.read(stream, shared)
    except UnknownId:
        return []


def planned(log: Log, run: StreamId) -> RunPlanned:
    """The plan of a run."""
    [first] = log.read(run, 0, 1)
    if not isinstance(first.event, RunPlanned):
        raise UsageError(f"{run} is no run. `sim.py runs list` shows them.")
    return first.event


def runs_of(log: Log) -> dict[StreamId, str]:
    """The run that each conversation and branch belongs to."""
    runs = {stream: str(info.id) for info in log.streams("run-") for stream in planned(log, info.id).conversations}
    for info in log.streams("b-"):
        if info.parent in runs:
            runs[info.id] = runs[info.parent]
    return runs


def find_run(log: Log, wanted: str) -> RunId:
    """The run that an id, a unique beginning or `last` means."""
    if wanted == "last":
        if not (known := log.streams("run-")):
            raise UnknownId("This log holds no run yet. `python sim.py generate` plans and plays one.")
        return RunId(known[-1].id)
    run = log.resolve(wanted)
    planned(log, run)
    return RunId(run)
