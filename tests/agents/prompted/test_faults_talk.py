"""The check against talk that is known to be sound: the built-in engine's own."""

from __future__ import annotations

from itertools import islice

import pytest

from agents.personas.meeting import one_of_each_family
from agents.prompted.faults import faults
from agents.scene import Scene
from agents.values import Fault
from tests.talking import BUILTIN, play_all

Talk = list[tuple[Scene, str]]


@pytest.fixture(scope="module")
def talk() -> Talk:
    """Forty sessions: every moment before a Seeker spoke, with what was said then."""
    guests = list(enumerate(islice(one_of_each_family(2), 40), 1))
    played = play_all(guests, BUILTIN.model_copy(update={"turn_limit": 10, "look_ahead": 0}))
    return [(turn.before, turn.spoken.message) for turns in played for turn in turns]


def notes(scene: Scene) -> tuple[str, ...]:
    """What of a card is told about somebody, not by them."""
    persona = scene.persona
    return (
        persona.birth_context.notes,
        *(place.notes for place in persona.formative_context),
        persona.current_socio_demographics.household,
        persona.current_socio_demographics.perceptions,
    )


def blamed(talk: Talk) -> list[tuple[str, tuple[Fault, ...]]]:
    return [(message, found) for scene, message in talk if (found := faults(message, scene, notes(scene)))]


def test_the_built_in_engine_s_own_talk_is_without_fault(talk: Talk) -> None:
    assert len(talk) > 300
    assert len(blamed(talk)) <= 0.003 * len(talk), blamed(talk)


def test_the_built_in_engine_tells_the_catalogue_s_stories_in_their_own_words_now_and_then_and_nothing_else_is_found(talk: Talk) -> None:
    found = [fault for scene, message in talk for fault in faults(message, scene, (scene.crisis.summary,))]
    assert {fault.kind for fault in found} <= {"echo"}
    assert len(found) <= 0.015 * len(talk)


def test_the_summary_of_a_crisis_said_in_the_first_person_is_an_echo(talk: Talk) -> None:
    scenes = {scene.persona.id: scene for scene, _ in talk}.values()
    said = {"her": "my", "his": "my", "their": "my", "she": "I", "he": "I", "they": "I"}
    found = 0
    for scene in scenes:
        first_person = " ".join(said.get(word, word) for word in scene.crisis.summary.split())
        found += any(fault.kind == "echo" for fault in faults(first_person, scene, (scene.crisis.summary,)))
    assert found == len(scenes)
