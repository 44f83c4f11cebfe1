"""What the tests of the store share besides the logs themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store import SqlLog
from tests.store.raw import Raw, by_hand


@pytest.fixture
def raw(log: SqlLog, place: str) -> Iterator[Raw]:
    """A second way into `log`, past everything but the database."""
    with by_hand(place) as connection:
        yield connection
