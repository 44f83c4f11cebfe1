"""A card tells a model who it is, in prose and in its year."""

from __future__ import annotations

import json
import re

import pytest

from agents.personas.meeting import Guest, one_of_each_family
from agents.prompted.card import crisis_card, first_name, helpers_card, past, seeker_card
from agents.prompted.prompts import filled, prompt
from agents.values import Role
from tests.agents.given import after, guest, scene, with_talk
from tests.agents.prompted.given import proposed, read_by_model, replies, says, spoken


@pytest.fixture(scope="module")
def families() -> list[Guest]:
    return list(one_of_each_family())


def test_all_slots_are_filled_for_somebody_of_each_family(families: list[Guest]) -> None:
    assert len(families) == 69
    for who in families:
        moment = after(scene("I don't know.", who=who), "Take your time.")
        for call in (spoken(moment, says("Well."))[1].asked[0], proposed(scene("Yes.", who=who), replies())[1].asked[0]):
            assert not re.search(r"\{\w+\}", read_by_model(call))


def test_a_card_is_prose_and_names_people_things_and_trouble(families: list[Guest]) -> None:
    for who in families:
        card = seeker_card(who.persona)
        now = who.persona.current_socio_demographics
        assert who.persona.name in card
        assert f"{now.age} years old" in card
        assert all(kin.name in card for kin in who.persona.people)
        assert all(thing in card for thing in who.persona.things)
        assert not re.search(r"csi|hexaco|_reported|[{}]|\b\d+\.\d\b|\.\.", card)
        assert who.crisis.summary in crisis_card(who.persona, who.crisis)


def test_no_card_tells_of_a_year_to_come_or_of_a_number_to_call(families: list[Guest]) -> None:
    for who in families:
        year = who.persona.current_socio_demographics.year
        card = seeker_card(who.persona)
        assert not [found for found in re.findall(r"\b(?:19|20)\d\d(?!s)\b", card) if int(found) > year]
        assert not re.search(r"\b(hot|help|crisis|chat|free) ?line\b|\b(lines?|call|ring|dial|text) \d{2,}|\b988\b", card)


def test_a_sentence_about_a_later_year_is_left_out() -> None:
    assert past("The tram ran. In 1963 it stopped. Nobody wept.", 1957) == "The tram ran. Nobody wept."
    assert past("In 1963 it stopped.", 1963) == "In 1963 it stopped."


def test_how_somebody_talks_is_told_in_words() -> None:
    blunt = seeker_card(with_talk(guest().persona, directness=90.0, reflective_listening_tolerance=10.0))
    winding = seeker_card(with_talk(guest().persona, directness=10.0, reflective_listening_tolerance=90.0))
    assert "You say it straight" in blunt
    assert "handed back annoys you" in blunt
    assert "You talk around a thing" in winding
    assert "does you good" in winding


def test_a_given_name_may_be_of_several_words(families: list[Guest]) -> None:
    assert all(who.persona.name.startswith(first_name(who.persona)) for who in families)
    assert all(re.search(rf"\b{re.escape(first_name(who.persona))}\b", who.crisis.summary) for who in families)


def test_a_helper_is_told_name_age_place_year_and_language_and_no_more() -> None:
    persona = guest().persona
    now = persona.current_socio_demographics
    told = helpers_card(persona, "es")
    assert all(str(word) in told for word in (first_name(persona), now.age, now.location, now.year, "Spanish"))
    assert now.work not in told


def test_a_persona_with_braces_is_harmless() -> None:
    who = guest()
    persona = who.persona.model_copy(
        update={"things": ("a {card} of {0} {{", "{crisis}"), "community": json.dumps({"faith": "{language}"})}
    )
    read = read_by_model(spoken(scene("Yes.", who=Guest(persona, who.crisis)), says())[1].asked[0])
    assert "a {card} of {0} {{; {crisis}" in read
    assert filled(prompt(Role.SEEKER).reminder, {"name": "{language}", "language": "x"}).count("{language}") == 1
