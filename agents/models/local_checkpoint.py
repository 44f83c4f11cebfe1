"""A transformers checkpoint in a folder: loading it, the prompt as its chat template wants it, its limits and defaults.

It never downloads, runs no code that a checkpoint brings along, and knows neither batches nor threads.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from agents.ground.data_files import problems_of_model
from agents.models.calls import Call, CallFailed, Message
from agents.models.local_sampling import Sampling
from agents.values import Parameters, Value

DTYPES = ("auto", "float32", "bfloat16", "float16")
PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For a checkpoint without a chat template: `System: …`, `User: …`, `Assistant: …`, an empty line between them."""
_PROBE = "The weather is mild."


class Extra(Value):
    """What `extra` may say of a local model."""

    top_k: Annotated[int, Field(ge=0)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0)] | None = None
    chat_template_kwargs: Parameters = {}
    """Handed to the chat template, such as a switch for thinking aloud."""


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with its tokenizer."""

    path: str
    model: Any
    tokenizer: Any
    ends: frozenset[int]
    """The tokens that end an answer."""
    longest: int | None
    """How many tokens prompt and answer may be together; None where the model has no such limit."""
    defaults: dict[str, float]
    """What the checkpoint's own generation settings say of temperature, `top_p`, `top_k` and repetition."""
    takes_system: bool
    """Whether the chat template shows a system message."""

    @property
    def pad(self) -> int:
        """Stands to the left of shorter prompts, where it is never looked at."""
        return next((token for token in (self.tokenizer.pad_token_id, *sorted(self.ends)) if token is not None), 0)

    def prompt(self, call: Call) -> list[int]:
        """The tokens of the messages, ready for the answer; nothing in a message counts as a control token."""
        from jinja2.exceptions import TemplateError

        attempts = (list(call.messages), folded(call.messages, keep_first=True)) if self.takes_system else ()
        refused: TemplateError | None = None
        for messages in (*attempts, folded(call.messages, keep_first=False)):
            try:
                return _tokens(self.tokenizer, messages, _extra(call, self.path).chat_template_kwargs)
            except TemplateError as error:
                refused = error
        raise CallFailed("other", f"The chat template of {self.path} refuses these messages: {_line(refused)}.") from refused

    def sampling(self, call: Call) -> Sampling:
        """How the words of this call's answer are picked: the call's settings, then the checkpoint's, then 1, which changes nothing."""
        extra = _extra(call, self.path).model_dump(exclude={"chat_template_kwargs"}, exclude_none=True)
        asked = {**call.decoding.model_dump(exclude_none=True, exclude={"max_tokens"}), **extra}
        seed = call.seed if call.voice.seeded else None
        return Sampling(seed=secrets.randbits(64) if seed is None else seed, **{**self.defaults, **asked})

    def run_of(self, tokens: int) -> Any:
        """The settings of a run of so many tokens at most: always the largest score, and no end that all rows share."""
        return type(self.model.generation_config)(do_sample=False, max_new_tokens=tokens, pad_token_id=self.pad)

    def text(self, tokens: Sequence[int]) -> str:
        """The words of an answer, without control tokens."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def folded(messages: Sequence[Message], *, keep_first: bool) -> list[Message]:
    """The same words with every system message, except perhaps the first of all, said by the user, and no role twice in a row."""
    done: list[Message] = []
    for at, message in enumerate(messages):
        kept = message.role != "system" or (keep_first and at == 0)
        role = message.role if kept else "user"
        if done and done[-1].role == role:
            done[-1] = Message(role, f"{done[-1].content}\n\n{message.content}")
        else:
            done.append(Message(role, message.content))
    return done


def load_checkpoint(path: str, device: str | None = None, dtype: str | None = None) -> Checkpoint:
    """The checkpoint in a folder, ready to answer; `CallFailed` says what is wrong with it."""
    if dtype is not None and dtype not in DTYPES:
        raise CallFailed("other", f"{dtype!r} is no dtype for a local model. Known: {', '.join(DTYPES)}.")
    folder = folder_of(path)
    try:
        import torch
        import transformers
    except ImportError as error:
        missing = error.name or "torch or transformers"
        message = f"local:{path} needs {missing}, which is not installed. Run: pip install -e '.[training]' -c constraints.txt"
        raise CallFailed("other", message) from error
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    # Half precision is slow on most processors, and coarse enough there for the batch to show in the words.
    kind = dtype or ("float32" if place.startswith("cpu") else "auto")
    tokenizer = _tokenizer(transformers, folder)
    model = _model(transformers, folder, place, kind)
    defaults, ends = _own_settings(model, tokenizer)
    model.generation_config = type(model.generation_config)()
    return Checkpoint(path, model, tokenizer, ends, _longest(model), defaults, _takes_system(tokenizer))


def folder_of(path: str) -> Path:
    """The folder of a checkpoint, if there is one; nothing of it is loaded."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise CallFailed("unknown_model", f"There is no folder {folder}. Give local: the folder of a transformers checkpoint.")
    if not ((folder / "config.json").exists() or (folder / "adapter_config.json").exists()):
        raise CallFailed(
            "unknown_model", f"{folder} is not a transformers checkpoint: it has no config.json. Save one with save_pretrained()."
        )
    return folder


def _tokenizer(transformers: Any, folder: Path) -> Any:
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        usable = len(tokenizer) > 0 and bool(tokenizer.encode(_PROBE, add_special_tokens=False))
    except Exception as error:
        message = f"{folder} has no tokenizer that can be read ({_line(error)}). Save it there with tokenizer.save_pretrained()."
        raise CallFailed("unknown_model", message) from error
    if not usable:
        raise CallFailed("unknown_model", f"{folder} has no tokenizer. Save it there with tokenizer.save_pretrained().")
    if not tokenizer.chat_template:
        import structlog

        message = "this checkpoint has no chat template: it is asked in plain words, System, User and Assistant"
        structlog.get_logger("vigil.models").warning(message, model=f"local:{folder}")
        tokenizer.chat_template = PLAIN_TEMPLATE
    return tokenizer


def _model(transformers: Any, folder: Path, place: str, kind: str) -> Any:
    logging = transformers.utils.logging
    showed_bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, notes = transformers.AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, dtype=kind, output_loading_info=True
        )
        model = model.to(place).eval()
    except Exception as error:
        raise CallFailed("unknown_model", f"The checkpoint in {folder} cannot be loaded on {place}: {_line(error)}.") from error
    finally:
        if showed_bars:
            logging.enable_progress_bar()
    if missing := sorted(notes["missing_keys"]):
        message = f"{folder} holds no whole language model: {len(missing)} weights are missing, such as {missing[0]}. Is it one for chat?"
        raise CallFailed("unknown_model", message)
    return model


def _own_settings(model: Any, tokenizer: Any) -> tuple[dict[str, float], frozenset[int]]:
    own = model.generation_config
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    defaults = {name: value for name in names if (value := getattr(own, name, None)) is not None}
    stated = own.eos_token_id
    ends = stated if isinstance(stated, list) else [stated]
    return defaults, frozenset(end for end in (*ends, tokenizer.eos_token_id) if end is not None)


def _longest(model: Any) -> int | None:
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return longest if isinstance(longest, int) and longest > 0 else None


def _takes_system(tokenizer: Any) -> bool:
    """Some templates refuse a system message, and some leave it out without a word."""
    from jinja2.exceptions import TemplateError

    messages = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "Hello."}]
    try:
        return _PROBE in tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        return False


def _tokens(tokenizer: Any, messages: Sequence[Message], switches: Parameters) -> list[int]:
    plain = [{"role": message.role, "content": message.content} for message in messages]
    tokens = tokenizer.apply_chat_template(plain, add_generation_prompt=True, sanitize_control_tokens=True, return_dict=True, **switches)
    return list(tokens["input_ids"])


def _extra(call: Call, path: str) -> Extra:
    try:
        return Extra.model_validate(call.voice.extra)
    except ValidationError as error:
        raise CallFailed("other", f"local:{path} cannot use its extra settings: {'; '.join(problems_of_model(error))}.") from None


def _line(error: BaseException | None) -> str:
    """The first line of what an error says."""
    said = str(error).strip()
    return said.splitlines()[0].rstrip(".") if said else type(error).__name__
