"""From a voice to a client that can be asked, and a look at whether it can. It knows which client reaches which endpoint."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from agents.models.calls import ChatModel
from agents.models.endpoints import base_url_of, key_of, name_of
from agents.snapshot import Voice


def make_model(voice: Voice, keys: Mapping[str, SecretStr | None]) -> ChatModel:
    """The client that reaches a voice: a server's, or a checkpoint in this process."""
    base_url = base_url_of(voice)
    if base_url is None:
        from agents.models.local import LocalModel

        return LocalModel(name_of(voice.model))
    from agents.models.openai_client import OpenAIModel

    return OpenAIModel(voice, base_url, key_of(voice, keys))
