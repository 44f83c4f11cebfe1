"""The built-in Seeker: tells a story beat by beat, as deep as trust and openness allow, and closes up when hurt."""

from __future__ import annotations

from dataclasses import dataclass

from agents.builtin.affect import after, first_affect, hear
from agents.scene import Scene, Spoken
from agents.values import Affect, DialogueAct, Role

_DEPTH_NEEDS = (0.0, 30.0, 42.0, 54.0)
"""The mean of trust and openness from which each depth is told."""


@dataclass(frozen=True)
class Beat:
    """One step of a story."""

    depth: int
    text: str


@dataclass(frozen=True)
class Story:
    """What one Seeker has to tell."""

    beats: tuple[Beat, ...]
    deflections: tuple[str, ...]
    closing: str


class BuiltinSeeker:
    """Tells one story; it needs nothing but the scene, so the same moment always gives the same words."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def speak(self, scene: Scene) -> Spoken:
        """The next thing that this Seeker says."""
        mine = scene.by(Role.SEEKER)
        if scene.affect is None:
            return Spoken(
                self._story.beats[0].text, "Somebody answered. Say it before you hang up.", DialogueAct.OPEN, first_affect(scene.persona)
            )
        heard = hear(scene.by(Role.SUPPORTER)[-1], mine[-1])
        affect = after(scene.affect, heard, scene.persona)
        untold = [beat for beat in self._story.beats if beat.text not in mine]
        if not untold:
            return Spoken(self._story.closing, "It is lighter. I can stop here.", DialogueAct.CLOSE, affect)
        reach = _depth(affect)
        if heard.pushed or untold[0].depth > reach:
            return self._deflect(mine, untold[0], affect, hurt=heard.pushed)
        act = DialogueAct.DISCLOSE if untold[0].depth > 1 else DialogueAct.ELABORATE
        return Spoken(untold[0].text, "They stayed with it. Then I can say the next thing.", act, affect)

    def _deflect(self, mine: tuple[str, ...], due: Beat, affect: Affect, *, hurt: bool) -> Spoken:
        left = [text for text in self._story.deflections if text not in mine]
        if not left:
            return Spoken(due.text, "It wants out all the same.", DialogueAct.ELABORATE, affect)
        thought = "Another one who knows what I should do." if hurt else "Not that, not yet."
        return Spoken(left[0], thought, DialogueAct.PUSH_BACK if hurt else DialogueAct.DEFLECT, affect)


def _depth(affect: Affect) -> int:
    level = (affect.trust + affect.openness) / 2
    return max(depth for depth, need in enumerate(_DEPTH_NEEDS) if level >= need)
