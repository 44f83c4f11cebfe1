"""A Seeker that a model voices: it appraises how the last message landed, then speaks; what it says is checked, and asked for again once.

It remembers nothing: the scene says all there is. How scales move within a turn is bounded here, whatever the model claims.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.builtin.affect import arrival
from agents.chance import Chance
from agents.models.calls import Asking, Call, CallFailed
from agents.persona import Crisis, Persona
from agents.prompted.asking import ask_form, follow_up
from agents.prompted.card import crisis_card, first_name, notes, seeker_card
from agents.prompted.faults import describe, faults
from agents.prompted.forms import DangerForm, Effects, SeekerForm, reader
from agents.prompted.history import Asked, messages
from agents.prompted.prompts import Prompt, filled, prompt
from agents.prompted.quotes import passages
from agents.prompted.tongue import answer_in, reply_in
from agents.scene import Scene, Spoken
from agents.snapshot import Voice
from agents.values import Affect, Appraisal, Danger, DialogueAct, Fault, RiskLevel, Role

MOST = 12
"""Points that any scale can move in a turn."""
_SCALES = ("distress", "arousal", "trust", "hope", "openness")
_read = reader(SeekerForm)


@dataclass(frozen=True)
class _Answer:
    """An answer with what is wrong with it."""

    form: SeekerForm
    faults: tuple[Fault, ...]
    call: Call
    text: str

    @property
    def badness(self) -> tuple[bool, int]:
        return not self.form.message, len(self.faults)


@dataclass(frozen=True)
class _Self:
    """Who one Seeker is told to be, worked out once from its card."""

    persona: Persona
    crisis: Crisis
    language: str
    system: str
    brief: tuple[str, ...]
    """What of the prompt must not come back."""


class PromptedSeeker:
    """Somebody in crisis, voiced by a model."""

    def __init__(self, asking: Asking, voice: Voice, chance: Chance) -> None:
        self._asking, self._voice, self._chance = asking, voice, chance
        self._self: _Self | None = None

    async def speak(self, scene: Scene) -> Spoken:
        """What this Seeker says next."""
        now = scene.affect or arrival(scene.persona, scene.crisis.severity)
        answer = await self._answer(self._call(scene, now), scene)
        if answer.faults:
            answer = await self._once_more(answer, scene)
        if not answer.form.message:
            failure = CallFailed(
                "malformed",
                f"{self._voice.model} was asked twice to speak as the Seeker and said nothing. Try another model.",
                lasting=True,
            )
            self._asking.unusable(answer.call, failure)
            raise failure
        return _spoken(answer, scene, now)

    def _call(self, scene: Scene, now: Affect) -> Call:
        text, turn, decoding = prompt(Role.SEEKER), scene.turn + 1, self._voice.decoding
        opens = not scene.said
        reminder = _reminder(text, scene)
        affect = "How you are now: " + _feeling(text, now)
        if opens:
            task, history = filled(text.opening, {"affect": affect, "reminder": reminder}), scene.said
        else:
            heard = scene.said[-1].text
            values = {"heard": heard, "affect": affect, "moment": _moment(text, scene, now), "reminder": reminder}
            task, history = filled(text.task, values), scene.said[:-1]
        asked = Asked(self._me(scene).system, task, text.begin)
        return Call(
            role=Role.SEEKER,
            purpose="seeker.speak",
            voice=self._voice,
            messages=messages(asked, history, Role.SEEKER, self._voice, decoding),
            decoding=decoding,
            seed=int(self._chance.number(Role.SEEKER, turn, "seeker.speak") * 2**31),
            turn=turn,
            form=None if self._voice.structured == "prompt" else text.form,
        )

    async def _answer(self, call: Call, scene: Scene) -> _Answer:
        form, reply = await ask_form(self._asking, call, _read)
        return _Answer(form, faults(form.message, scene, self._me(scene).brief, cut=reply.cut), call, reply.text)

    def _me(self, scene: Scene) -> _Self:
        me = self._self
        if me is None or me.persona is not scene.persona or me.crisis is not scene.crisis or me.language != scene.language:
            system = _system(prompt(Role.SEEKER), scene)
            self._self = me = _Self(scene.persona, scene.crisis, scene.language, system, _brief(scene))
        return me

    async def _once_more(self, first: _Answer, scene: Scene) -> _Answer:
        """The better of two answers; a second one that cannot be had leaves the first, with its faults marked."""
        text = prompt(Role.SEEKER)
        request = filled(text.reask, {"faults": describe(first.faults), "reminder": _reminder(text, scene)})
        call = replace(follow_up(first.call, "reask", first.text, request), purpose="seeker.reask")
        try:
            second = await self._answer(call, scene)
        except CallFailed as failure:
            if not failure.lasts:
                raise
            return first
        return min(first, second, key=lambda answer: answer.badness)


def _system(text: Prompt, scene: Scene) -> str:
    return filled(
        text.system,
        {
            "card": seeker_card(scene.persona),
            "crisis": crisis_card(scene.persona, scene.crisis),
            "language": answer_in(scene.language, native=scene.persona.language),
        },
    )


def _reminder(text: Prompt, scene: Scene) -> str:
    return filled(text.reminder, {"name": first_name(scene.persona), "language": reply_in(scene.language)})


def _brief(scene: Scene) -> tuple[str, ...]:
    """What of the prompt must not come back."""
    text = prompt(Role.SEEKER)
    return (*notes(scene.persona, scene.crisis), text.system, text.reminder, text.task, text.opening, *text.moments.values())


def _feeling(text: Prompt, affect: Affect) -> str:
    """The five scales in words and numbers."""
    return "; ".join(f"{scale} {value:.0f} of 100 ({_word(text.lists[scale], value)})" for scale, value in affect) + "."


def _word(words: tuple[str, ...], value: float) -> str:
    return words[min(len(words) - 1, int(value / 100 * len(words)))]


def _moment(text: Prompt, scene: Scene, now: Affect) -> str:
    """How far somebody would go now, and what else marks the moment."""
    ready = (now.trust + now.openness) / 2
    depth = "closed" if ready < 35 else "ajar" if ready < 50 else "open" if ready < 65 else "wide"
    said = [text.moments[depth]]
    if scene.danger:
        said.append(text.moments["asked_after_danger"])
    if scene.leaving:
        said.append(text.moments["leaving"])
    return " ".join(said)


def _spoken(answer: _Answer, scene: Scene, now: Affect) -> Spoken:
    form, opens = answer.form, not scene.said
    return Spoken(
        message=form.message,
        thought=form.thought,
        act=_act(form.act, opens=opens),
        affect=now if opens else moved(now, form.effects),
        danger=_danger(form.danger, form.message),
        appraisal=None if opens else Appraisal(heard=form.heard, why=form.why),
        faults=answer.faults,
    )


def moved(affect: Affect, effects: Effects) -> Affect:
    """How somebody feels after what a message did to them, within the bounds of a turn and of the scales."""
    changes = {scale: max(-MOST, min(MOST, getattr(effects, scale))) for scale in _SCALES}
    return Affect(**{scale: round(min(100.0, max(0.0, getattr(affect, scale) + change)), 1) for scale, change in changes.items()})


def _act(name: str, *, opens: bool) -> DialogueAct:
    if opens:
        return DialogueAct.OPEN
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return DialogueAct(plain) if plain in {act.value for act in DialogueAct if act is not DialogueAct.OPEN} else DialogueAct.ELABORATE


def _danger(form: DangerForm | None, message: str) -> Danger | None:
    """A danger with words that were really said; without any, what was said speaks for itself."""
    words = passages(form.words, message) if form else ()
    if form is None or not words or form.level.lower() == RiskLevel.NONE:
        return None
    known = {level.value for level in RiskLevel}
    return Danger(level=RiskLevel(form.level.lower()) if form.level.lower() in known else RiskLevel.MODERATE, words=words)
