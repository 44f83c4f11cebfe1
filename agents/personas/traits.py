"""Traits that hang together: six HEXACO traits, ten values and seven aspects of talk, drawn from one correlation matrix.

It knows the published correlations and the trends of age and sex; it knows no place.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

from agents.chance import Chance
from agents.persona import ConversationStyle, Hexaco, SchwartzValues

HEXACO = tuple(Hexaco.model_fields)
VALUES = (
    "universalism",
    "benevolence",
    "conformity",
    "tradition",
    "security",
    "power",
    "achievement",
    "hedonism",
    "stimulation",
    "self_direction",
)
STYLE = tuple(ConversationStyle.model_fields)
TRAITS = (*HEXACO, *VALUES, *STYLE)

MEAN, SPREAD = 52.0, 17.0
_NORMAL = NormalDist()

# Positions on Schwartz's circle in degrees (Schwartz 1992, Advances in Experimental Social Psychology 25): neighbours are compatible,
# opposites exclude each other; tradition and conformity share a wedge. Centred values correlate about as the cosine of the angle
# between them, at roughly half its size.
_ANGLE = dict(zip(VALUES, (0, 36, 72, 84, 108, 162, 198, 234, 270, 306), strict=True))
_CIRCLE_STRENGTH = 0.5

CITED: dict[tuple[str, str], float] = {
    # Among HEXACO scales, self-reports: small, the largest between honesty-humility and agreeableness (Lee & Ashton 2018, Assessment 25).
    ("honesty_humility", "agreeableness"): 0.26,
    ("honesty_humility", "conscientiousness"): 0.14,
    ("honesty_humility", "openness_to_experience"): 0.10,
    ("emotionality", "extraversion"): -0.10,
    ("agreeableness", "extraversion"): 0.10,
    ("conscientiousness", "extraversion"): 0.12,
    # Honesty-humility against self-enhancement (Lee et al. 2009, J. Research in Personality 43; Anglim et al. 2017, ibid. 68).
    ("honesty_humility", "power"): -0.45,
    ("honesty_humility", "achievement"): -0.25,
    ("honesty_humility", "benevolence"): 0.25,
    ("honesty_humility", "universalism"): 0.25,
    # Openness, agreeableness, extraversion and conscientiousness with values, near the meta-analytic means of Parks-Leduc, Feldman &
    # Bardi 2015 (Personality and Social Psychology Review 19), weakened for agreeableness, which HEXACO divides with honesty-humility.
    ("openness_to_experience", "self_direction"): 0.45,
    ("openness_to_experience", "universalism"): 0.33,
    ("openness_to_experience", "stimulation"): 0.30,
    ("openness_to_experience", "tradition"): -0.28,
    ("openness_to_experience", "conformity"): -0.27,
    ("openness_to_experience", "security"): -0.24,
    ("agreeableness", "benevolence"): 0.35,
    ("agreeableness", "universalism"): 0.20,
    ("agreeableness", "power"): -0.25,
    ("extraversion", "stimulation"): 0.30,
    ("extraversion", "achievement"): 0.28,
    ("extraversion", "power"): 0.20,
    ("conscientiousness", "security"): 0.25,
    ("conscientiousness", "conformity"): 0.22,
    ("conscientiousness", "achievement"): 0.17,
    ("conscientiousness", "hedonism"): -0.19,
    # How people talk follows how they are (De Vries et al. 2013, Communication Research 40, for expressiveness, emotionality and
    # aggressiveness of talk with extraversion, emotionality and agreeableness; rumination with negative affectivity).
    ("emotional_expressiveness", "extraversion"): 0.35,
    ("emotional_expressiveness", "emotionality"): 0.30,
    ("rumination_tendency", "emotionality"): 0.40,
    ("rumination_tendency", "extraversion"): -0.30,
    ("conflict_avoidance", "agreeableness"): 0.30,
    ("conflict_avoidance", "directness"): -0.45,
    ("directness", "extraversion"): 0.25,
    ("directness", "agreeableness"): -0.25,
    ("self_disclosure_tendency", "emotional_expressiveness"): 0.45,
    ("self_disclosure_tendency", "openness_to_questions"): 0.40,
    ("openness_to_questions", "openness_to_experience"): 0.25,
    ("reflective_listening_tolerance", "agreeableness"): 0.25,
    ("reflective_listening_tolerance", "directness"): -0.30,
}
"""Pairs of traits and the correlation between them that people show."""

# In standard deviations. Women report more emotionality by nearly one (Lee & Ashton 2018); from youth to age, conscientiousness,
# agreeableness and honesty rise, stimulation, hedonism and achievement fall, tradition, conformity and security rise (Ashton & Lee
# 2016, J. Personality Assessment 98; Schwartz 2007, European Social Survey, chapter on values).
_WOMEN = {"emotionality": 0.8, "honesty_humility": 0.2, "benevolence": 0.15, "power": -0.2, "emotional_expressiveness": 0.3}
_PER_DECADE_OF_AGE = {
    "honesty_humility": 0.08,
    "agreeableness": 0.04,
    "conscientiousness": 0.05,
    "stimulation": -0.12,
    "hedonism": -0.10,
    "achievement": -0.06,
    "tradition": 0.09,
    "conformity": 0.07,
    "security": 0.06,
}
_MIDDLE_AGE = 50


@cache
def target() -> tuple[tuple[float, ...], ...]:
    """The whole matrix: cited pairs, the circle of values, and zero where nothing is known."""
    matrix = [[1.0 if a == b else _pair(a, b) for b in TRAITS] for a in TRAITS]
    return tuple(map(tuple, matrix))


def _pair(a: str, b: str) -> float:
    if (a, b) in CITED or (b, a) in CITED:
        return CITED.get((a, b), CITED.get((b, a), 0.0))
    if a in _ANGLE and b in _ANGLE:
        return _CIRCLE_STRENGTH * math.cos(math.radians(_ANGLE[a] - _ANGLE[b]))
    return 0.0


@cache
def _factor() -> tuple[tuple[float, ...], ...]:
    """The Cholesky factor of the nearest matrix to the target that some population could show."""
    matrix = [list(row) for row in target()]
    for _ in range(200):
        lower = _cholesky(matrix)
        if lower is not None:
            return lower
        matrix = [[value if i == j else value * 0.99 for j, value in enumerate(row)] for i, row in enumerate(matrix)]
    raise ValueError("no population can show the target correlations")


def _cholesky(matrix: list[list[float]]) -> tuple[tuple[float, ...], ...] | None:
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if rest <= 1e-6:
                    return None
                lower[i][i] = math.sqrt(rest)
            else:
                lower[i][j] = rest / lower[j][j]
    return tuple(tuple(row[: i + 1]) for i, row in enumerate(lower))


def draw_traits(chance: Chance, *, female: bool) -> dict[str, float]:
    """One person's lasting traits, in standard deviations from the mean of their sex at middle age."""
    noise = [_NORMAL.inv_cdf(min(max(chance.number("trait", name), 1e-6), 1 - 1e-6)) for name in TRAITS]
    drawn = {name: sum(weight * noise[k] for k, weight in enumerate(row)) for name, row in zip(TRAITS, _factor(), strict=True)}
    side = 0.5 if female else -0.5
    return {name: value + side * _WOMEN.get(name, 0.0) for name, value in drawn.items()}


def at_age(traits: dict[str, float], age: int) -> dict[str, int]:
    """The same person's traits at an age, on the scale from 0 to 100."""
    decades = (age - _MIDDLE_AGE) / 10
    return {name: _scaled(value + decades * _PER_DECADE_OF_AGE.get(name, 0.0)) for name, value in traits.items()}


def _scaled(value: float) -> int:
    return round(min(98.0, max(2.0, MEAN + SPREAD * value)))


def as_profile(scaled: dict[str, int]) -> tuple[SchwartzValues, Hexaco, ConversationStyle]:
    """Traits in the persona's three parts."""
    return (
        SchwartzValues(**{name: scaled[name] for name in VALUES}),
        Hexaco(**{name: scaled[name] for name in HEXACO}),
        ConversationStyle(**{name: scaled[name] for name in STYLE}),
    )
