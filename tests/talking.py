"""Sessions for tests and benchmarks: the same agents in a plain Python loop, without graph or log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from agents import Chance, Guest, Scene, SessionSnapshot, Spoken, cast
from graphs.choosers import chooser
from graphs.turn import Choice, Weighed, answered, ending, hear_seeker, propose, stances, weigh

BUILTIN = SessionSnapshot(models={"seeker": "builtin", "supporter": "builtin", "judge": "builtin"}, chooser="best", turn_limit=20)


@dataclass(frozen=True)
class Played:
    """One turn that was played."""

    before: Scene
    scene: Scene
    """After the Seeker spoke."""
    spoken: Spoken
    weighed: tuple[Weighed, ...]
    choice: Choice


async def play(guest: Guest, seed: int, settings: SessionSnapshot = BUILTIN) -> list[Played]:
    """Plays a session in memory."""
    people = cast(settings, seed)
    choosing = chooser(settings.chooser, Chance(seed, "session"))
    scene = Scene(guest.persona, guest.crisis, "en", 0, (), None, turns_left=settings.turn_limit)
    spoken = await people.seeker.speak(scene)
    turns: list[Played] = []
    while True:
        before = scene
        scene, _ = hear_seeker(before, spoken)
        weighed = await weigh(scene, await propose(scene, people, stances(settings)), people, settings.look_ahead)
        choice = await choosing.choose(scene, weighed)
        turns.append(Played(before, scene, spoken, tuple(weighed), choice))
        if ending(scene):
            return turns
        scene = answered(scene, choice.weighed.proposal)
        foreseen = choice.weighed.foreseen
        spoken = foreseen.spoken if foreseen else await people.seeker.speak(scene)


def play_all(guests: Sequence[tuple[int, Guest]], settings: SessionSnapshot = BUILTIN) -> list[list[Played]]:
    """Plays sessions one after the other."""

    async def each() -> list[list[Played]]:
        return [await play(guest, seed, settings) for seed, guest in guests]

    return asyncio.run(each())
