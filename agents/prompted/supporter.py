"""A Supporter that a model voices. It sees what anybody could hear and a name, an age, a place and a year: nothing of the Seeker's inside."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from agents.chance import Chance
from agents.models.calls import Asking, Call
from agents.prompted.asking import ask_form
from agents.prompted.card import helpers_card
from agents.prompted.forms import SupporterForm, reader
from agents.prompted.history import Asked, messages
from agents.prompted.prompts import Prompt, filled, prompt
from agents.prompted.tongue import answer_in, reply_in
from agents.scene import Proposal, Scene, Stance
from agents.snapshot import Voice
from agents.values import Role

_read_form = reader(SupporterForm)


class PromptedSupporter:
    """Somebody who stays, voiced by a model."""

    def __init__(self, asking: Asking, voice: Voice, chance: Chance) -> None:
        self._asking, self._voice, self._chance = asking, voice, chance

    async def propose(self, scene: Scene, stance: Stance) -> Proposal:
        """A reply in one stance."""
        form, _ = await ask_form(self._asking, self._call(scene, stance), _spoken)
        known = prompt(Role.SUPPORTER).lists["moves"]
        moves = tuple(dict.fromkeys(name for move in form.strategy if (name := move.lower().replace(" ", "_")) in known))
        return Proposal(
            variant=stance.variant,
            care_level=stance.care_level,
            style=stance.name,
            strategy=("cold", *moves) if stance.name == "cold" else moves,
            message=form.message,
            thought=form.thought,
        )

    def _call(self, scene: Scene, stance: Stance) -> Call:
        if not scene.said:
            raise ValueError("nothing was said yet that could be replied to")
        text, decoding = prompt(Role.SUPPORTER), self._voice.at(stance.care_level)
        values = {
            "heard": scene.said[-1].text,
            "manner": manner(text, stance),
            "moment": _moment(text, scene, stance),
            "reminder": filled(text.reminder, {"language": reply_in(scene.language)}),
        }
        asked = Asked(_system(text, scene), filled(text.task, values))
        return Call(
            role=Role.SUPPORTER,
            purpose="supporter.propose",
            voice=self._voice,
            messages=messages(asked, scene.said[:-1], Role.SUPPORTER, self._voice, decoding),
            decoding=decoding,
            seed=int(self._chance.number(Role.SUPPORTER, scene.turn, "supporter.propose", stance.variant) * 2**31),
            turn=scene.turn,
            variant=stance.variant,
            form=None if self._voice.structured == "prompt" else text.form,
        )


def _system(text: Prompt, scene: Scene) -> str:
    who, moves = helpers_card(scene.persona, scene.language), ", ".join(text.lists["moves"])
    return filled(text.system, {"who": who, "moves": moves, "language": answer_in(scene.language)})


def _spoken(fields: Mapping[str, JsonValue]) -> SupporterForm | None:
    """A reply of no words is none."""
    form = _read_form(fields)
    return form if form and form.message else None


def manner(text: Prompt, stance: Stance) -> str:
    """How to answer at a care level; one between two that are described is told by both."""
    if stance.name == "cold":
        return text.manners["cold"]
    levels = sorted(float(name) for name in text.manners if name != "cold")
    cooler = max(level for level in levels if level <= stance.care_level)
    warmer = min(level for level in levels if level >= stance.care_level)
    if cooler == warmer:
        return text.manners[f"{cooler:g}"]
    way = (stance.care_level - cooler) / (warmer - cooler)
    values = {
        "level": f"{stance.care_level:g}",
        "cooler": text.manners[f"{cooler:g}"],
        "warmer": text.manners[f"{warmer:g}"],
        "nearer": text.between["nearer_cooler" if way < 0.4 else "nearer_warmer" if way > 0.6 else "halfway"],
    }
    return filled(text.between["manners"], values)


def _moment(text: Prompt, scene: Scene, stance: Stance) -> str:
    if scene.danger:
        words = ", ".join(f"“{words}”" for words in scene.danger.words)
        return filled(text.moments["danger_cold" if stance.name == "cold" else "danger"], {"words": words})
    if scene.leaving:
        return text.moments["leaving"]
    return "" if scene.by(Role.SUPPORTER) else text.moments["first"]
