"""A persona as a card that a person enjoys reading. Plain text; it knows no terminal."""

from __future__ import annotations

import textwrap

from agents.persona import Crisis, Persona
from agents.personas.crisis import duration_in_words

_WIDTH = 88
_POLES = {
    "honesty_humility": ("shrewd", "sincere"),
    "emotionality": ("unruffled", "tender"),
    "extraversion": ("reserved", "outgoing"),
    "agreeableness": ("combative", "forgiving"),
    "conscientiousness": ("easygoing", "exact"),
    "openness_to_experience": ("down to earth", "curious"),
    "directness": ("talks around it", "says it straight"),
    "emotional_expressiveness": ("shows little", "shows what is felt"),
    "self_disclosure_tendency": ("keeps things in", "tells readily"),
    "openness_to_questions": ("dislikes questions", "welcomes questions"),
    "reflective_listening_tolerance": ("impatient of being mirrored", "eased by being mirrored"),
    "rumination_tendency": ("lets go", "turns things over"),
    "conflict_avoidance": ("stands a quarrel", "avoids a quarrel"),
}


def card(persona: Persona, crisis: Crisis | None = None) -> str:
    """The whole card."""
    now, problem = persona.current_socio_demographics, persona.presenting_problem
    parts = [
        f"{persona.name}, {now.age}  ({persona.pronouns})   {persona.id}",
        f"{now.location}, {now.year}. {now.work[:1].upper()}{now.work[1:]}; {now.household}. Money: {now.finances}. Around them: {now.social_network}.",
        "",
        *_paragraph(
            "Born",
            f"{persona.birth_context.city}, {persona.birth_context.country}, in the {persona.birth_context.decade}. {persona.birth_context.notes}",
        ),
        *(
            line
            for place in persona.formative_context
            for line in _paragraph(place.life_stage, f"{place.city}, {place.decade}, {place.status}. {place.notes}")
        ),
        *_paragraph("Speaks", f"{persona.language}; {persona.community}; {persona.faith}" if persona.community else persona.language),
        *_paragraph("People", "; ".join(f"{kin.called} ({kin.lives})" for kin in persona.people)),
        *_paragraph("Likes", "; ".join(persona.natural_tendencies)),
        *_paragraph("Remembers", "; ".join(persona.things)),
        *_paragraph("Is", ", ".join(leanings(persona.hexaco.model_dump()))),
        *_paragraph("Talks", ", ".join(leanings(persona.csi.model_dump()))),
        *_paragraph("Holds dear", ", ".join(dearest(persona))),
        "",
        *_paragraph("Here because", problem.summary),
        *_paragraph("For", duration_in_words(problem.duration_months)),
        *_paragraph("It shows", "; ".join(problem.symptoms)),
        *_paragraph("Set off by", "; ".join(problem.triggers)),
        *_paragraph(
            "Risk", "; ".join(f"{name.replace('_', ' ')}: {value.replace('_', ' ')}" for name, value in problem.risk.model_dump().items())
        ),
    ]
    if crisis is not None:
        parts += _paragraph("Kind", f"{crisis.category}, {crisis.severity}")
    parts += ["", "An invented person."]
    return "\n".join(parts)


def _paragraph(title: str, text: str) -> list[str]:
    if not text.strip():
        return []
    head = f"{title[:1].upper()}{title[1:]}".ljust(14)
    return textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * 14)


def leanings(traits: dict[str, float]) -> list[str]:
    """The traits that stand out, in words, the strongest first."""
    far = sorted(traits, key=lambda name: -abs(traits[name] - 50))
    return [_POLES[name][traits[name] > 50] for name in far if abs(traits[name] - 50) >= 12][:4] or ["in the middle of most things"]


def dearest(persona: Persona) -> list[str]:
    """The three highest values."""
    values = persona.schwartz_basic_values.model_dump()
    return [name.replace("_", "-") for name in sorted(values, key=lambda name: -values[name])[:3]]
