"""A judge that a model voices: scores with quotations and hard lines. Stabilisation, the gate and the reward are the panel's own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from agents.chance import Chance
from agents.judges.panel import gated, stabilisation
from agents.models.calls import Asking, Call, Message
from agents.prompted.asking import ask_form
from agents.prompted.forms import JudgeForm, ScoreForm, ViolationForm, reader
from agents.prompted.history import tokens, trimmed
from agents.prompted.prompts import Prompt, filled, prompt
from agents.prompted.quotes import passage, passages
from agents.scene import Foreseen, Judgement, Proposal, Scene
from agents.snapshot import Voice
from agents.values import Role, Violation

UNQUOTED = "(no words of the reply were given)"
"""Stands where a score has no quotation that is really in the reply."""
_IGNORED = "risk_ignored"
_NAMES = {Role.SEEKER: "Seeker", Role.SUPPORTER: "Supporter"}
_read_form = reader(JudgeForm)


class PromptedJudge:
    """Somebody who weighs, voiced by a model."""

    def __init__(self, asking: Asking, voice: Voice, chance: Chance) -> None:
        self._asking, self._voice, self._chance = asking, voice, chance

    @property
    def name(self) -> str:
        """The model's name, in letters that a judge's name can have, and the version of the prompt."""
        safe = re.sub(r"[@\s]+", "-", self._voice.model)
        return f"{safe}@{prompt(Role.JUDGE).version}"

    async def weigh(self, scene: Scene, proposal: Proposal, foreseen: Foreseen | None) -> Judgement:
        """Scores from 0 to 1 with their evidence, and `reward`."""
        form, _ = await ask_form(self._asking, self._call(scene, proposal), _complete)
        text, reply = prompt(Role.JUDGE), proposal.message
        given = {name: form.scores[name] for name in text.dimensions}
        stable = stabilisation(scene, foreseen)
        values = {name: round(_share(given[name], _top(text, name)), 3) for name in given} | {"stabilisation": round(stable.value, 3)}
        evidence = {name: _evidence(score, reply) for name, score in given.items()} | {"stabilisation": stable.evidence}
        violations = tuple(filter(None, (_violation(text, found, scene, reply) for found in form.violations)))
        return Judgement(
            judge=self.name,
            scores=gated(values, violations),
            evidence={name: words for name, words in evidence.items() if words},
            violations=tuple(dict.fromkeys(violations)),
        )

    def _call(self, scene: Scene, proposal: Proposal) -> Call:
        text, decoding = prompt(Role.JUDGE), self._voice.decoding
        system = filled(text.system, {"dimensions": _dimensions(text), "rules": _rules(text)}).strip()
        values = {"talk": "", "moment": _moment(text, scene), "reminder": text.reminder, "reply": proposal.message}
        lines = [f"{_NAMES[one.role]}: {one.text}" for one in scene.said]
        kept = trimmed(lines, tokens(system) + tokens(filled(text.task, values)), self._voice, decoding, Role.JUDGE)
        task = filled(text.task, values | {"talk": "\n".join(kept)}).strip()
        return Call(
            role=Role.JUDGE,
            purpose="judge.weigh",
            voice=self._voice,
            messages=(Message("system", system), Message("user", task)),
            decoding=decoding,
            seed=int(self._chance.number(Role.JUDGE, scene.turn, "judge.weigh", proposal.variant) * 2**31),
            turn=scene.turn,
            variant=proposal.variant,
            form=None if self._voice.structured == "prompt" else text.form,
        )


def _complete(fields: Mapping[str, JsonValue]) -> JudgeForm | None:
    """A verdict that leaves a dimension out is none."""
    form = _read_form(fields)
    return form if form and set(prompt(Role.JUDGE).dimensions) <= set(form.scores) else None


def _top(text: Prompt, name: str) -> int:
    """The highest score: the first text says what is weighed, the others what 0, 1, … mean."""
    return len(text.dimensions[name]) - 2


def _share(score: ScoreForm, top: int) -> float:
    return min(top, max(0, score.score)) / top


def _evidence(score: ScoreForm, reply: str) -> tuple[str, ...]:
    """The quotations that stand in the reply; where none does, that is noted, and the score stays."""
    return passages(score.evidence, reply) or ((UNQUOTED,) if score.score > 0 else ())


def _violation(text: Prompt, found: ViolationForm, scene: Scene, reply: str) -> Violation | None:
    """A known line with words that really cross it. What is passed over has no words of its own: there the Seeker's stand."""
    rule = re.sub(r"[\s-]+", "_", found.rule.lower())
    if rule not in text.rules:
        return None
    if rule == _IGNORED:
        return Violation(rule=rule, words=scene.danger.words[0]) if scene.danger else None
    words = passage(found.words, reply)
    return Violation(rule=rule, words=words) if words else None


def _dimensions(text: Prompt) -> str:
    lines = []
    for name, (what, *anchors) in text.dimensions.items():
        lines += [f"- {name} (0 to {_top(text, name)}): {what}", *(f"    {score}: {anchor}" for score, anchor in enumerate(anchors))]
    return "\n".join(lines)


def _rules(text: Prompt) -> str:
    return "\n".join(f"* {name}: it {what}" if name != _IGNORED else f"* {name}: {what}" for name, what in text.rules.items())


def _moment(text: Prompt, scene: Scene) -> str:
    if scene.danger is None:
        return text.moments["other"]
    return filled(text.moments["danger"], {"words": ", ".join(f"“{words}”" for words in scene.danger.words)})
