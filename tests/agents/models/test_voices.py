from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

import sim
from agents.casting import presets
from agents.ground.errors import UsageError
from agents.models.endpoints import OTHER_KEY, endpoints, key_name_of, key_names, key_of, longest_of
from agents.models.limits import Limit
from agents.models.prices import Price
from agents.models.voices import ModelsFile, parse_voice, read_models_file, voices_of
from agents.snapshot import Decoding, Voice

FILE = """
[seeker]
model = "ollama:llama3.2:3b"
temperature = 0.9
seeded = false

[supporter]
model = "openai:my-model"
base_url = "http://127.0.0.1:9000/v1/"
max_tokens = 200
structured = "json_object"
stream = true
timeout_s = 30
context = 8192
extra = { top_k = 40 }

[supporter.care."0.20"]
temperature = 0.3

[limits."openai:my-model"]
rpm = 60
tpm = 10000
at_once = 4

[prices."openai:my-model"]
prompt = 0.5
completion = 1.5
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("endpoint", endpoints().values(), ids=endpoints())
def test_each_endpoint_s_example_is_a_voice(endpoint) -> None:
    assert parse_voice("seeker", endpoint.example).model == endpoint.example


def test_a_model_s_name_may_hold_colons_and_slashes() -> None:
    assert parse_voice("seeker", "ollama:llama3.2:3b").model == "ollama:llama3.2:3b"
    assert parse_voice("seeker", "openrouter:vendor/name:free").model == "openrouter:vendor/name:free"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opnai:gpt-4.1", "Did you mean 'openai'"),
        ("gpt-4.1", "Is it openai:gpt-4.1?"),
        ("builtn", "Did you mean 'builtin'"),
        ("openai:", "names no model"),
        ("openai:gpt 4", "space in its name"),
        ("http://127.0.0.1:8000/v1", "--base-url"),
    ],
)
def test_a_model_that_cannot_be_read_says_how_it_is_written(text: str, said: str) -> None:
    with pytest.raises(UsageError, match="supporter") as error:
        parse_voice("supporter", text)
    assert said in error.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:8000/v1", "Write http://127.0.0.1:8000/v1."),
        ("models.example.org/v1", "Write https://models.example.org/v1."),
        ("ftp://example.org/v1", "begins with ftp://"),
        ("https://somebody:hush-hush@example.org/v1", OTHER_KEY),
        ("somebody:hush-hush@example.org/v1", "no http"),
        ("https://example.org/v1?key=hush-hush", "a query"),
        ("https://example.org/v1/chat/completions/", "Write https://example.org/v1."),
        ("https:///v1", "names no host"),
        ("http://example.org:port/v1", "is not a URL"),
    ],
)
def test_a_base_url_that_cannot_be_used_says_why_and_repeats_no_secret(url: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_voice("judge", "openai:m", base_url=url)
    assert said in error.value.message
    assert "hush-hush" not in error.value.message


def test_a_base_url_loses_its_trailing_slash() -> None:
    assert parse_voice("judge", "vllm:m", base_url=" http://h:1/v1/ ").base_url == "http://h:1/v1"


def test_a_checkpoint_in_this_process_takes_no_base_url() -> None:
    with pytest.raises(UsageError, match="runs in this process"):
        parse_voice("seeker", "local:a/path", base_url="http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    ("model", "base_url", "key"),
    [
        ("openai:m", None, "OPENAI_API_KEY"),
        ("openai:m", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("openai:m", "http://api.openai.com/v1", OTHER_KEY),
        ("openai:m", "https://api.openai.com.example.org/v1", OTHER_KEY),
        ("openai:m", "http://127.0.0.1:8000/v1", OTHER_KEY),
        ("openrouter:v/m", None, "OPENROUTER_API_KEY"),
        ("openrouter:v/m", "https://api.openai.com/v1", OTHER_KEY),
        ("hf:o/m", None, "HF_TOKEN"),
        ("hf:o/m", "https://abc.us-east-1.aws.endpoints.huggingface.cloud/v1", "HF_TOKEN"),
        ("hf:o/m", "https://endpoints.huggingface.cloud.example.org/v1", OTHER_KEY),
        ("vllm:m", None, OTHER_KEY),
    ],
)
def test_a_preset_s_key_goes_to_its_own_hosts_alone(model: str, base_url: str | None, key: str) -> None:
    assert key_name_of(Voice(model=model, base_url=base_url)) == key


def test_only_openai_itself_is_told_the_length_by_its_new_name() -> None:
    assert longest_of(Voice(model="openai:m")) == "max_completion_tokens"
    assert longest_of(Voice(model="openai:m", base_url="http://127.0.0.1:1/v1")) == "max_tokens"
    assert longest_of(Voice(model="ollama:m")) == "max_tokens"


def test_a_models_file_gives_each_chair_its_voice_limits_and_prices(tmp_path: Path) -> None:
    file = read_models_file(written(tmp_path, FILE))
    assert file.voices["seeker"] == Voice(model="ollama:llama3.2:3b", decoding=Decoding(temperature=0.9), seeded=False)
    assert file.voices["supporter"] == Voice(
        model="openai:my-model",
        base_url="http://127.0.0.1:9000/v1",
        decoding=Decoding(max_tokens=200),
        by_care={"0.2": Decoding(temperature=0.3)},
        structured="json_object",
        stream=True,
        timeout_s=30,
        context=8192,
        extra={"top_k": 40},
    )
    assert file.voices["supporter"].at(0.2) == Decoding(temperature=0.3, max_tokens=200)
    assert file.limits == {"openai:my-model": Limit(60, 10000, 4)}
    assert file.prices == {"openai:my-model": Price(prompt=0.5, completion=1.5)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[seekr]\nmodel='openai:m'", "Did you mean 'seeker'"),
        ("[seeker]\ntemperature=1", "seeker needs a model"),
        ("[seeker]\nmodel='openai:m'\ntemprature=1", "seeker.temprature is not a setting of a voice. Did you mean 'temperature'"),
        ("[seeker]\nmodel='opnai:m'", "Did you mean 'openai'"),
        ("[seeker]\nmodel='openai:m'\nbase_url=8000", "seeker.base_url"),
        ("[seeker]\nmodel='openai:m'\ntemperature=9", "seeker.temperature"),
        ("[seeker]\nmodel='openai:m'\nstructured='xml'", "seeker.structured"),
        ("[seeker]\nmodel='openai:m'\nleave=['temprature']", "seeker.leave.0: Input should be 'temperature'"),
        ("[seeker]\nmodel='openai:m'\nleave='top_p'", "seeker.leave"),
        ("[seeker]\nmodel='openai:m'\nleave=['top_p']\ntop_p=0.9", "seeker sets top_p and leaves it to the server as well"),
        ("[seeker]\nmodel='openai:m'\nleave=['top_p']\ncare={'0.2'={top_p=0.9}}", "seeker sets top_p and leaves it"),
        ("[seeker]\nmodel='openai:m'\nextra={messages=[]}", "seeker.extra.messages"),
        ("[seeker]\nmodel='openai:m'\ncare={warm={}}", "seeker.care.'warm' is not a care level"),
        ("[seeker]\nmodel='openai:m'\ncare={'0.2'={temp=1}}", "seeker.care.0.2.temp"),
        ("seeker='openai:m'", "a table is wanted"),
        ("[limits.'openai:m']\nrpm=0", "limits.openai:m.rpm"),
        ("[limits.m]\nrpm=1", "There is no endpoint 'm'"),
        ("[prices.'openai:m']\nprompt=-1\ncompletion=1", "prices.openai:m.prompt"),
        ("[seeker", "is not valid TOML"),
    ],
)
def test_a_fault_in_a_models_file_names_the_file_and_the_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_models_file(written(tmp_path, text))
    assert "models.toml" in error.value.message
    assert said in error.value.message


def test_a_models_file_that_is_not_there_is_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no models file .*gone\.toml"):
        read_models_file(tmp_path / "gone.toml")


def test_chairs_without_a_model_have_no_voice() -> None:
    assert voices_of({"seeker": "builtin", "supporter": "human", "judge": "openai:m"}, None, None) == {"judge": Voice(model="openai:m")}


def test_a_model_asked_for_by_name_wins_over_the_file_and_keeps_its_way_of_picking_words(tmp_path: Path) -> None:
    file = read_models_file(written(tmp_path, FILE))
    voices = voices_of({"supporter": "vllm:other", "seeker": "builtin"}, None, file)
    by_care = {"0.2": Decoding(temperature=0.3)}
    assert voices == {"supporter": Voice(model="vllm:other", decoding=Decoding(max_tokens=200), by_care=by_care, timeout_s=30)}
    assert voices_of({}, None, file) == file.voices


def test_what_is_left_to_the_server_of_a_model_goes_with_that_model(tmp_path: Path) -> None:
    file = read_models_file(written(tmp_path, "[seeker]\nmodel='openai:m'\nmax_tokens=900\nleave=['temperature', 'top_p']"))
    assert file.voices["seeker"].leave == ("temperature", "top_p")
    assert voices_of({"seeker": "openai:m"}, None, file) == file.voices
    assert voices_of({"seeker": "vllm:other"}, None, file) == {"seeker": Voice(model="vllm:other", decoding=Decoding(max_tokens=900))}


def test_what_is_left_to_a_server_is_in_no_request_of_its_chair() -> None:
    voice = Voice(model="openai:m", by_care={"0.2": Decoding(max_tokens=100)}, leave=("temperature", "top_p"))
    for chair in ("seeker", "supporter", "judge"):
        usual, left = presets(chair, voice.model_copy(update={"leave": ()})), presets(chair, voice)
        levels = [usual.decoding, *usual.by_care.values()]
        assert usual.decoding.temperature is not None
        assert [left.decoding, *left.by_care.values()] == [one.model_copy(update={"temperature": None, "top_p": None}) for one in levels]
        assert left.at(0.2).temperature is None


def test_a_base_url_is_for_every_model_on_a_server_that_has_none() -> None:
    models = {"seeker": "openai:a", "supporter": "openai:b", "judge": "local:c"}
    filed = ModelsFile(voices={"supporter": Voice(model="openai:b", base_url="http://own:1/v1")})
    voices = voices_of(models, "http://127.0.0.1:8000/v1/", filed)
    assert [voices[chair].base_url for chair in models] == ["http://127.0.0.1:8000/v1", "http://own:1/v1", None]


def test_a_base_url_for_models_of_two_endpoints_is_refused() -> None:
    with pytest.raises(UsageError, match="openai and openrouter models alike"):
        voices_of({"seeker": "openai:a", "judge": "openrouter:b/c"}, "http://127.0.0.1:8000/v1", None)


def test_a_base_url_for_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="no chair has a model on a server"):
        voices_of({"seeker": "builtin"}, "http://127.0.0.1:8000/v1", None)


def test_the_front_door_looks_for_the_key_of_every_endpoint() -> None:
    assert set(key_names()) == set(sim.KEYS)


def test_each_server_is_shown_one_key_at_most_and_the_right_one() -> None:
    keys = {name: SecretStr(name) for name in key_names()}

    def shown(model: str, base_url: str | None = None) -> str | None:
        key = key_of(Voice(model=model, base_url=base_url), keys)
        return key.get_secret_value() if key else None

    assert shown("openai:m") == "OPENAI_API_KEY"
    assert shown("openai:m", "http://127.0.0.1:1/v1") == OTHER_KEY
    assert shown("vllm:m") == OTHER_KEY
    assert shown("ollama:m") is None
    assert shown("ollama:m", "https://ollama.example.org/v1") == OTHER_KEY
    assert shown("local:a/path") is None
    assert key_of(Voice(model="openai:m"), {"OPENAI_API_KEY": None, OTHER_KEY: SecretStr("other")}) is None
