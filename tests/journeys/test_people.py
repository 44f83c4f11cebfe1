"""Meeting people from the command line: drawing, planning, filtering, exporting, importing, checking, counting."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.test_front_door import said, sim

__all__ = ["sim"]
Sim = Callable[..., subprocess.CompletedProcess[str]]


def test_a_drawn_persona_is_a_card_and_the_same_card_again(sim: Sim) -> None:
    words = ("personas", "draw", "--city", "Sarajevo", "--decade", "1960s", "--age", "47", "--category", "Sleep Problems")
    first, second = sim(*words), sim(*words)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    for word in ("Sarajevo", "Sleep Problems", ", 47", "An invented person."):
        assert word in first.stdout


def test_the_plan_says_how_balanced_it_is_and_becomes_a_table(sim: Sim, tmp_path: Path) -> None:
    plan = said(sim("personas", "plan", "--json", "--out", "plan.csv"))
    assert (plan["families"], plan["cells"]) == (69, 5589)
    assert plan["balance"]["categories_per_year"] <= 1.5  # type: ignore[index]
    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["summary"] for row in rows}) == 5589


def test_filters_narrow_the_list_and_offset_and_limit_page_it(sim: Sim) -> None:
    words = ("personas", "list", "--json", "--region", "Latin America", "--category", "Burnout", "--age", "30-60")
    everybody = said(sim(*words))["personas"]
    some = said(sim(*words, "--offset", "1", "--limit", "2"))["personas"]
    assert isinstance(everybody, list)
    assert len(everybody) > 3
    assert some == everybody[1:3]
    for persona in everybody:
        assert persona["crisis"]["category"] == "Burnout"
        assert 30 <= persona["crisis"]["age"] <= 60


def test_personas_travel_out_and_in_again_in_both_shapes(sim: Sim, tmp_path: Path) -> None:
    chosen = ("--city", "Lima", "--age", "30-33")
    assert said(sim("personas", "export", "--out", "ours", *chosen, "--json"))["written"] == 4
    assert said(sim("personas", "export", "--out", "ours", *chosen, "--skip-existing", "--json")) == {
        "folder": "ours",
        "written": 0,
        "skipped": 4,
    }
    assert sim("personas", "export", "--out", "theirs", *chosen, "--format", "kakoverse").returncode == 0
    assert said(sim("personas", "check", "ours", "--json"))["findings"] == []
    done = sim("personas", "import", "theirs", "--out", "back")
    assert done.returncode == 0, done.stderr
    for path in sorted((tmp_path / "ours").iterdir()):
        mine, back = json.loads(path.read_text())["persona"], json.loads((tmp_path / "back" / path.name).read_text())
        assert (mine["name"], mine["hexaco"], mine["presenting_problem"]) == (back["name"], back["hexaco"], back["presenting_problem"])
    name = next((tmp_path / "ours").iterdir())
    assert json.loads(name.read_text())["persona"]["name"] in sim("personas", "show", str(name)).stdout


def test_a_bad_file_gets_every_problem_at_once_and_hides_no_good_one(sim: Sim, tmp_path: Path) -> None:
    sim("personas", "export", "--out", "ours", "--city", "Oslo", "--age", "40")
    [good] = list((tmp_path / "ours").iterdir())
    data = json.loads(good.read_text())["persona"]
    data["hexaco"]["extraversion"] = 300
    del data["name"]
    (tmp_path / "ours" / "bad.json").write_text(json.dumps(data))
    done = sim("personas", "check", "ours")
    assert done.returncode == 1
    assert "bad.json: hexaco.extraversion: found 300" in done.stdout
    assert "bad.json: name: found nothing, expected Field required" in done.stdout
    taken = sim("personas", "import", "ours", "--out", "in")
    assert taken.returncode == 1
    assert "Imported 1 of 2" in taken.stdout


def test_a_planned_persona_is_shown_by_the_start_of_its_id(sim: Sim) -> None:
    [persona] = said(sim("personas", "list", "--json", "--city", "Kabul", "--age", "50"))["personas"]  # type: ignore[misc]
    assert persona["name"] in sim("personas", "show", persona["id"][:10]).stdout


def test_statistics_are_tables_pictures_and_a_page(sim: Sim, tmp_path: Path) -> None:
    done = sim("personas", "stats", "--out", "stats")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "stats").iterdir()}
    assert {"cities.csv", "decades.csv", "ages.csv", "categories.csv", "categories_by_decade.csv", "index.html"} <= names
    assert (tmp_path / "stats" / "categories.png").read_bytes().startswith(b"\x89PNG")
    assert "5,589 persona-ages" in (tmp_path / "stats" / "index.html").read_text()


def test_the_catalogue_is_listed_shown_and_planned(sim: Sim) -> None:
    assert "45 kinds" in sim("crises", "list").stdout
    shown = sim("crises", "show", "Grief and Loss").stdout
    for title in ("It shows", "What helps", "What hurts", "Words that call for a question"):
        assert title in shown
    assert len(said(sim("crises", "plan", "--json"))["counts"]) == 45  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("personas", "draw", "--city", "Atlantis"), "no city 'Atlantis'"),
        (("personas", "draw", "--category", "Sleeplessness Problems"), "Did you mean 'Sleep Problems'"),
        (("personas", "draw", "--age", "7"), "20 to 100 years old"),
        (("personas", "draw", "--sex", "x"), "neither female nor male"),
        (("personas", "list", "--region", "Atlantic"), "There is no region 'Atlantic'"),
        (("personas", "list", "--age", "60-20"), "ends before it begins"),
        (("personas", "list", "--limit", "-1"), "--limit cannot be negative"),
        (("personas", "show", "p-zzz"), "has no persona 'p-zzz'"),
        (("personas", "check"), "Name persona files"),
        (("crises", "show", "Sadness"), "There is no kind of crisis 'Sadness'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_words_get_one_line_that_says_what_to_do(sim: Sim, words: tuple[str, ...], message: str) -> None:
    done = sim(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
