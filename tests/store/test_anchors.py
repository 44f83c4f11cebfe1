"""Anchors: kept in a file outside the database, or written down by a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import Anchor, SqlLog, TransferRefused, anchors_beside, parse_anchor, read_anchors, verify, write_anchor
from tests.store.given import C, said


@pytest.mark.parametrize("text", ["", "7", "x:y", "7:", "7:abc", f"-1:{'ab' * 32}", f"7:{'ab' * 31}", f"7:{'zz' * 32}", "somefile.jsonl"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(TransferRefused, match=r"is neither a file nor an anchor\. An anchor looks like 1200:"):
        parse_anchor(text)


def test_anchors_are_kept_one_a_line_beside_the_log(sqlite_log: SqlLog, tmp_path: Path) -> None:
    beside = anchors_beside(sqlite_log)
    assert beside == tmp_path / "vigil.db.anchors.jsonl"
    anchors = [sqlite_log.anchor()]
    sqlite_log.append(C, 0, said("a"))
    anchors.append(sqlite_log.anchor())
    for anchor in anchors:
        write_anchor(anchor, beside)
    assert read_anchors(beside) == anchors
    assert verify(sqlite_log, read_anchors(beside)).clean


@pytest.mark.parametrize(
    "line", ["{}", "[]", "garbage", '{"log_id":"x","position":"1","chain":"ab"}', '{"log_id":"x","position":1,"chain":7}']
)
def test_a_line_that_is_no_anchor_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "anchors.jsonl"
    write_anchor(Anchor("log-1", 0, "00" * 32), file)
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(TransferRefused, match=r"anchors\.jsonl, line 2 is not an anchor"):
        read_anchors(file)


def test_anchors_that_cannot_be_read_or_written_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TransferRefused, match="cannot be read as anchors"):
        read_anchors(tmp_path / "none.jsonl")
    with pytest.raises(TransferRefused, match=r"cannot be written: .*Name another file with `--to`"):
        write_anchor(Anchor("log-1", 0, "00" * 32), tmp_path / "no" / "folder.jsonl")
