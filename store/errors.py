"""Everything that the log refuses or cannot do, each with the fix in its message."""

from __future__ import annotations

from agents import UsageError, VigilError


class StoreError(VigilError):
    """The branch of errors that the log raises.

    StoreError
    ├── LogUnavailable              the log cannot be reached or written: path, lock, disk, server
    │   ├── LogNotFound             nothing is there
    │   ├── LogBusy                 somebody else holds it for too long
    │   └── LogReadOnly             it can be read but not written
    ├── NotAVigilLog                something else is there
    ├── NewerLog                    written by a newer Vigil
    ├── DamagedLog                  its bytes are not what was written
    ├── VersionConflict             somebody wrote to the stream first
    ├── EventIdReused               a known event id with other content
    ├── StreamExists                a branch id that is taken
    ├── EventRefused                an event that must not get in, with the field named
    │   ├── UnknownEventType
    │   └── NewerEventVersion
    ├── CheckpointMoved             another projector was faster
    └── TransferRefused             an export file that is cut, changed, or contradicts the log
    UsageError
    ├── BadLogUrl                   neither a path nor a URL that Vigil knows
    └── UnknownId                   no stream, or several, with this id
    """


class LogUnavailable(StoreError):
    """The log cannot be reached or written right now; nothing half-written is left."""


class LogNotFound(LogUnavailable):
    """There is nothing at the place where the log should be."""


class LogBusy(LogUnavailable):
    """Another connection held the log for longer than the time-out."""


class LogReadOnly(LogUnavailable):
    """The log, or its folder, may not be written by this user."""


class NotAVigilLog(StoreError):
    """The file or database holds something else."""


class NewerLog(StoreError):
    """The log has a format that this code does not know yet."""


class DamagedLog(StoreError):
    """The log was changed or cut outside Vigil."""


class VersionConflict(StoreError):
    """A stream was not at the version that the writer expected."""

    def __init__(self, stream: str, actual: int, expected: int) -> None:
        super().__init__(
            f"{stream} is at version {actual}, but this write expected {expected}. Somebody wrote first. Read it again and retry."
        )
        self.stream, self.actual, self.expected = stream, actual, expected


class EventIdReused(StoreError):
    """An event id stands in the log already, with other content or in another place."""


class StreamExists(StoreError):
    """A branch would take the id of a stream that exists."""


class EventRefused(StoreError):
    """An event is not fit to be kept forever."""


class UnknownEventType(EventRefused):
    """No event of this type is in the vocabulary."""


class NewerEventVersion(EventRefused):
    """The event was written by a newer vocabulary."""


class CheckpointMoved(StoreError):
    """A projection is no longer where this projector left it."""


class TransferRefused(StoreError):
    """Lines of an export cannot be taken in; nothing of them was."""


class BadLogUrl(UsageError):
    """The place of the log cannot be understood."""


class UnknownId(UsageError):
    """An id or prefix does not name exactly one stream."""
