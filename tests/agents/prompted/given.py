"""A fake of whoever is asked, with answers written by hand, and the answers that a good model would give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.chance import Chance
from agents.models.calls import Call, CallFailed, Reply
from agents.prompted.judge import PromptedJudge
from agents.prompted.seeker import PromptedSeeker
from agents.prompted.supporter import PromptedSupporter
from agents.scene import Foreseen, Judgement, Proposal, Scene, Spoken, Stance
from agents.snapshot import Voice
from tests.agents.given import WARM, now

VOICE = Voice(model="openai:tiny")
FLAT = {"distress": 0, "arousal": 0, "trust": 0, "hope": 0, "openness": 0}


@dataclass
class Scripted:
    """Answers one call after the other with what was written down for it: a text, an object, a cut-off text, or a failure."""

    answers: Sequence[str | dict[str, Any] | CallFailed]
    asked: list[Call] = field(default_factory=list)
    given_up: list[tuple[Call, CallFailed]] = field(default_factory=list)

    async def ask(self, call: Call) -> Reply:
        answer = self.answers[len(self.asked)]
        self.asked.append(call)
        if isinstance(answer, CallFailed):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        return Reply(text=text, prompt_tokens=1, completion_tokens=1, latency_ms=1.0)

    def unusable(self, call: Call, failure: CallFailed) -> None:
        self.given_up.append((call, failure))

    @property
    def purposes(self) -> list[str]:
        return [call.purpose for call in self.asked]


def says(message: str = "The letters are still under the sink.", **more: Any) -> dict[str, Any]:
    """A Seeker's answer."""
    usual = {"heard": "a question", "effects": FLAT, "why": "it was plain", "thought": "not yet", "act": "elaborate", "danger": None}
    return {**usual, "message": message, **more}


def replies(message: str = "Since when are they under the sink?", **more: Any) -> dict[str, Any]:
    """A Supporter's answer."""
    return {"thought": "stay with the letters", "strategy": ["ask"], "message": message, **more}


def weighs(score: int = 2, evidence: Sequence[str] = (), violations: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    """A judge's answer."""
    given = {"score": score, "evidence": list(evidence)}
    return {"scores": {"constitution": given, "empathy": given, "presence": given}, "violations": list(violations)}


def spoken(moment: Scene, *answers: str | dict[str, Any] | CallFailed, voice: Voice = VOICE) -> tuple[Spoken, Scripted]:
    asking = Scripted(answers)
    return now(PromptedSeeker(asking, voice, Chance(1)).speak(moment)), asking


def proposed(
    moment: Scene, *answers: str | dict[str, Any] | CallFailed, stance: Stance = WARM, voice: Voice = VOICE
) -> tuple[Proposal, Scripted]:
    asking = Scripted(answers)
    return now(PromptedSupporter(asking, voice, Chance(1)).propose(moment, stance)), asking


def weighed(
    moment: Scene, proposal: Proposal, *answers: str | dict[str, Any] | CallFailed, foreseen: Foreseen | None = None, voice: Voice = VOICE
) -> tuple[Judgement, Scripted]:
    asking = Scripted(answers)
    return now(PromptedJudge(asking, voice, Chance(1)).weigh(moment, proposal, foreseen)), asking


def read_by_model(call: Call) -> str:
    """All that a model is given to read."""
    return "\n".join(message.content for message in call.messages)
