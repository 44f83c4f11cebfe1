"""The built-in Seeker: hears, feels, decides, speaks. It tells one story, as deep as trust allows, and follows rules, not a mind.

All that it remembers is in the scene, so the same moment always gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.builtin.affect import Temper, after, arrival, having_said, on_the_way_out, temper
from agents.builtin.ear import hear
from agents.builtin.own_words import OwnWords
from agents.builtin.plan import Moment, Step, decide
from agents.builtin.voice import Voice
from agents.chance import Chance
from agents.persona import Crisis, Persona
from agents.scene import Scene, Spoken
from agents.stories.library import story_of
from agents.stories.schema import DEPTH, Story
from agents.values import Affect, Danger, DialogueAct, RiskLevel, Role

_UNTROUBLED = ("none_reported", "denied")


@dataclass(frozen=True)
class _Self:
    """Who one Seeker is, worked out once from its card."""

    persona: Persona
    crisis: Crisis
    who: Temper
    arrived: Affect
    story: Story
    voice: Voice
    at_risk: bool


class BuiltinSeeker:
    """Anybody of the catalogue, by rule."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._self: _Self | None = None

    async def speak(self, scene: Scene) -> Spoken:
        """What this Seeker says next."""
        me = self._remember_oneself(scene.persona, scene.crisis)
        if scene.affect is None:
            return self._open(me)
        mine, theirs = scene.by(Role.SEEKER), scene.by(Role.SUPPORTER)
        heard = hear(theirs[-1], mine)
        turn = scene.turn + 1
        mood = 0.36 * (self._chance.number(turn, "seeker", "mood") - 0.5)
        affect = after(scene.affect, heard, scene.persona, from_arrival=me.arrived, mood=mood, in_danger=scene.danger is not None)
        if scene.leaving:
            return Spoken(me.voice.parting(turn), "", DialogueAct.CLOSE, on_the_way_out(scene.affect, affect))
        step = decide(Moment(scene, heard, affect, me.who, me.arrived, me.at_risk, me.voice.own.named(mine), self._chance))
        worded = me.voice.word(step, turn, mine, scene.told)
        return Spoken(
            message=worded.message,
            thought=me.voice.think(step.why, turn, theirs[-1]),
            act=step.act,
            affect=having_said(affect, step.act, depth=max((DEPTH.get(key, 0) for key in worded.told), default=0)),  # type: ignore[call-overload]
            told=worded.told,
            danger=_danger(step, me.story, worded.message),
        )

    def _open(self, me: _Self) -> Spoken:
        worded = me.voice.word(Step(DialogueAct.OPEN, ("opening",), "opening"), 1, (), ())
        return Spoken(worded.message, me.voice.think("opening", 1, ""), DialogueAct.OPEN, me.arrived, worded.told)

    def _remember_oneself(self, persona: Persona, crisis: Crisis) -> _Self:
        me = self._self
        if me is None or me.persona is not persona or me.crisis is not crisis:
            _, story, kind = story_of(persona, crisis, self._chance)
            who = temper(persona)
            self._self = me = _Self(
                persona=persona,
                crisis=crisis,
                who=who,
                arrived=arrival(persona, crisis.severity),
                story=story,
                voice=Voice(story, kind, OwnWords(persona, crisis), who, self._chance),
                at_risk=_at_risk(persona, crisis),
            )
        return me


def _at_risk(persona: Persona, crisis: Crisis) -> bool:
    """Whether this Seeker has something to say that calls for a question about safety."""
    return crisis.severity == "severe" or persona.presenting_problem.risk.self_harm_ideation not in _UNTROUBLED


def _danger(step: Step, story: Story, message: str) -> Danger | None:
    level = RiskLevel(story.danger_level)
    if "danger" in step.says or ("asked" in step.says and level is not RiskLevel.LOW):
        return Danger(level=level, words=(message,))
    return None
