"""Each row of a batch picks its words by its own settings and seed, as often as their probability says."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models.local_sampling import RowSampler, Sampling, chances


def test_each_step_draws_afresh_from_the_seed() -> None:
    first, next_step = chances(7, 0, 1000).tolist(), chances(7, 1, 1000).tolist()
    assert first == chances(7, 0, 1000).tolist()
    assert len(set(first) & set(next_step)) < 5


def test_words_are_picked_as_often_as_their_probability_says() -> None:
    import torch

    scores = torch.tensor([0.0, 1.0, 2.0, -1.0])
    rows = [Sampling(seed=seed) for seed in range(4000)]
    picked = RowSampler(rows, [1] * 4000, 1)(torch.zeros(4000, 1, dtype=torch.long), scores.repeat(4000, 1)).argmax(-1)
    shares = torch.bincount(picked, minlength=4) / 4000
    assert torch.allclose(shares, scores.softmax(-1), atol=0.03)


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [({}, {0, 1, 2, 3}), ({"top_k": 2}, {0, 1}), ({"top_p": 0.6}, {0, 1}), ({"top_p": 0.01}, {0}), ({"temperature": 0.01}, {0})],
)
def test_only_the_allowed_words_are_picked(settings: dict[str, Any], allowed: set[int]) -> None:
    import torch

    scores = torch.tensor([0.4, 0.3, 0.2, 0.1]).log()
    rows = [Sampling(seed=seed, **settings) for seed in range(300)]
    picked = RowSampler(rows, [1] * 300, 1)(torch.zeros(300, 1, dtype=torch.long), scores.repeat(300, 1)).argmax(-1)
    assert set(picked.tolist()) == allowed


def test_penalties_count_the_answer_s_words_and_repetition_the_prompt_s_too() -> None:
    import torch

    ids = torch.tensor([[9, 9, 0, 1, 2, 2]])  # padding, then a prompt of two, then an answer of two
    rows = [Sampling(seed=1, temperature=0, presence_penalty=0.5, frequency_penalty=0.25, repetition_penalty=2.0)]
    scores = RowSampler(rows, [2], 4)(ids, torch.full((1, 10), 4.0))[0].tolist()
    assert scores == [2.0, 2.0, 1.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
