"""Where models are reached: the presets, which key goes to which host, and how a base URL must look. It sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from agents.ground.data_files import read_data_file
from agents.ground.errors import UsageError, nearest
from agents.snapshot import Voice
from agents.values import Text, Value

OTHER_KEY = "MODEL_API_KEY"
"""The one key that goes to any server a person names by its base URL. The keys of presets never leave their own hosts."""
Longest = Literal["max_tokens", "max_completion_tokens"]


class Endpoint(Value):
    """A preset: what a model's name begins with."""

    name: Text
    base_url: str | None = None
    """None where the model runs in this process."""
    key: str | None = None
    """The environment's name of the secret that its own hosts need."""
    hosts: tuple[str, ...] = ()
    """Which hosts are its own, as patterns; the secret is shown to nobody else, and only over https."""
    free: bool = False
    """Whether nobody is paid by the token."""
    lists_all: bool = True
    """Whether it has nothing but what its list of models names."""
    longest: Longest = "max_tokens"
    """What its own hosts call the length of an answer; other servers understand `max_tokens`."""
    example: Text


class _File(Value):
    version: str
    openai: Endpoint
    openrouter: Endpoint
    hf: Endpoint
    ollama: Endpoint
    vllm: Endpoint
    transformers: Endpoint
    local: Endpoint


@cache
def endpoints() -> Mapping[str, Endpoint]:
    """Every preset by the word before the colon."""
    file = read_data_file(Path(__file__).parent / "endpoints.toml", _File)
    return {name: value for name, value in file if isinstance(value, Endpoint)}


def key_names() -> tuple[str, ...]:
    """Every environment name that may hold a secret for a model."""
    return (*sorted({endpoint.key for endpoint in endpoints().values() if endpoint.key}), OTHER_KEY)


def kind_of(model: str) -> str:
    """The preset of a model: the word before the first colon."""
    return model.partition(":")[0]


def name_of(model: str) -> str:
    """What the endpoint itself calls the model."""
    return model.partition(":")[2]


def endpoint_of(model: str) -> Endpoint:
    """The preset that a model's name begins with."""
    kind = kind_of(model)
    known = endpoints()
    if kind not in known:
        raise UsageError(f"There is no endpoint {kind!r} in {model!r}.{nearest(kind, known)} Known: {', '.join(known)}.")
    return known[kind]


def base_url_of(voice: Voice) -> str | None:
    """Where a voice is asked; None for a checkpoint in this process."""
    return voice.base_url or endpoint_of(voice.model).base_url


def origin(voice: Voice) -> str:
    """What tells a model from another one of its name: where its server is, or when the checkpoint in this process was last changed."""
    if (base_url := base_url_of(voice)) is not None:
        return base_url
    try:
        changed = [file.stat().st_mtime_ns for file in Path(name_of(voice.model)).expanduser().iterdir()]
    except OSError:
        return ""  # nothing that could answer; whoever asks it is told so
    return str(max(changed, default=0))


def key_name_of(voice: Voice) -> str:
    """Which secret goes to the server of a voice, if any does."""
    endpoint = endpoint_of(voice.model)
    return endpoint.key if endpoint.key and _is_own(endpoint, base_url_of(voice)) else OTHER_KEY


def needs_key(voice: Voice) -> bool:
    """Whether the server of a voice is known to answer nobody without a key."""
    return key_name_of(voice) != OTHER_KEY


def key_of(voice: Voice, keys: Mapping[str, SecretStr | None]) -> SecretStr | None:
    """The secret that the server of a voice is shown, out of all that are known; None where there is none for it."""
    endpoint = endpoint_of(voice.model)
    if endpoint.base_url is None or (endpoint.free and voice.base_url is None and kind_of(voice.model) == "ollama"):
        return None
    return keys.get(key_name_of(voice))


def missing_key(chair: str, voice: Voice) -> str:
    """What to tell somebody whose key is missing."""
    name, host = key_name_of(voice), urlsplit(base_url_of(voice) or "").hostname
    return (
        f"The {chair}'s model {voice.model!r} needs the key {name} for {host}. Put {name}=... into the environment or into .env; "
        f"for a server of your own name its --base-url (its key, if it has one, is {OTHER_KEY})."
    )


def longest_of(voice: Voice) -> Longest:
    """The field of a request that says how long an answer may be."""
    endpoint = endpoint_of(voice.model)
    return endpoint.longest if _is_own(endpoint, base_url_of(voice)) else "max_tokens"


def check_base_url(url: str, where: str) -> str:
    """The URL without a trailing slash, or an error that says what is wrong with it; it repeats no password."""
    text = url.strip().rstrip("/")
    if "://" not in text:
        guess = f"http://{text}" if text.split(":")[0].split("/")[0] in ("localhost", "127.0.0.1") else f"https://{text}"
        shown = f" Write {guess}." if "@" not in text and "?" not in text else ""
        raise UsageError(f"{where} has no http:// or https:// in front.{shown}")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{where} is not a URL: {error}. It looks like http://127.0.0.1:8000/v1.") from None
    if parts.scheme not in ("http", "https"):
        raise UsageError(f"{where} begins with {parts.scheme}://; models are reached by http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"{where} holds a user or a password. Leave it out, and put the key into {OTHER_KEY}: a URL is written into the log."
        )
    if parts.query or parts.fragment:
        raise UsageError(f"{where} holds a query or a fragment. Leave it out: {text.partition('?')[0].partition('#')[0]}")
    if not host:
        raise UsageError(f"{where} names no host. It looks like http://127.0.0.1:8000/v1.")
    for tail in ("/chat/completions", "/completions", "/models", "/chat"):
        if text.endswith(tail):
            raise UsageError(f"{where} goes on to {tail}, which the client adds itself. Write {text.removesuffix(tail)}.")
    return text


def _is_own(endpoint: Endpoint, base_url: str | None) -> bool:
    parts = urlsplit(base_url or "")
    return parts.scheme == "https" and any(fnmatchcase(parts.hostname or "", host) for host in endpoint.hosts)
