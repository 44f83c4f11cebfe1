"""How the next word is picked for each row of a batch by that row's own settings and seed. It knows no model and no text.

Noise drawn from (seed, step) is added to the scores before the largest is taken, which picks each word as often as its
probability says (the Gumbel-max trick). So a row's words depend on its own seed and scores, never on who shares the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_GREEDY_BELOW = 1e-5  # a temperature so small that dividing by it would overflow and choose nothing else
_LEAST_CHANCE = 1e-9  # keeps the logarithm of a drawn 0 finite

_FEW = 1024  # words that nearly always make up any top_p; sorting a whole vocabulary takes ten times as long


@dataclass(frozen=True)
class Sampling:
    """How one answer's words are picked."""

    seed: int
    temperature: float = 1.0
    """0 always takes the likeliest word."""
    top_p: float = 1.0
    """Only the likeliest words that together make up this much; 1 allows all."""
    top_k: int = 0
    """Only so many of the likeliest words; 0 allows all."""
    presence_penalty: float = 0.0
    """Taken off the score of every word that the answer has already."""
    frequency_penalty: float = 0.0
    """Taken off the score of a word for each time that the answer has it."""
    repetition_penalty: float = 1.0
    """Divides the score of every word that prompt or answer has already; 1 changes nothing."""


def chances(seed: int, step: int, size: int) -> Any:
    """Numbers between 0 and 1 that only the seed and the step decide."""
    import numpy as np

    generator = np.random.Generator(np.random.Philox(key=seed % 2**128, counter=step << 128))
    return generator.random(size, dtype=np.float32)


class RowSampler:
    """A logits processor: scores in, scores out whose largest is the word that each row picks."""

    def __init__(self, rows: Sequence[Sampling], lengths: Sequence[int], width: int) -> None:
        """The settings and the prompt's length of each row, and the length that all prompts are padded to."""
        self._rows = rows
        self._lengths = lengths
        self._width = width

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        step = input_ids.shape[1] - self._width
        for at, (row, length) in enumerate(zip(self._rows, self._lengths, strict=True)):
            own = input_ids[at, self._width - length :]
            scores[at] = _picked(_penalised(scores[at], own, length, row), row, step)
        return scores


def _penalised(scores: Any, own: Any, length: int, row: Sampling) -> Any:
    import torch

    if row.repetition_penalty != 1.0:
        seen = own.unique()
        before = scores[seen]
        scores[seen] = torch.where(before < 0, before * row.repetition_penalty, before / row.repetition_penalty)
    if row.presence_penalty or row.frequency_penalty:
        times = torch.bincount(own[length:], minlength=scores.shape[0])
        scores = scores - row.frequency_penalty * times - row.presence_penalty * (times > 0)
    return scores


def _picked(scores: Any, row: Sampling, step: int) -> Any:
    import torch

    if row.temperature < _GREEDY_BELOW:
        return scores
    allowed = _allowed(scores / row.temperature, row)
    noise = torch.from_numpy(chances(row.seed, step, scores.shape[0])).to(scores.device)
    return allowed - torch.log(-torch.log(noise.clamp_(min=_LEAST_CHANCE)))


def _allowed(scores: Any, row: Sampling) -> Any:
    """The scores, and minus infinity for what `top_k` and `top_p` leave out; the likeliest word always stays."""
    import torch

    if 0 < row.top_k < scores.shape[0]:
        scores = scores.masked_fill(scores < scores.topk(row.top_k).values[-1], -torch.inf)
    if row.top_p < 1.0:
        likely = scores.softmax(-1)
        scores = scores.masked_fill(likely < _least_likely(likely, row.top_p), -torch.inf)
    return scores


def _least_likely(likely: Any, top_p: float) -> Any:
    """How likely the last word is that is needed to make up `top_p`."""
    for many in (_FEW, likely.shape[0]):
        ordered = likely.topk(min(many, likely.shape[0])).values
        before = ordered.cumsum(-1) - ordered
        if before[-1] + ordered[-1] >= top_p:
            break
    return ordered[(before < top_p).sum() - 1]
