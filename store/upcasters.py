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


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {("variant_judged", 1): variant_judged_1}
"""(type, version) to the function that lifts it to the next version."""
