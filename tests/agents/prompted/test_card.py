"""A card tells a model who it is, in prose and in its year."""

from __future__ import annotations

import json
import re

import pytest

from agents.atlas.atlas import city
from agents.atlas.schema import DECADES
from agents.persona import FormativeContext
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
        assert all(thing in card for thing in who.persona.things if not re.search(r"(?i)\blines?\b|\d{3}", thing))
        assert not re.search(r"csi|hexaco|_reported|[{}]|\b\d+\.\d\b|\.\.", card)
        assert who.crisis.summary in crisis_card(who.persona, who.crisis)


def test_no_card_tells_of_a_year_to_come_or_of_a_number_to_call(families: list[Guest]) -> None:
    for who in families:
        year = who.persona.current_socio_demographics.year
        card = seeker_card(who.persona)
        assert not [found for found in re.findall(r"\b(?:19|20)\d\d(?!s)\b", card) if int(found) > year]
        assert not re.search(r"\b(hot|help|crisis|chat|free) ?line\b|\b(lines?|call|ring|dial|text) \d{2,}|\b988\b", card)


@pytest.mark.parametrize(
    "contact",
    [
        "Three digits, zero-two-four, can be rung.",
        "Nine-eight-eight is printed on student cards.",
        "One-oh-six took calls about homework.",
        "A ministry has sixteen-three-two-eight.",
        "One rings one one eight.",
        "The free number 1737 went up on doors.",
        "One calls 988.",
    ],
)
def test_a_number_to_call_is_left_out_in_figures_and_in_words(contact: str) -> None:
    persona = guest().persona
    home = {"year": 2029, "location": "Madrid, Spain", "perceptions": f"Nobody speaks of it. {contact} An aunt listens."}
    for location in ("Madrid, Spain", "A village, Nowhere"):
        now = persona.current_socio_demographics.model_copy(update={**home, "location": location})
        card = seeker_card(persona.model_copy(update={"current_socio_demographics": now, "things": ("the stove", contact)}))
        assert "Nobody speaks of it. An aunt listens." in card
        assert "the stove." in card
        assert contact not in card


def test_words_that_only_count_are_no_number_to_call() -> None:
    persona = guest().persona
    words = "Two or three of seven sisters came in 1997, one by one, in twos and threes."
    assert words in seeker_card(persona.model_copy(update={"things": (words,)}))


def test_in_a_young_decade_the_words_of_the_one_before_are_true() -> None:
    assert _told_of(2001) == _told_of(1995) == "1990s"
    assert _told_of(2005) == _told_of(2014) == "2000s"
    assert _told_of(1921) == "1920s"
    assert _told_of(2041) == "2020s"


def _told_of(year: int) -> str:
    """The one decade of Berlin whose words a card of a year holds."""
    persona, home = guest().persona, city("berlin")
    there = {
        "decade": min(f"{year // 10 * 10}s", DECADES[-1]),
        "city": "Berlin",
        "country": "Germany",
        "life_stage": "adult",
        "status": "citizen",
    }
    own = home.at(there["decade"])
    update = {"year": year, "location": "Berlin, Germany", "perceptions": own.distress}
    card = seeker_card(
        persona.model_copy(
            update={
                "current_socio_demographics": persona.current_socio_demographics.model_copy(update=update),
                "birth_context": persona.birth_context.model_copy(update={"notes": "", "city": "Berlin"}),
                "formative_context": (FormativeContext(**there, notes=own.family), FormativeContext(**there, notes="Her own note.")),
            }
        )
    )
    assert "Her own note." in card
    [found] = {place.decade for place in home.decades for text in (place.housing, place.work, place.distress, place.family) if text in card}
    return found


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
