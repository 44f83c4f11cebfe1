"""Looking at conversations: rows, filters, families, transcripts; nothing that is said drives the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import DialogueAct, StreamId, Terminal, UsageError, VariantId
from replay import Transcript, View, closing, family, find, lines, load, meter, root_of, walk
from replay.commands import describe, override_in_words, shared_turns
from replay.summaries import Wanted, as_json, conversations, one_of, rows
from store import (
    BranchOpened,
    ConversationEnded,
    ReactionForeseen,
    RiskFlagged,
    SeekerSpoke,
    SqlLog,
    StoreSettings,
    VariantChosen,
    open_log,
)
from tests import stories
from tests.stories import calm

ROOT, BRANCH, TWIG = StreamId("c-root"), StreamId("b-one"), StreamId("b-two")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqlLog]:
    """A root of three turns that is over, a branch at turn 2, and a branch of that at turn 3."""
    with open_log(StoreSettings(log=str(tmp_path / "vigil.db")), create=True) as opened:
        opened.append(ROOT, 0, [*stories.conversation(3), ConversationEnded(outcome="turn_limit", turns=3)])
        said = BranchOpened(parent=ROOT, version=5, reason="why not", overrides={"seeker_says": "Otherwise."})
        opened.open_branch(BRANCH, ROOT, 5, [said, *stories.turn(2, "Otherwise.")])
        luck = BranchOpened(parent=BRANCH, version=10, reason="again", overrides={"luck": 2})
        opened.open_branch(TWIG, BRANCH, 10, [luck, *stories.turn(3, "And so on.")])
        yield opened


def printed(print_it: object, *, view: View | None = None) -> str:
    out = io.StringIO()
    print_it(Transcript(Terminal(out=out, colour=False), view))  # type: ignore[operator]
    return out.getvalue()


def test_rows_come_newest_first_and_through_the_filters(log: SqlLog) -> None:
    assert [row.id for row in rows(log, Wanted())] == [TWIG, BRANCH, ROOT]
    assert [row.id for row in rows(log, Wanted(roots=True))] == [ROOT]
    assert [row.id for row in rows(log, Wanted(outcome="open"))] == [TWIG, BRANCH]
    assert [row.id for row in rows(log, Wanted(persona="ilse", category="Grief and Loss", risk="none"))] == [TWIG, BRANCH, ROOT]
    assert list(rows(log, Wanted(persona="nobody"))) == []


def test_a_row_says_how_it_went(log: SqlLog) -> None:
    row = next(rows(log, Wanted(outcome="turn_limit")))
    assert (row.turns, row.distress_first, row.distress_last, row.flagged, row.parent) == (3, 60, 60, 0, None)


def test_runs_are_no_conversations(log: SqlLog) -> None:
    log.append(StreamId("run-1"), 0, [stories.started()])
    assert {info.id for info in conversations(log)} == {ROOT, BRANCH, TWIG}
    with pytest.raises(UsageError, match="is no conversation"):
        find(log, "run-1")


def test_a_family_is_found_from_any_of_its_lives(log: SqlLog) -> None:
    for life in (ROOT, BRANCH, TWIG):
        assert root_of(log, life) == ROOT
    tree = [(depth, life.id, life.forked.turn if life.forked else None) for depth, life in walk(family(log, ROOT))]
    assert tree == [(0, ROOT, None), (1, BRANCH, 2), (2, TWIG, 3)]


def test_a_life_is_described_by_its_fork_and_its_end(log: SqlLog) -> None:
    root, branch, _ = (life for _, life in walk(family(log, ROOT)))
    assert describe(root) == "turn limit, 3 turns, distress 60 → 60"
    assert describe(branch) == "at 2: Seeker says “Otherwise.”; open, 2 turns, distress 60 → 60"


def test_overrides_are_said_in_words() -> None:
    assert override_in_words({"settings": {"chooser": "care:0.2"}, "luck": 3}) == "chooser = care:0.2, luck 3"
    assert override_in_words({}) == "the same again"


def test_lives_share_turns_until_a_word_differs(log: SqlLog) -> None:
    assert shared_turns(load(log, ROOT), load(log, BRANCH)) == 1
    assert shared_turns(load(log, BRANCH), load(log, TWIG)) == 2
    assert shared_turns(load(log, ROOT), load(log, ROOT)) == 3


def test_utterances_become_lines(log: SqlLog) -> None:
    assert [line["speaker"] for line in lines(ROOT, load(log, ROOT))] == ["seeker", "supporter"] * 3


def test_a_whole_conversation_becomes_json(log: SqlLog) -> None:
    told = as_json(TWIG, load(log, TWIG))
    assert [branch["turn"] for branch in told["branches"]] == [2, 3]  # type: ignore[attr-defined]
    assert told["turns"][0]["variants"][0]["judged"][0]["judge"] == "verifier@1"  # type: ignore[index]


def exchange(log: SqlLog, message: str = "The kettle.") -> object:
    conversation = load(log, ROOT)
    one = conversation.exchanges[0]
    one.spoken = SeekerSpoke(turn=1, message=message, private_thought="Say it.", act=DialogueAct.DISCLOSE, affect=calm(70))
    one.flagged = RiskFlagged(turn=1, level="high", words=("not there",))  # type: ignore[arg-type]
    one.foreseen[VariantId("1a")] = ReactionForeseen(turn=1, variant=VariantId("1a"), message="Yes.", act=DialogueAct.OPEN, affect=calm(64))
    return one


def test_a_turn_shows_words_meter_scores_and_flags(log: SqlLog) -> None:
    out = printed(lambda transcript: transcript.turn(exchange(log), calm(60)), view=View(variants=True, thoughts=True))
    assert "distress ███████░░░  70↑" in out
    assert "(Say it.)" in out
    assert "! high risk: “not there”" in out
    assert "-6 distress" in out
    assert "You have not moved it." in out


def test_thoughts_and_variants_are_shown_only_on_request(log: SqlLog) -> None:
    out = printed(lambda transcript: transcript.turn(exchange(log)), view=View(variants=False, thoughts=False))
    assert "Say it." not in out


def test_nothing_that_is_said_can_drive_the_terminal(log: SqlLog) -> None:
    out = printed(lambda transcript: transcript.turn(exchange(log, "\x1b[2J\x07red\u202e")))
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out


def test_who_chose_is_said_where_it_was_not_the_best(log: SqlLog) -> None:
    one = load(log, ROOT).exchanges[0]
    one.chosen = VariantChosen(turn=1, variant=VariantId("1a"), chooser="human")
    assert "chosen by human" in printed(lambda transcript: transcript.supporter(one))


def test_a_closing_says_how_it_ended_and_what_moved(log: SqlLog) -> None:
    assert closing(load(log, ROOT)) == "It reached its turn limit after 3 turns. Distress 60 → 60, trust 40 → 40, hope 30 → 30."
    assert closing(load(log, BRANCH)).startswith("It is not over after 2 turns.")


def test_a_meter_shows_levels_and_directions() -> None:
    assert meter(calm(60)) == "distress ██████░░░░  60  trust ████░░░░░░  40 "
    assert "60↓" in meter(calm(60), calm(70))


def test_an_unknown_word_suggests_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"--risk 'flaged' is not known\. Did you mean 'flagged'"):
        one_of("--risk", "flaged", ("flagged", "none"))
