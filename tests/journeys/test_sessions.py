"""Sessions from the command line, as a person would go about it: run, look, replay, branch, compare, sweep, resume."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.journeys.test_front_door import Sim, said, sim

__all__ = ["sim"]
_ID = re.compile(r"\b[cb]-[0-9a-z]{12}\b")


@pytest.fixture
def session(sim: Sim) -> str:
    """A session of eight turns."""
    return str(said(sim("run", "--turns", "8", "--seed", "4", "--json"))["id"])


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_session_is_shown_live_with_variants_scores_meter_and_the_next_step(sim: Sim) -> None:
    out = ok(sim("run", "--turns", "3", "--thoughts"))
    assert "Everything here is simulated" in out
    assert out.count("Seeker  distress") == 3
    assert re.search(r"(cool|even|warm) 0\.\d\d [+-±]", out)
    assert re.search(r"Distress \d+ → \d+, trust", out)
    assert re.search(r"Saved c-\w+ \(3 turns", out)
    assert out.splitlines()[-1].startswith("Next: python sim.py branch c-")


def test_help_says_honestly_what_speaks(sim: Sim) -> None:
    words = " ".join(ok(sim("run", "--help")).split())
    assert "rule-driven simulator" in words
    assert "does not understand" in words


def test_who_comes_can_be_wished_for(sim: Sim) -> None:
    answer = said(sim("run", "--turns", "1", "--city", "Kabul", "--category", "burnout", "--age", "40", "--json"))
    shown = said(sim("show", "last", "--json"))
    assert answer["category"] == "Burnout"
    assert shown["persona"]["birth_context"]["city"] == "Kabul"  # type: ignore[index]


def test_somebody_of_the_plan_or_from_a_file_can_come(sim: Sim, tmp_path: Path) -> None:
    [planned] = said(sim("personas", "list", "--json", "--city", "Kabul", "--age", "50"))["personas"]  # type: ignore[misc]
    assert said(sim("run", "--turns", "1", "--persona", planned["id"], "--json"))["persona"] == planned["id"]
    ok(sim("personas", "export", "--city", "Kabul", "--age", "50", "--out", "people"))
    [file] = (tmp_path / "people").glob("*.json")
    assert said(sim("run", "--turns", "1", "--persona", str(file), "--json"))["persona"] == planned["id"]


def test_conversations_are_listed_and_filtered(sim: Sim, session: str) -> None:
    other = str(said(sim("run", "--turns", "2", "--category", "burnout", "--json"))["id"])
    rows = said(sim("list", "--json"))["conversations"]
    assert [row["id"] for row in rows] == [other, session]  # type: ignore[attr-defined,index]
    assert [row["id"] for row in said(sim("list", "--category", "burnout", "--json"))["conversations"]] == [other]  # type: ignore[attr-defined,index]
    assert said(sim("list", "--outcome", "open", "--json"))["conversations"] == []
    assert session in ok(sim("list", "--limit", "5"))
    name = rows[0]["name"].split()[0]  # type: ignore[index]
    assert other in ok(sim("list", "--persona", name))


def test_a_session_is_printed_as_lines_for_other_programs(sim: Sim, session: str) -> None:
    lines = [json.loads(line) for line in ok(sim("show", session, "--jsonl")).splitlines()]
    assert [line["speaker"] for line in lines[:4]] == ["seeker", "supporter"] * 2
    assert set(lines[0]) == {"conversation", "turn", "speaker", "text"}
    everything = ok(sim("show", "--all", "--jsonl")).splitlines()
    assert len(everything) == len(lines)


def test_a_replay_shows_the_same_words_and_proves_them(sim: Sim, session: str) -> None:
    shown = ok(sim("replay", session, "--until", "3"))
    lines = [json.loads(line)["text"] for line in ok(sim("show", session, "--jsonl")).splitlines()]
    assert " ".join(lines[4].split())[:30] in " ".join(shown.split())
    assert " ".join(lines[6].split())[:30] not in " ".join(shown.split())
    assert "byte for byte the same" in ok(sim("replay", session, "--verify"))
    assert said(sim("replay", session, "--verify", "--json"))["same"] is True
    assert "(" in ok(sim("replay", session, "--thoughts", "--variants"))


def test_a_replay_waits_between_turns_at_a_speed(sim: Sim, session: str) -> None:
    begun = time.perf_counter()
    ok(sim("replay", session, "--until", "2"))
    quick = time.perf_counter() - begun
    begun = time.perf_counter()
    ok(sim("replay", session, "--until", "2", "--speed", "4"))
    assert time.perf_counter() - begun > quick + 0.8


def test_branch_tree_diff_and_branches_of_branches(sim: Sim, session: str) -> None:
    first = said(sim("branch", session, "--at", "4", "--care-level", "0.2", "--json"))
    second = said(sim("branch", str(first["id"]), "--at", "6", "--say", "I'm staying. What was it like?", "--json"))
    tree = said(sim("tree", str(second["id"]), "--json"))
    assert tree["id"] == session
    [child] = tree["children"]  # type: ignore[misc]
    assert child["id"] == first["id"]
    assert child["children"][0]["overrides"] == {"say": "I'm staying. What was it like?"}
    drawn = ok(sim("tree", session))
    assert f"└─ {first['id']}  at 4: chooser = care:0.2" in drawn
    assert "3 lives; the calmest end is" in drawn
    compared = ok(sim("diff", session, str(second["id"])))
    assert "│" in compared
    assert "I'm staying. What was it like?" in compared
    shared = said(sim("diff", session, str(first["id"]), "--json"))["shared_turns"]
    assert shared in range(3, 8)
    assert said(sim("diff", session, session, "--json"))["shared_turns"] == 8


def test_every_way_to_branch_from_the_command_line(sim: Sim, session: str) -> None:
    for words in (
        ("--persona-edit", "hexaco.emotionality=80", "--persona-edit", "csi.directness=95"),
        ("--seeker-says", "It was my brother's coat."),
        ("--model", "supporter=builtin"),
        ("--turns", "10", "--luck", "3"),
        (),
    ):
        answer = said(sim("branch", session, "--at", "3", "--json", *words))
        assert answer["parent"] == session
        assert "byte for byte" in ok(sim("replay", str(answer["id"]), "--verify"))


def test_a_sweep_says_what_each_reply_was_worth(sim: Sim, session: str) -> None:
    answer = said(sim("sweep", session, "--at", "2-3", "--json"))
    assert [turn["turn"] for turn in answer["turns"]] == [2, 3]  # type: ignore[attr-defined]
    table = ok(sim("sweep", session, "--at", "2,3", "--samples", "2"))
    assert "worth" in table
    assert "▸" in table
    assert "In " in table


def test_a_person_chooses_at_the_keyboard_leaves_and_comes_back(sim: Sim) -> None:
    out = ok(sim("run", "--interactive", "--turns", "3", stdin="1\nI hear you. What happened?\n/quit\n"))
    assert "Left after 2 turns" in out
    stream = _ID.findall(out.splitlines()[-1])[0]
    assert out.splitlines()[-1] == f"Next: python sim.py resume {stream}"
    assert "It reached its turn limit after 3 turns" in ok(sim("resume", stream, stdin="9\n2\n"))
    assert "I hear you. What happened?" in ok(sim("show", stream))


def test_a_person_plays_the_seeker(sim: Sim) -> None:
    out = ok(sim("run", "--play", "seeker", "--turns", "2", stdin="My dog died and I still fill his bowl.\nOnly the neighbour knows.\n"))
    assert "Supporter" in out
    assert "after 2 turns" in out


def test_the_graph_is_drawn_as_text_and_as_a_picture(sim: Sim, tmp_path: Path) -> None:
    out = ok(sim("graph", "--png", "graph.png"))
    assert "seeker_speaks" in out
    assert "variant_is_chosen" in out
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


_WRONG: list[tuple[tuple[str, ...], str]] = [
    (("replay", "c-nothing"), "Nothing in this log is called"),
    (("show", "c-nothing"), "Nothing in this log is called"),
    (("branch", "last", "--at", "99"), "There is no turn 99"),
    (("branch", "last", "--at", "0"), "There is no turn 0"),
    (("branch", "last", "--at", "2", "--choose", "kind"), "Offered: cool, even, warm"),
    (("branch", "last", "--at", "2", "--persona-edit", "hexaco.emotionalty=80"), "Did you mean 'emotionality'"),
    (("branch", "last", "--at", "2", "--persona-edit", "hexaco"), "is not FIELD=VALUE"),
    (
        ("branch", "last", "--at", "2", "--persona-edit", "csi.directness=1", "--persona-edit", "csi.directness=2"),
        "names csi.directness twice",
    ),
    (("branch", "last", "--at", "2", "--say", "  "), "--say is empty"),
    (("branch", "last", "--at", "2", "--choose", "warm", "--say", "Yes."), "contradict"),
    (("branch", "last", "--at", "2", "--care-level", "3"), "between 0 and 1"),
    (("branch", "last", "--at", "2", "--model", "gpt-9"), "No model 'gpt-9'"),
    (("branch", "last", "--at", "2", "--model", "dog=builtin"), "no chair 'dog'"),
    (("sweep", "last", "--at", "2-"), "neither all, nor a turn"),
    (("sweep", "last", "--at", "77"), "There is no turn 77"),
    (("sweep", "last", "--samples", "0"), "--samples"),
    (("replay", "last", "--until", "44"), "There is no turn 44"),
    (("replay", "last", "--speed", "-1"), "cannot be negative"),
    (("run", "--turns", "0"), "plays nothing"),
    (("run", "--chooser", "bset"), "Did you mean 'best'"),
    (("run", "--chooser", "best", "--care-level", "0.2"), "--chooser and --care-level contradict"),
    (("run", "--interactive", "--play", "seeker"), "contradict"),
    (("run", "--care-level", "7"), "between 0 and 1"),
    (("run", "--foresee", "off", "--look-ahead", "3"), "contradict"),
    (("run", "--persona", "p-nobody"), "no persona 'p-nobody'"),
    (("run", "--persona", "p-nobody", "--city", "Kabul"), "--persona and --city contradict"),
    (("run", "--category", "sadness"), "no kind of crisis 'sadness'"),
    (("run", "--families", "--count", "3"), "leave --count"),
    (("list", "--outcome", "happy"), "Known: closed_by_seeker"),
    (("list", "--risk", "high"), "Known: flagged, none"),
    (("list", "--limit", "-1"), "cannot be negative"),
    (("show", "--all"), "give --jsonl"),
    (("diff", "last", "c-nothing"), "Nothing in this log is called"),
]


def test_bad_input_is_one_clear_line_and_writes_nothing(sim: Sim, session: str) -> None:
    before = said(sim("log", "info", "--json"))["anchor"]
    for words, expected in _WRONG:
        done = sim(*words)
        assert done.returncode == 2, (words, done.returncode, done.stdout, done.stderr)
        assert expected in done.stderr, (words, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "Traceback" not in done.stderr
    assert said(sim("log", "info", "--json"))["anchor"] == before


def test_an_empty_log_says_how_to_begin(sim: Sim) -> None:
    done = sim("replay")
    assert done.returncode != 0
    assert "sim.py run" in done.stderr
