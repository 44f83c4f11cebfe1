"""Whether a chair's model can do its work, found out before anybody needs it: one line for each finding, each with what to do.

The quick look asks nothing of the model; a check asks one small question; a deep one also reads a long session and repeats a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue, SecretStr

from agents.ground.errors import nearest
from agents.models.calls import Call, CallFailed, ChatModel, Message, Reply
from agents.models.connections import client_for
from agents.models.endpoints import base_url_of, endpoint_of, missing_key, name_of, needs_key
from agents.models.failures import Where, failure_of
from agents.models.local_checkpoint import folder_of
from agents.snapshot import Decoding, Voice
from agents.values import Role

Parse = Callable[[str], object | None]
"""Finds the object in what a model wrote; None where there is none."""

LONG_SESSION = 6000
"""About as many tokens as a session of 20 turns comes to, card and instructions included."""
_TIMEOUT_S = 20.0
"""A list of models comes at once, or something is wrong."""
_NO_LIST = (404, 405, 500, 501)
"""How servers say that they list no models; `transformers serve` fails at it where it has no cache."""
_SPENT = 512
"""Tokens that an answer may take at most, so that a model that thinks first comes to its point."""
_FORM: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
_QUESTION = 'Is a week longer than a day? Answer with one JSON object and nothing else, as in {"answer": "yes"}.'
_LINE = "Turn {n}. One of them says that the day was long, and the other asks what made it so. "


@dataclass(frozen=True)
class Finding:
    """What was found out about the model of a chair."""

    chair: str
    model: str
    ok: bool
    line: str
    """Fit to be shown as it is."""
    details: tuple[str, ...] = ()
    """Further things worth knowing, whether or not it is fit."""


async def quick_look(chair: str, voice: Voice, key: SecretStr | None) -> Finding:
    """Whether the key is there and right, the server answers, and it has the model, as far as its list of models tells."""
    base_url = base_url_of(voice)
    if base_url is None:
        return _here(chair, voice)
    if key is None and needs_key(voice):
        return Finding(chair, voice.model, False, missing_key(chair, voice))
    where = Where(voice.model, base_url, key)
    try:
        names = await listed_models(where)
    except CallFailed as failure:
        return _failed(chair, voice, failure)
    if names is None:
        return Finding(chair, voice.model, True, f"{chair}: {where.host} answers, but does not list its models.")
    if endpoint_of(voice.model).lists_all and not _listed(name_of(voice.model), names):
        return Finding(chair, voice.model, False, _not_listed(chair, voice, where, names), names)
    return Finding(chair, voice.model, True, f"{chair}: {where.host} answers for {name_of(voice.model)}.")


def _here(chair: str, voice: Voice) -> Finding:
    """Whether there is a checkpoint to be loaded into this process."""
    try:
        folder_of(name_of(voice.model))
    except CallFailed as failure:
        return _failed(chair, voice, failure)
    return Finding(chair, voice.model, True, f"{chair}: {voice.model} runs in this process.")


async def check_voice(
    chair: str, voice: Voice, model: ChatModel, base_url: str | None, key: SecretStr | None, *, parse: Parse, deep: bool = False
) -> Finding:
    """A quick look, then one small question that wants a JSON object back; a deep check asks three more."""
    placed = voice if base_url is None else voice.model_copy(update={"base_url": base_url})
    if base_url_of(placed) is not None and not (looked := await quick_look(chair, placed, key)).ok:
        return looked
    try:
        reply = await model.reply(_call(chair, voice, _QUESTION, form=_FORM))
        if parse(reply.text) is None:
            return _formless(chair, voice)
        details = (_took(reply), *(await _deep(chair, voice, model) if deep else ()))
    except CallFailed as failure:
        return _failed(chair, voice, failure)
    if wrong := [detail for detail in details if detail.startswith(chair)]:
        return Finding(chair, voice.model, False, wrong[0], details)
    return Finding(chair, voice.model, True, f"{chair}: {voice.model} answers, and keeps to a form.", details)


async def listed_models(where: Where) -> tuple[str, ...] | None:
    """The models that a server lists; None where it lists none, though somebody answers there."""
    import openai

    key = where.key.get_secret_value() if where.key else "no-key"
    client = openai.AsyncOpenAI(
        api_key=key, base_url=where.base_url, max_retries=0, timeout=_TIMEOUT_S, http_client=client_for(where.base_url)
    )
    client.organization = client.project = None
    try:
        told: object = await client.get("/models", cast_to=object)
    except Exception as error:  # noqa: BLE001 - whatever a client library raises is a finding of some kind
        failure = failure_of(error, where)
        if getattr(error, "status_code", None) in _NO_LIST:
            return None
        raise failure from None
    finally:
        await client.close()
    entries = told.get("data") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise CallFailed(
            "malformed",
            f"{where.base_url} answers, but not as an OpenAI-compatible server does. Its address mostly ends in /v1.",
        )
    return tuple(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry) or None


def _listed(name: str, names: tuple[str, ...]) -> bool:
    """Whether a model is on the list, be it by its newest tag or with a wish about its provider behind a colon."""
    return any(way in names for way in (name, f"{name}:latest", name.rpartition(":")[0]))


async def _deep(chair: str, voice: Voice, model: ChatModel) -> tuple[str, ...]:
    return (await _long(chair, voice, model), await _repeats(chair, voice, model))


async def _long(chair: str, voice: Voice, model: ChatModel) -> str:
    """Whether it reads a prompt as long as a session's, all of it."""
    advice = f"a session of 20 turns takes about {LONG_SESSION}. Give it more context, or take another model."
    if voice.context is not None and voice.context < LONG_SESSION:
        return f"{chair}: {voice.model} has a context of {voice.context} tokens; {advice}"
    # Ten tokens or more a line of 20 words, whatever the tokeniser.
    long = "".join(_LINE.format(n=n) for n in range(1, LONG_SESSION // 20))
    try:
        reply = await model.reply(_call(chair, voice, f"{long}\nIs this a story? {_QUESTION}"))
    except CallFailed as failure:
        if failure.kind != "context_overflow":
            raise
        return f"{chair}: {voice.model} cannot read a whole session; {advice}"
    if reply.counted and reply.prompt_tokens < LONG_SESSION // 2:
        return f"{chair}: {voice.model} was given about {LONG_SESSION} tokens and read {reply.prompt_tokens}: its server cuts; {advice}"
    return f"reads {reply.prompt_tokens} tokens at once"


async def _repeats(chair: str, voice: Voice, model: ChatModel) -> str:
    """Whether the same seed brings the same words."""
    if not voice.seeded:
        return "is asked without a seed"
    question = "Say in one sentence what a quiet morning is like."
    first, second = [await model.reply(_call(chair, voice, question, seed=7)) for _ in range(2)]
    return (
        "repeats itself with a seed"
        if first.text == second.text
        else "does not repeat itself with a seed: a run cannot be repeated word by word"
    )


def _call(chair: str, voice: Voice, question: str, *, form: dict[str, JsonValue] | None = None, seed: int | None = None) -> Call:
    role = Role(chair) if chair in set(Role) else Role.JUDGE
    decoding = voice.decoding.model_copy(update={"max_tokens": max(_SPENT, voice.decoding.max_tokens or 0)})
    return Call(role, "check", voice, (Message("user", question),), Decoding(**decoding.model_dump()), seed=seed, form=form)


def _took(reply: Reply) -> str:
    counted = "counts tokens" if reply.counted else "does not count tokens: they are estimated"
    return f"answered in {reply.latency_ms / 1000:.1f} s, {counted}"


def _formless(chair: str, voice: Voice) -> Finding:
    way = {
        "prompt": 'Set structured = "json_object" or "json_schema" for it in a models file, or take another model',
        "json_object": 'Try structured = "json_schema", or take another model',
        "json_schema": "Its server may not hold models to a form; take another model or server",
    }[voice.structured]
    return Finding(chair, voice.model, False, f"{chair}: {voice.model} was asked for a JSON object and wrote none. {way}.")


def _failed(chair: str, voice: Voice, failure: CallFailed) -> Finding:
    line = f"{chair}: {failure.message}"
    if failure.kind == "other" and voice.structured != "prompt" and "response_format" in failure.message:
        line += f' Its server cannot hold it to a form: set structured = "prompt" instead of "{voice.structured}".'
    return Finding(chair, voice.model, False, line)


def _not_listed(chair: str, voice: Voice, where: Where, names: tuple[str, ...]) -> str:
    name = name_of(voice.model)
    known = nearest(name, names) or f" It has {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}."
    return f"{chair}: {where.host} has no model {name!r}.{known}"
