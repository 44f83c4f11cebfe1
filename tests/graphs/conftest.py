"""A log for sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import SqlLog, StoreSettings, open_log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqlLog]:
    """A new SQLite log."""
    with open_log(StoreSettings(log=str(tmp_path / "vigil.db"), durability="normal"), create=True) as opened:
        yield opened
