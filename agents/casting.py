"""Who sits in which chair: from the names of models to a Seeker, a Supporter and judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.builtin import phrases, voice
from agents.builtin.seeker import BuiltinSeeker
from agents.builtin.supporter import BuiltinSupporter
from agents.chance import Chance
from agents.ground.errors import UsageError, nearest
from agents.judges import rubric
from agents.judges.panel import Panel
from agents.models.calls import Asking
from agents.models.voices import parse_voice
from agents.scene import Judge, Seeker, Supporter
from agents.snapshot import Decoding, SessionSnapshot, Voice
from agents.values import Role

BUILTIN = "builtin"
HUMAN = "human"
"""A person at the keyboard."""
CHAIRS = ("seeker", "supporter", "judge")


@dataclass(frozen=True)
class Cast:
    """Who takes part in a session beside its Seeker's card."""

    seeker: Seeker
    supporter: Supporter
    judge: Judge


def check_model(chair: str, model: str) -> str:
    """The name of a model that can take a chair."""
    known = [BUILTIN] if chair == "judge" else [BUILTIN, HUMAN]
    if chair not in CHAIRS:
        raise UsageError(f"There is no chair {chair!r}.{nearest(chair, CHAIRS)} Chairs are {', '.join(CHAIRS)}.")
    if ":" in model:
        parse_voice(chair, model)
    elif model not in known:
        raise UsageError(
            f"No model {model!r} can be the {chair}.{nearest(model, known)} Known here: {', '.join(known)}, or an endpoint and its model, "
            "such as openai:NAME, ollama:NAME or local:PATH."
        )
    return model


def check_language(language: str, models: Mapping[str, str]) -> None:
    """Refuses a language that somebody at the table does not have."""
    if language.partition("-")[0] == "en":
        return
    for chair in CHAIRS:
        if models.get(chair, BUILTIN) == BUILTIN:
            raise UsageError(
                f"The built-in {chair} has only English, not {language!r}. Give that chair a model: --{chair} openai:NAME, ollama:NAME…"
            )


def cast(settings: SessionSnapshot, seed: int, luck: int = 0, asking: Asking | None = None) -> Cast:
    """Everybody who takes part; where a person speaks, the built-in one still foresees and proposes. Models are asked through `asking`."""
    chance = Chance(seed, *([f"luck {luck}"] if luck else []))
    seeker: Seeker = BuiltinSeeker(chance)
    supporter: Supporter = BuiltinSupporter(chance)
    judge: Judge = Panel()
    voiced = {chair: _voice(chair, settings) for chair in CHAIRS if settings.models.get(chair, BUILTIN) not in (BUILTIN, HUMAN)}
    if not voiced:
        return Cast(seeker, supporter, judge)
    if asking is None:
        raise ValueError(f"nobody was named whom the {next(iter(voiced))} could ask")
    from agents.prompted.judge import PromptedJudge
    from agents.prompted.seeker import PromptedSeeker
    from agents.prompted.supporter import PromptedSupporter

    if voice := voiced.get("seeker"):
        seeker = PromptedSeeker(asking, voice, chance)
    if voice := voiced.get("supporter"):
        supporter = PromptedSupporter(asking, voice, chance)
    if voice := voiced.get("judge"):
        judge = PromptedJudge(asking, voice, chance)
    return Cast(seeker, supporter, judge)


def _voice(chair: str, settings: SessionSnapshot) -> Voice:
    """How a chair's model is asked; a model without settings of its own is asked as its endpoint has it."""
    voice = settings.voices.get(chair) or parse_voice(chair, settings.models[chair])
    if voice.model != settings.models[chair]:
        raise ValueError(f"{settings.models[chair]} sits in the {chair}'s chair, but {voice.model} has its voice")
    return voice


def presets(chair: str, voice: Voice) -> Voice:
    """A voice whose words are picked as usual in its chair, and at each care level, wherever nobody says otherwise.

    What the voice leaves to its server is set nowhere.
    """
    from agents.prompted.prompts import decoding_presets

    roles, care = decoding_presets()
    given = voice.decoding
    levels = {**care, **voice.by_care} if chair == Role.SUPPORTER else {}
    by_care = {level: voice.by_care.get(level, Decoding()).over(given).over(care.get(level, Decoding())) for level in levels}
    return voice.model_copy(
        update={
            "decoding": given.over(roles[Role(chair)]).without(voice.leave),
            "by_care": {level: decoding.without(voice.leave) for level, decoding in by_care.items()},
        }
    )


def sources(models: Mapping[str, str]) -> dict[str, str]:
    """What everybody speaks from, with its version: a built-in one's data files, a model's prompt."""
    builtin: dict[str, Callable[[], str]] = {"seeker": voice.version, "supporter": phrases.version}
    found: dict[str, str] = {}
    for chair in CHAIRS:
        if models.get(chair, BUILTIN) not in (BUILTIN, HUMAN):
            from agents.prompted import prompts

            found[chair] = prompts.versions()[chair]
        elif chair in builtin:
            found[chair] = builtin[chair]()
    return found


def rubrics() -> dict[str, str]:
    """The rubrics that the panel reads, with their versions."""
    return rubric.versions()
