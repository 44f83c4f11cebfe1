"""Prompt files are whole, fill strictly and once, and carry versions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.atlas.atlas import city, entries
from agents.ground.data_files import DataFileError
from agents.prompted import prompts
from agents.prompted.prompts import check_slots, decoding_presets, filled, language, prompt, repair, versions
from agents.prompted.tongue import answer_in, reply_in
from agents.values import DialogueAct, RiskLevel, Role


@pytest.mark.parametrize("role", list(Role))
def test_every_system_prompt_names_its_role_last_and_is_short_enough_for_small_models(role: Role) -> None:
    system = prompt(role).system
    assert system.rstrip().splitlines()[-1] == f"[vigil role: {role}]"
    assert len(system.split()) < 900


@pytest.mark.parametrize("role", list(Role))
def test_every_field_of_a_form_is_required_and_named_in_the_prompt(role: Role) -> None:
    form = prompt(role).form
    properties = form["properties"]
    assert isinstance(properties, dict)
    assert form["required"] == list(properties)
    assert form["additionalProperties"] is False
    assert all(f'"{name}":' in prompt(role).system for name in properties)


def test_the_forms_know_the_same_words_as_the_value_types() -> None:
    seeker, supporter, judge = (prompt(role).form["properties"] for role in Role)
    assert seeker["act"]["enum"] == [act.value for act in DialogueAct]  # type: ignore[index,call-overload]
    assert all(act.value in prompt(Role.SEEKER).system for act in DialogueAct)
    assert seeker["danger"]["anyOf"][1]["properties"]["level"]["enum"] == [level.value for level in RiskLevel][1:]  # type: ignore[index,call-overload]
    assert tuple(supporter["strategy"]["items"]["enum"]) == prompt(Role.SUPPORTER).lists["moves"]  # type: ignore[index,call-overload]
    assert list(judge["scores"]["properties"]) == list(prompt(Role.JUDGE).dimensions)  # type: ignore[index,call-overload]


def test_a_missing_slot_and_an_unknown_one_are_errors_that_name_place_and_slot() -> None:
    with pytest.raises(DataFileError, match=r"seeker.toml: task: the slot \{heard\} is missing"):
        check_slots("seeker.toml: task", "{affect}", frozenset({"heard", "affect"}))
    with pytest.raises(DataFileError, match=r"nothing fills the slot \{mood\}; known here: heard"):
        check_slots("seeker.toml: task", "{heard} {mood}", frozenset({"heard"}))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for file in prompts.FOLDER.glob("*.toml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    prompt.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _files_as_they_are() -> object:
    yield
    prompt.cache_clear()


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        ("supporter.toml", "{manner}", "", r"supporter.toml: task: the slot \{manner\} is missing"),
        ("supporter.toml", "point to danger: {words}.", "point to danger.", r"supporter.toml: moments.danger: the slot \{words\} is missing"),
        ("judge.toml", "gives a telephone number", "gives {a} telephone number", r"judge.toml: rules.invented_contact: nothing fills the slot \{a\}"),
        ("seeker.toml", "[vigil role: seeker]", "The end.", "must end with the line"),
        ("seeker.toml", "reminder =", "remider =", "seeker.toml: remider"),
    ],
)  # fmt: skip
def test_a_prompt_file_with_a_mistake_is_refused_by_name(own_folder: Path, file: str, old: str, new: str, wanted: str) -> None:
    text = (own_folder / file).read_text()
    assert old in text
    (own_folder / file).write_text(text.replace(old, new))
    with pytest.raises(DataFileError, match=wanted):
        prompt(Role(file.removesuffix(".toml")))


def test_slots_are_filled_in_one_pass() -> None:
    assert filled("{name} says {words}", {"name": "{words}", "words": "{name} {x} {{"}) == "{words} says {name} {x} {{"


def test_an_edited_file_shows_in_the_versions(own_folder: Path) -> None:
    before = versions()
    assert re.fullmatch(r"seeker@1\+[0-9a-f]{8}", before["seeker"])
    (own_folder / "seeker.toml").write_text((own_folder / "seeker.toml").read_text() + "# softer\n")
    after = versions()
    assert after["seeker"] != before["seeker"]
    assert after["judge"] == before["judge"]
    (own_folder / "languages.toml").write_text((own_folder / "languages.toml").read_text() + "# one more\n")
    assert versions()["judge"] != before["judge"]


def test_every_role_has_a_decoder_preset_and_each_usual_care_level_its_own() -> None:
    roles, care = decoding_presets()
    assert set(roles) == set(Role)
    assert {"0.2", "0.5", "0.8"} <= set(care)
    assert roles[Role.JUDGE].temperature == 0


def test_every_language_that_somebody_of_the_atlas_speaks_has_a_name() -> None:
    spoken = {community.language for entry in entries() for community in city(entry.slug).communities}
    assert not [tag for tag in sorted(spoken) if language(tag).english.startswith("the language with")]


def test_a_language_is_asked_for_in_itself() -> None:
    assert "Escribe tu mensaje en español." in answer_in("es", native="es")
    assert "as somebody who grew up with it" in answer_in("es-MX", native="es")
    assert "your own Quechua" in answer_in("es", native="qu")
    assert reply_in("en") == "Write the message in English."
    assert "tag tlh" in reply_in("tlh")


def test_no_prompt_gives_a_number_to_call() -> None:
    texts = "\n".join(file.read_text() for file in prompts.FOLDER.glob("*.toml") if file.stem in {*Role, "repair", "card"})
    assert not re.search(r"\+?\d[\d ()-]{6,}\d|\b\d{3}\b(?! of)|https?:|www\.", texts)
    assert repair().left_out
