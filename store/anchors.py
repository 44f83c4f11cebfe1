"""Anchors outside the database: one JSON line each, in a file that the log cannot take with it when it loses its end."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from store.errors import TransferRefused
from store.log import SqlLog
from store.records import Anchor


def write_anchor(anchor: Anchor, path: Path) -> None:
    """Adds an anchor to a file."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(anchor)) + "\n")
    except OSError as error:
        raise TransferRefused(f"{path} cannot be written: {error.strerror}. Name another file with `--to`.") from None


def read_anchors(path: Path) -> list[Anchor]:
    """All anchors of a file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TransferRefused(f"{path} cannot be read as anchors: {error}.") from None
    anchors = []
    for number, line in enumerate(lines, 1):
        try:
            anchors.append(_checked(Anchor(**json.loads(line))))
        except (ValueError, TypeError) as error:
            raise TransferRefused(
                f"{path}, line {number} is not an anchor: {error}. Each line is what `sim.py log anchor` wrote."
            ) from None
    return anchors


def parse_anchor(text: str) -> Anchor:
    """An anchor in its short form, `position:chain`."""
    position, _, chain = text.partition(":")
    try:
        return _checked(Anchor("", int(position), chain))
    except ValueError:
        raise TransferRefused(
            f"{text!r} is neither a file nor an anchor. An anchor looks like 1200:9f86d0…, as `sim.py log anchor` prints it."
        ) from None


def _checked(anchor: Anchor) -> Anchor:
    if not isinstance(anchor.position, int) or anchor.position < 0 or len(bytes.fromhex(anchor.chain)) != 32:
        raise ValueError("position or chain is not one")
    return anchor


def anchors_beside(log: SqlLog) -> Path | None:
    """Where the anchors of a log in a file are kept unless somebody names a better place."""
    from store.sqlite import SqliteDatabase

    database = log.database
    return database.path.with_name(database.path.name + ".anchors.jsonl") if isinstance(database, SqliteDatabase) else None
