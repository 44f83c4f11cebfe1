"""The persona JSON of the original KAKOverse, both ways. It knows their field names; nothing of ours depends on them."""

from __future__ import annotations

from typing import Any

from agents.ground.errors import VigilError
from agents.persona import Persona

_BIRTH = {"metadata": "notes"}
_FORMATIVE = {"age_group_at_time": "life_stage", "citizenship_status": "status", "metadata": "notes"}
_NOW = {
    "current_location": "location",
    "employment": "work",
    "financial_status": "finances",
    "societal_perceptions": "perceptions",
}


class NotALegacyPersona(VigilError):
    """A file that does not have the shape of the original's personas."""


def looks_legacy(data: dict[str, Any]) -> bool:
    """Whether this is the original's shape and not ours."""
    return data.get("agent") == "Seeker"


def from_legacy(data: dict[str, Any]) -> dict[str, Any]:
    """Our field names for the original's; what it does not say is said to be unknown. Not validated yet."""
    try:
        now = _renamed(data["current_socio_demographics"], _NOW)
        now.pop("location_current", None)
        problem = dict(data["presenting_problem"])
        return {
            "id": data["id"],
            "name": data.get("name", "unnamed"),
            "pronouns": data.get("pronouns", {"male": "he/him", "female": "she/her"}.get(data["gender_at_birth"], "they/them")),
            "language": data.get("language", "en"),
            "gender_at_birth": data["gender_at_birth"],
            "family": data.get("family", f"f-{data['id']}"),
            "birth_context": _renamed(data["birth_context"], _BIRTH),
            "formative_context": [_renamed(place, _FORMATIVE) for place in data.get("formative_context", [])],
            "natural_tendencies": data.get("natural_tendencies", []),
            "schwartz_basic_values": data["schwartz_basic_values"],
            "hexaco": data["hexaco"],
            "csi": data["csi"],
            "current_socio_demographics": now,
            "presenting_problem": problem,
            "meta": {
                "created_from": data["meta"]["created_from"],
                "city_keys": data["meta"].get("city_keys", []),
                "version": data["meta"]["version"],
            },
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise NotALegacyPersona(f"{data.get('id', 'a persona')} lacks {error}, which the original's personas have.") from None


def to_legacy(persona: Persona) -> dict[str, Any]:
    """The original's field names for ours; names, people and things of ours travel along as extra fields."""
    data = persona.model_dump(mode="json")
    now = _renamed(data.pop("current_socio_demographics"), {ours: theirs for theirs, ours in _NOW.items()})
    now["location_current"] = now["current_location"]
    meta = data.pop("meta")
    return {
        "agent": "Seeker",
        **data,
        "birth_context": _renamed(data["birth_context"], {ours: theirs for theirs, ours in _BIRTH.items()}),
        "formative_context": [
            _renamed(place, {ours: theirs for theirs, ours in _FORMATIVE.items()}) for place in data["formative_context"]
        ],
        "current_socio_demographics": now,
        "meta": {**meta, "included_cities": meta["city_keys"]},
    }


def _renamed(data: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in data.items()}
