"""How old payloads become current ones: pure functions from dict to dict, one per (type, old version).

They know only JSON: a model that changed later must not change how the past is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Payload: TypeAlias = dict[str, Any]
Upcaster: TypeAlias = Callable[[Payload], Payload]


def variant_judged_1(old: Payload) -> Payload:
    """Version 1 kept one list of evidence for all dimensions, and hard lines as `rule: words`."""
    evidence = old.get("evidence", [])
    return {
        "turn": old["turn"],
        "variant": old["variant"],
        "judge": old["judge"],
        "scores": old["scores"],
        "evidence": dict.fromkeys(old["scores"].keys(), evidence),
        "violations": [dict(zip(("rule", "words"), line.split(": ", 1), strict=True)) for line in old.get("violations", [])],
    }


def conversation_started_1(old: Payload) -> Payload:
    """Version 1 did not say which situation of the catalogue a crisis tells, nor who and what of a life it is about."""
    return {**old, "crisis": {**old["crisis"], "situation": "", "cast": {}}}


def seeker_spoke_1(old: Payload) -> Payload:
    """Version 1 did not keep what of its story a Seeker told."""
    return {**old, "told": []}


def reaction_foreseen_1(old: Payload) -> Payload:
    """Version 1 looked one answer ahead, and kept neither what it told nor whether it would be flagged."""
    return {**old, "told": [], "danger": None, "ahead": []}


def conversation_started_2(old: Payload) -> Payload:
    """Version 2 knew only the built-in engine: nobody's voice had settings."""
    return {**old, "settings": {**old["settings"], "voices": {}}}


def unchecked(old: Payload) -> Payload:
    """Version 2 of what a Seeker said: told by rules, which neither appraise in words nor fall out of their role."""
    return {**old, "appraisal": None, "faults": []}


def model_replied_1(old: Payload) -> Payload:
    """Version 1 did not say which reply a call was for; what it kept was whole, counted and paid."""
    return {**old, "variant": None, "cut": False, "counted": True, "kept": False}


def model_failed_1(old: Payload) -> Payload:
    """Version 1 did not say which reply a call was for, nor what a failure cost."""
    return {**old, "variant": None, "prompt_tokens": 0, "completion_tokens": 0, "cost": 0.0, "asked": True}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("conversation_started", 1): conversation_started_1,
    ("conversation_started", 2): conversation_started_2,
    ("model_failed", 1): model_failed_1,
    ("model_replied", 1): model_replied_1,
    ("reaction_foreseen", 1): reaction_foreseen_1,
    ("reaction_foreseen", 2): unchecked,
    ("seeker_spoke", 1): seeker_spoke_1,
    ("seeker_spoke", 2): unchecked,
    ("variant_judged", 1): variant_judged_1,
}
"""(type, version) to the function that lifts it to the next version."""
