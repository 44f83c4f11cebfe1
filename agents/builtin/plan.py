"""What a Seeker does next: a dialogue act and what of the story it tells, decided by how it feels, who it is and what it just heard.

The rules are tried in order and the first that applies decides. They know keys, not words: wording is left to the voice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.builtin.affect import Temper
from agents.builtin.ear import Heard
from agents.chance import Chance
from agents.scene import Scene
from agents.stories.schema import BEATS, DEPTH, ActName, BeatName
from agents.values import Affect, DialogueAct

NEEDS = (0.0, 22.0, 34.0, 45.0)
"""The mean of trust and openness from which each depth is told."""
_RUPTURE_BELOW = 12.0
_FIRST_NATURAL_END = 15
_CALM = 38.0
_LEFT_UNSAID = 4
"""How many beats may be left when somebody goes of their own accord."""
_OWN_THINGS = 2
"""How many things of their own life a Seeker names in any session that lasts."""


@dataclass(frozen=True)
class Moment:
    """All that a Seeker's next step can depend on."""

    scene: Scene
    heard: Heard
    affect: Affect
    """After hearing."""
    who: Temper
    arrived: Affect
    at_risk: bool
    named: int
    """How many things of this life have been named so far."""
    chance: Chance

    @property
    def turn(self) -> int:
        """The turn that is about to begin."""
        return self.scene.turn + 1

    @property
    def reach(self) -> int:
        """How deep this Seeker would go now."""
        level = (self.affect.trust + self.affect.openness) / 2
        return max(depth for depth, need in enumerate(NEEDS) if level >= need)

    def told(self, key: str) -> bool:
        return key in self.scene.told

    def count(self, *acts: str) -> int:
        """How often lines of these acts were said."""
        return sum(key.split(":")[0] in acts for key in self.scene.told)

    def luck(self, purpose: str) -> float:
        return self.chance.number(self.turn, "seeker", purpose)

    def untold(self) -> list[BeatName]:
        """The beats of which nothing was told, in the order of telling."""
        return [beat for beat in BEATS if beat not in self.scene.told and f"{beat}/1" not in self.scene.told]

    def within_reach(self) -> list[BeatName]:
        """What is untold and not too deep, in the order of telling."""
        return [beat for beat in self.untold() if DEPTH[beat] <= self.reach]

    def half_told(self) -> BeatName | None:
        """The beat that was begun with the last words and not ended."""
        last = self.scene.told[-1] if self.scene.told else ""
        return next((beat for beat in BEATS if last == f"{beat}/1"), None)


@dataclass(frozen=True)
class Step:
    """What to do next: an act, what to say for it, and why."""

    act: DialogueAct
    says: tuple[str, ...]
    """Acts (`met`), beats (`days`), or `first:days`, `rest:days` for parts of one."""
    why: str
    """The reason, by which the private thought is found."""


def decide(moment: Moment) -> Step:
    """The next step."""
    return next(step for rule in _RULES if (step := rule(moment)))


def _time_is_up(m: Moment) -> Step | None:
    return Step(DialogueAct.CLOSE, ("close",), "time") if m.scene.turns_left == 1 else None


def _rupture(m: Moment) -> Step | None:
    if m.heard.hurts and m.affect.trust < _RUPTURE_BELOW and m.count("push_back", "withdraw") >= 2:
        return Step(DialogueAct.CLOSE, ("withdraw",), "rupture")
    return None


def _asked_about_safety(m: Moment) -> Step | None:
    if not m.heard.asked_safety or m.told("asked") or m.count("safe"):
        return None
    if m.at_risk:
        return Step(DialogueAct.DISCLOSE, ("asked",), "asked_plainly")
    return Step(DialogueAct.ELABORATE, ("safe",), "asked_plainly")


def _hurt(m: Moment) -> Step | None:
    if not m.heard.hurts:
        return None
    if m.at_risk and not m.told("danger") and m.turn > 3 and (m.heard.minimised or m.heard.referred) and m.luck("danger") < 0.35:
        return Step(DialogueAct.DISCLOSE, ("danger",), "hurt")
    answers_back = m.luck("answer back") < 0.25 + 0.7 * m.who.direct - 0.35 * m.who.avoids + 0.2 * m.heard.pushed
    if answers_back and m.count("push_back") < 5:
        return Step(DialogueAct.PUSH_BACK, ("push_back",), "hurt")
    return Step(DialogueAct.DEFLECT, ("withdraw",), "hurt") if m.count("withdraw") < 6 else None


def _too_soft(m: Moment) -> Step | None:
    much = m.heard.warmth - m.who.wanted_warmth
    if (m.heard.parroted or much > 0.4) and m.who.mirror < 0.5 and m.count("too_soft") < 2 and m.luck("too soft") < 0.5:
        return Step(DialogueAct.PUSH_BACK, ("too_soft",), "too_soft")
    return None


def _danger_shows(m: Moment) -> Step | None:
    if not m.at_risk or m.told("danger") or m.told("asked"):
        return None
    due = 4 + int(6 * m.chance.number("seeker", "danger is due"))
    if m.turn >= due and (m.affect.trust >= 30 or m.turn >= due + 3):
        return Step(DialogueAct.DISCLOSE, ("danger",), "danger")
    return None


def _offer(m: Moment) -> Step | None:
    if not m.heard.offered or m.count("accept", "refuse") >= 2:
        return None
    readiness = 0.15 + 0.006 * m.affect.trust + 0.3 * m.who.questions + 0.15 * m.who.agreeable - 0.15 * (m.affect.distress > 75)
    goes_on = tuple(m.within_reach()[:1]) if m.luck("and go on") < 0.5 else ()
    if m.luck("accept") < readiness:
        return Step(DialogueAct.ACCEPT, ("accept", *goes_on), "accepts")
    return Step(DialogueAct.REFUSE, ("refuse", *goes_on), "refuses")


def _back_again(m: Moment) -> Step | None:
    if m.count("calmer") and m.count("relapse") < 1 + (m.who.ruminates > 0.75) and m.luck("relapse") < 0.06 + 0.16 * m.who.ruminates:
        return Step(DialogueAct.RELAPSE, ("relapse",), "relapse")
    return None


def _calmer(m: Moment) -> Step | None:
    step_down = 9.0 * (1 + m.count("calmer"))
    too_often = m.count("calmer") >= (m.turn > 4) + (m.turn > 12)
    if m.arrived.distress - m.affect.distress < step_down or too_often or m.luck("calmer") > 0.6:
        return None
    then = tuple(beat for beat in ("wanted",) if m.reach >= DEPTH[beat] and beat in m.untold() and m.luck("want") < 0.6)
    return Step(DialogueAct.REPORT_CALMER, ("calmer", *then), "calmer")


def _natural_end(m: Moment) -> Step | None:
    ready = m.affect.distress < _CALM and len(m.untold()) <= _LEFT_UNSAID
    if m.turn >= _FIRST_NATURAL_END and ready and m.luck("end") < 0.2:
        return Step(DialogueAct.CLOSE, ("close",), "lighter")
    return None


def _try_them(m: Moment) -> Step | None:
    wary = (m.affect.trust < 48 and 2 <= m.turn <= 9 and not m.count("test")) or (m.affect.trust < 25 and m.count("test") < 2)
    if wary and m.luck("test") < 0.22 + 0.2 * m.who.direct - 0.15 * m.who.agreeable:
        return Step(DialogueAct.TEST, ("test",), "wary")
    return None


def _not_yet(m: Moment) -> Step | None:
    """A question went deeper than this Seeker would."""
    about = m.heard.about
    if about is None or about not in m.untold() or DEPTH[about] <= m.reach or m.count("deflect") > 3:
        return None
    return Step(DialogueAct.DEFLECT, ("deflect",), "not_yet") if m.luck("not yet") < 0.65 else None


def _remember(m: Moment) -> Step | None:
    wanders = m.turn >= 5 and m.affect.trust > 38 and m.count("own") < 2 and m.luck("remember") < 0.08 + 0.1 * m.who.expressive
    little_of_mine = m.named < _OWN_THINGS and m.turn >= 9 and m.count("own") < _OWN_THINGS + 1
    if wanders or little_of_mine:
        return Step(DialogueAct.REMEMBER, ("own",), "remembers")
    return None


def _tell(m: Moment) -> Step | None:
    begun = m.half_told()
    if begun and (m.heard.questions or m.heard.mirrored > 0.15 or m.heard.stayed) and m.luck("rest") < 0.8:
        return Step(_act(begun), (f"rest:{begun}",), "stayed")
    within = m.within_reach()
    if not within:
        return None
    answers = m.heard.about in within
    beat = m.heard.about if answers and m.heard.about else within[0]
    guarded = m.who.discloses < 0.5 and m.affect.openness < NEEDS[DEPTH[beat]] + 14 and m.luck("guarded") < 0.55
    part = f"first:{beat}" if guarded else beat
    landed = m.heard.mirrored > 0.18 and m.heard.warmth > m.who.wanted_warmth - 0.35
    if landed and not guarded and m.count("met") < 2 and m.luck("met") < 0.15:
        return Step(_act(beat), ("met", part), "met")
    return Step(_act(beat), (part,), "answers" if answers else "met" if landed else "goes_on")


def _act(beat: BeatName) -> DialogueAct:
    return DialogueAct.DISCLOSE if DEPTH[beat] >= 2 else DialogueAct.ELABORATE


def _nothing_within_reach(m: Moment) -> Step | None:
    if m.untold() and m.count("deflect") < 6:
        return Step(DialogueAct.DEFLECT, ("deflect",), "not_yet")
    return None


def _all_told(m: Moment) -> Step:
    """Nothing is left but to be there, or to go."""
    options: tuple[tuple[ActName | str, DialogueAct], ...] = (
        ("own", DialogueAct.REMEMBER),
        ("met", DialogueAct.ELABORATE),
        ("calmer", DialogueAct.REPORT_CALMER),
    )
    left = [(key, act) for key, act in options if m.count(key) < 4]
    if not left or m.luck("go") < 0.25:
        return Step(DialogueAct.CLOSE, ("close",), "lighter")
    key, act = min(left, key=lambda option: m.count(option[0]))
    return Step(act, (key,), "goes_on")


_RULES: tuple[Callable[[Moment], Step | None], ...] = (
    _time_is_up,
    _rupture,
    _asked_about_safety,
    _hurt,
    _danger_shows,
    _too_soft,
    _offer,
    _back_again,
    _natural_end,
    _calmer,
    _try_them,
    _not_yet,
    _remember,
    _tell,
    _nothing_within_reach,
    _all_told,
)
