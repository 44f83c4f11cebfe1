"""The atlas: every city loads, stands up to the editor, and says nothing twice."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.atlas import check
from agents.atlas.atlas import UnknownCity, city, entries, find
from agents.atlas.schema import DECADES
from agents.ground.data_files import DataFileError
from tests.conftest import ROOT

_FIELDS = ("events", "work", "housing", "family", "faith", "distress")


def test_the_atlas_has_69_cities_and_759_place_times() -> None:
    assert len(entries()) == 69
    assert sum(len(city(entry.slug).decades) for entry in entries()) == 759
    assert len({entry.slug for entry in entries()}) == len({entry.city for entry in entries()}) == 69
    for entry in entries():
        found = city(entry.slug)
        assert (found.city, found.country) == (entry.city, entry.country)


def test_no_two_place_times_share_a_sentence() -> None:
    sentences = [getattr(place, field) for entry in entries() for place in city(entry.slug).decades for field in _FIELDS]
    assert len(sentences) == 759 * 6
    assert len({sentence.casefold() for sentence in sentences}) == len(sentences)


def test_the_editor_has_nothing_to_send_back() -> None:
    assert list(check.problems(sorted(check.DATA.glob("*.toml")))) == []


def test_the_editor_finds_what_it_looks_for(tmp_path: Path) -> None:
    text = (check.DATA / "oslo.toml").read_text(encoding="utf-8")
    copied = tmp_path / "copied.toml"
    copied.write_text(text, encoding="utf-8")
    (tmp_path / "oslo.toml").write_text(text, encoding="utf-8")
    assert any("shares" in problem for problem in check.problems([copied, tmp_path / "oslo.toml"]))
    first = city("oslo").decades[0].events
    copied.write_text(
        text.replace(first, "In 1977 a vibrant crowd stood before the town hall and nobody there knew why."), encoding="utf-8"
    )
    found = list(check.problems([copied]))
    assert any("mentions 1977" in problem for problem in found)
    assert any("worn phrase 'vibrant'" in problem for problem in found)
    copied.write_text(text.replace('decade = "1930s"', 'decade = "1940s"', 1), encoding="utf-8")
    assert any("decades must be 1920s to 2020s" in problem for problem in check.problems([copied]))


def test_every_decade_offers_enough_to_live_on() -> None:
    for entry in entries():
        place = city(entry.slug)
        for decade in DECADES:
            assert sum(job.there_in(decade) for job in place.jobs) >= 8, (entry.slug, decade)
            assert sum(thing.there_in(decade) for thing in place.things) >= 10, (entry.slug, decade)


def test_a_city_is_found_by_name_slug_or_without_accents() -> None:
    assert find("Bogotá") == find("bogota") == find("BOGOTÁ")
    assert find("new york city").slug == "new_york_city"


def test_an_unknown_city_suggests_the_nearest() -> None:
    with pytest.raises(UnknownCity, match="no city 'Viena'"):
        find("Viena")
    with pytest.raises(UnknownCity, match="Did you mean 'Warsaw'"):
        find("Warzaw")


def test_a_broken_data_file_is_named_with_its_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agents.atlas import atlas

    (tmp_path / "data").mkdir()
    text = (check.DATA / "oslo.toml").read_text(encoding="utf-8")
    monkeypatch.setattr(atlas, "_FOLDER", tmp_path)
    (tmp_path / "data" / "here.toml").write_text(text.replace('kind = "object"', 'kind = "objet"', 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=r"here\.toml: things\.\d+\.kind: .*found 'objet'"):
        city("here")
    (tmp_path / "data" / "there.toml").write_text("city = ", encoding="utf-8")
    with pytest.raises(DataFileError, match=r"there\.toml is not valid TOML"):
        city("there")
    with pytest.raises(DataFileError, match=r"nowhere\.toml is missing"):
        city("nowhere")


def test_the_names_are_those_of_the_given_facts() -> None:
    facts = ROOT.parent / "shared" / "facts" / "cities.csv"
    if not facts.exists():
        pytest.skip("the given list is not beside this checkout")
    with facts.open(encoding="utf-8", newline="") as file:
        assert [(row["city"], row["country"]) for row in csv.DictReader(file)] == [(entry.city, entry.country) for entry in entries()]


def test_the_index_and_one_city_load_in_well_under_100_ms() -> None:
    code = (
        "import agents, time; t = time.perf_counter(); from agents.atlas.atlas import city, entries; entries(); city('lagos'); "
        "print(time.perf_counter() - t)"
    )
    took = [
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ).stdout)
        for _ in range(3)
    ]
    assert min(took) < 0.1
