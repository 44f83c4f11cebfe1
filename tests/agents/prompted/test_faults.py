"""What the simulator's check of its own Seekers finds, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import Role, Utterance
from agents.ground.data_files import DataFileError
from agents.prompted import faults_words
from agents.prompted.anachronisms import out_of_time, things
from agents.prompted.faults import describe, faults
from tests.agents.prompted.said import PEOPLE, SEEKER_BEFORE, brief, kinds, moment
from tests.agents.prompted.said_well import ELSEWHERE, WELL
from tests.agents.prompted.said_wrong import CUT, WRONG


def found(who: str, message: str, language: str = "en", *, cut: bool = False) -> set[str]:
    scene = moment(who, language)
    return kinds(faults(message, scene, brief(scene), cut=cut))


@pytest.mark.parametrize("kind", WRONG)
def test_every_example_of_a_fault_is_found_and_called_by_its_kind(kind: str) -> None:
    missed = [message for who, message in WRONG[kind] if kind not in found(who, message)]
    assert not missed


def test_no_more_kinds_are_named_than_an_example_has() -> None:
    beside = [message for kind, examples in WRONG.items() for who, message in examples if found(who, message) - {kind}]
    assert not beside


def test_what_people_in_crisis_say_is_no_fault() -> None:
    blamed = [(message, found(who, message)) for who, message in WELL if found(who, message)]
    assert not blamed


def test_there_are_enough_examples_to_tell() -> None:
    assert sum(map(len, WRONG.values())) >= 150
    assert len(WELL) >= 150


@pytest.mark.parametrize(("language", "message"), ELSEWHERE)
def test_ordinary_words_in_other_languages_are_no_fault(language: str, message: str) -> None:
    assert not found("samira", message, language)


@pytest.mark.parametrize(("who", "message"), CUT)
def test_an_answer_that_the_server_cut_off_is_truncated_however_it_ends(who: str, message: str) -> None:
    assert found(who, message, cut=True) == {"truncated"}


@pytest.mark.parametrize(
    ("language", "message", "kind"),
    [
        ("es", "Asistente: No puedo dormir.", "role_swap"),
        ("ja", "カウンセラー：どうしましたか。", "role_swap"),
        ("ru", "Помощник: я вас слушаю.", "role_swap"),
        ("ar", "المستشار: أنا أسمعك.", "role_swap"),
        ("es", "*suspira* No sé qué hacer.", "role_swap"),
        ("zh", "……", "empty"),
        ("hi", "।", "empty"),
        ("de", "[message]", "empty"),
        ("fr", "Je ne dors plus, je ne mange plus,", "truncated"),
        ("de", "Er sagte: „Du bist", "truncated"),
        ("es", "No duermo. No como. Camino por la casa y cuento las vent", "truncated"),
        ("de", '{"message": "Ich schlafe nicht."}', "echo"),
    ],
)
def test_form_is_checked_in_every_language(language: str, message: str, kind: str) -> None:
    assert kind in found("samira", message, language)


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        (
            "es",
            "Cuenta las monedas de la lata azul cada noche y esconde las cartas del banco.",
            "Sí, las monedas de la lata azul cada noche y nada más.",
        ),
        ("zh", "他每天晚上数着蓝色铁罐里的硬币并把银行的信藏在炉子下面。", "我每天晚上数着蓝色铁罐里的硬币并把银行的信藏起来。"),
        ("hi", "वह हर रात नीले डिब्बे के सिक्के गिनता है और बैंक की चिट्ठियाँ छिपाता है", "बस, हर रात नीले डिब्बे के सिक्के गिनता है और क्या।"),
    ],
)
def test_an_echo_of_the_prompt_is_found_in_any_script(language: str, text: str, message: str) -> None:
    scene = moment("kamrul", language)
    assert "echo" in kinds(faults(message, scene, (text,)))
    assert not faults(message, scene, ())


def test_patterns_of_english_hold_for_english_alone() -> None:
    assert found("samira", "Thank you for sharing that with me.", "en-GB") == {"helping"}
    assert not found("samira", "Thank you for sharing that with me.", "nl")


def test_a_thing_of_the_card_may_be_named_though_the_prompt_has_it() -> None:
    scene = moment("samira")
    thing = scene.persona.things[0]
    message = f"I keep thinking of {thing}."
    assert not faults(message, scene, (f"Things: {thing}.",))
    bare = replace(scene, persona=scene.persona.model_copy(update={"things": ()}))
    assert kinds(faults(message, bare, (f"Things: {thing}.",))) == {"echo"}


def test_only_what_somebody_said_before_can_be_said_again() -> None:
    scene = moment("samira")
    assert kinds(faults(SEEKER_BEFORE, scene, ())) == {"echo"}
    assert not faults(SEEKER_BEFORE, replace(scene, said=()), ())


def test_words_of_the_other_one_from_longer_ago_may_come_back() -> None:
    scene = moment("samira")
    words = scene.by(Role.SUPPORTER)[0]
    later = replace(scene, said=(*scene.said, Utterance(Role.SEEKER, "I don't know."), Utterance(Role.SUPPORTER, "Take your time.")))
    assert kinds(faults(words, scene, ())) == {"echo"}
    assert not faults(words, later, ())


def test_somebody_may_speak_of_their_own_trade() -> None:
    words = "As a counsellor, I ought to know."
    assert not found("laura", words)
    assert found("sidney", words) == {"role_swap"}


def test_a_fault_shows_the_words_as_they_were_written() -> None:
    scene = moment("sidney")
    shown = {fault.kind: fault.words for fault in faults("Well. Thank you for Sharing That with me. I’m 34.", scene, ())}
    assert shown == {"helping": "Thank you for Sharing That", "contradiction": "I’m 34"}


@pytest.mark.parametrize("age", [48, 49, 50])
def test_a_year_more_or_less_is_no_contradiction(age: int) -> None:
    assert not found("sidney", f"I'm {age}.")
    assert found("sidney", f"I'm {age + 3 if age == 50 else age - 3 if age == 48 else 30}.") == {"contradiction"}


def test_everything_out_of_time_is_found_in_the_year_beside_its_own_and_in_no_year_of_its_own() -> None:
    for thing in things():
        for words in thing.words:
            said = f"It was {words}, I think."
            if thing.first is not None:
                assert list(out_of_time(said, thing.first - 1)), words
            if thing.last is not None:
                assert list(out_of_time(said, thing.last + 1)), words
    assert not list(out_of_time("He sent me an e-mail and a text message.", 2004))
    assert len(things()) >= 60


def test_what_to_mend_names_each_kind_once_and_quotes() -> None:
    scene = moment("sidney")
    text = describe(faults("Thank you for sharing that with me. You've got this. I'm 34.", scene, ()))
    assert "“Thank you for sharing that”" in text
    assert text.count("You are the one who needs help") == 1
    assert "“I'm 34”. Stay true to your card" in text
    assert describe(()) == ""


@pytest.mark.parametrize(("who", "message"), WRONG["graphic"])
def test_what_to_mend_never_quotes_what_is_graphic(who: str, message: str) -> None:
    scene = moment(who)
    text = describe(faults(message, scene, (message,), cut=True))
    assert "Leave out every detail" in text
    assert "“" not in text


@pytest.mark.parametrize("kind", WRONG)
def test_what_to_mend_is_short(kind: str) -> None:
    for who, message in WRONG[kind]:
        scene = moment(who)
        assert 20 < len(describe(faults(message, scene, brief(scene)))) < 400


def test_a_pattern_with_a_part_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds_of_words = "".join(f"[{kind}]\nmend = 'x'\nenglish = '<nobody> is here'\n" for kind in ("role_swap", "helping", "graphic"))
    (tmp_path / "faults.toml").write_text(f"version = '1'\n{kinds_of_words}", encoding="utf-8")
    monkeypatch.setattr(faults_words, "_DATA", tmp_path / "faults.toml")
    with pytest.raises(DataFileError, match=r"faults.toml: role_swap.english .*'nobody'"):
        faults_words.patterns.__wrapped__()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from(sorted(PEOPLE)), st.sampled_from(["en", "ja", "ar"]))
def test_no_message_is_too_odd_to_be_looked_at(message: str, who: str, language: str) -> None:
    scene = moment(who, language)
    first = faults(message, scene, brief(scene))
    assert first == faults(message, scene, brief(scene))
    assert any(letter.isalnum() for letter in message) or kinds(first) == {"empty"}
