"""Who a session is with: somebody drawn, somebody of the plan, or somebody from a file. It knows no session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agents.crises.catalogue import find_category
from agents.ground.data_files import problems_of_model
from agents.ground.errors import UsageError
from agents.persona import Crisis, Persona
from agents.personas.draw import Wish, draw, persona_id, split_of
from agents.personas.files import PersonaFileError, read_persona
from agents.personas.plan import make_plan
from agents.values import Split

_DRAWS, _APART = 600, 1_000_003
"""How many people are drawn to find one who speaks a language, and how far their seeds are apart."""


@dataclass(frozen=True)
class Guest:
    """Somebody with what brings them, and the part of every dataset that they belong to."""

    persona: Persona
    crisis: Crisis

    @property
    def split(self) -> Split:
        return split_of(self.persona.family)


def drawn(seed: int, wish: Wish | None = None, told: Set[str] = frozenset()) -> Guest:
    """Somebody drawn from a seed, with a situation that is not in `told` while another fits."""
    return Guest(*draw(seed, wish, told))


def speaks(guest: Guest, language: str) -> bool:
    """Whether somebody is at home in a language; English and `native` ask nothing."""
    asked = language.partition("-")[0]
    return asked in ("en", "native") or guest.persona.language.partition("-")[0] == asked


def drawn_speaking(language: str, seed: int, wish: Wish | None = None, told: Set[str] = frozenset()) -> Guest:
    """Somebody drawn from a seed who is at home in a language: the first of a row of draws that the seed begins."""
    for step in range(_DRAWS):
        guest = drawn(seed + step * _APART, wish, told)
        if speaks(guest, language):
            return guest
    raise UsageError(
        f"Nobody of {_DRAWS} people drawn from seed {seed} grew up with the language {language!r}. Give a --city where it is spoken, "
        "name somebody with --persona, or let each speak their own with --language native."
    )


def planned(wanted: str, plan_seed: int = 1) -> Guest:
    """Somebody of the plan, by id or the beginning of one."""
    plan = make_plan(plan_seed)
    found = [cell for cell in plan.cells if persona_id(cell.identity, cell.age, cell.category).startswith(wanted)]
    if not found:
        raise UsageError(f"The plan of seed {plan_seed} has no persona {wanted!r}. `sim.py personas list` shows the ids.")
    if len(found) > 1:
        ids = [persona_id(cell.identity, cell.age, cell.category) for cell in found[:3]]
        raise UsageError(f"{wanted!r} could be {', '.join(ids)}…. Give more of the id.")
    return Guest(*plan.composed(found[0]))


def from_file(path: Path, category: str | None = None) -> Guest:
    """Somebody from a persona file; a file without a crisis needs its category named."""
    persona = read_persona(path)
    stored = json.loads(path.read_text(encoding="utf-8-sig")).get("crisis")
    if category is None and isinstance(stored, dict):
        try:
            return Guest(persona, Crisis.model_validate(stored))
        except ValidationError as error:
            raise PersonaFileError("\n".join(f"{path.name}: crisis.{problem}" for problem in problems_of_model(error))) from None
    if category is None:
        raise UsageError(f"{path.name} says nothing of a kind of crisis. Name one with --category; `sim.py crises list` shows all 45.")
    age = persona.current_socio_demographics.age
    name = find_category(category).name
    return Guest(persona, Crisis(category=name, summary=persona.presenting_problem.summary, severity="moderate", age=age))


def one_of_each_family(plan_seed: int = 1) -> Iterator[Guest]:
    """One persona of each family of the plan, at ages and in kinds of crisis that differ as much as the plan lets them."""
    plan = make_plan(plan_seed)
    wanted = set()
    seen: dict[str, int] = {}
    for number, cells in enumerate(plan.by_family.values()):
        order = [cells[(number * 29 + step * 7) % len(cells)] for step in range(len(cells))]
        cell = min(order, key=lambda cell: seen.get(cell.category.slug, 0))
        seen[cell.category.slug] = seen.get(cell.category.slug, 0) + 1
        wanted.add((cell.identity.family, cell.age))
    for _, persona, crisis in plan.personas(lambda cell: (cell.identity.family, cell.age) in wanted):
        yield Guest(persona, crisis)
