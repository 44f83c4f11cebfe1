"""A checkpoint served by `transformers serve` answers the real client, whole and word by word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models.local_checkpoint import load_checkpoint
from tests.serving.checkpoint import build_checkpoint
from tests.serving.transformers_serve import TransformersServer, transformers_serve

pytestmark = pytest.mark.slow
MESSAGES = [("system", "Be brief."), ("user", "I could not sleep.")]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="module")
def served(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersServer]:
    with transformers_serve(checkpoint, tmp_path_factory.mktemp("serving")) as server:
        yield server


def client(served: TransformersServer, **settings: Any) -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=served.model, base_url=served.url, api_key="none", max_tokens=20, max_retries=0, timeout=60, **settings)


def prompt_tokens(checkpoint: Path) -> int:
    from agents.models.calls import Call, Message
    from agents.snapshot import Decoding, Voice

    messages = tuple(Message(role, words) for role, words in MESSAGES)  # type: ignore[arg-type]
    asked = Call("seeker", "check", Voice(model="local:tiny"), messages, Decoding())
    return len(load_checkpoint(str(checkpoint), "cpu").prompt(asked))


def test_it_answers_the_real_client_and_counts_the_prompt_as_we_do(served: TransformersServer, checkpoint: Path) -> None:
    answer = client(served, temperature=0.7, seed=3).invoke(MESSAGES)
    assert answer.content
    assert answer.usage_metadata["input_tokens"] == prompt_tokens(checkpoint)
    assert 0 < answer.usage_metadata["output_tokens"] <= 20


def test_it_answers_the_real_client_piece_by_piece(served: TransformersServer) -> None:
    pieces = [chunk.content for chunk in client(served, streaming=True).stream(MESSAGES)]
    assert len([piece for piece in pieces if piece]) > 1


def test_it_says_the_same_for_the_same_seed_one_call_at_a_time(served: TransformersServer) -> None:
    first, again, other = (client(served, temperature=1.0, seed=seed).invoke(MESSAGES).content for seed in (5, 5, 6))
    assert first == again != other


def test_it_lists_its_models(served: TransformersServer) -> None:
    from openai import OpenAI

    with OpenAI(base_url=served.url, api_key="none", max_retries=0) as bare:
        bare.models.list()
