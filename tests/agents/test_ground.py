"""The ground: ids, settings, diagnostics, the terminal, errors."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from agents import MASK, FrozenSettings, Ids, SettingsError, Terminal, VigilError, compose, configure, nearest, plain, read_dotenv, redact
from store import VersionConflict


class Part(FrozenSettings):
    place: str = "here"
    wait: float = Field(default=1.0, ge=0)


class Whole(FrozenSettings):
    part: Part = Part()
    loud: bool = False


def composed(tmp_path: Path, *, flags: dict[str, object] | None = None, environment: dict[str, str] | None = None, file: str = "") -> Whole:
    path = tmp_path / "vigil.toml"
    path.write_text(file)
    return compose(Whole, flags=flags or {}, environment=environment or {}, file=path, known={})


def test_a_flag_goes_before_the_environment_which_goes_before_the_file_which_goes_before_the_default(tmp_path: Path) -> None:
    file = '[part]\nplace = "file"\nwait = 2.0'
    assert composed(tmp_path).part == Part()
    assert composed(tmp_path, file=file).part == Part(place="file", wait=2.0)
    environment = {"VIGIL_PART_PLACE": "environment"}
    assert composed(tmp_path, file=file, environment=environment).part == Part(place="environment", wait=2.0)
    flags: dict[str, object] = {"part.place": "flag", "part.wait": None}
    assert composed(tmp_path, file=file, environment=environment, flags=flags).part == Part(place="flag", wait=2.0)


@pytest.mark.parametrize(
    ("file", "environment", "words"),
    [
        ('[part]\nplaec = "x"', {}, "part.plaec is not a setting. Did you mean 'part.place'?"),
        ("part", {}, "is not valid TOML"),
        ("", {"VIGIL_PART_PLAEC": "x"}, "VIGIL_PART_PLAEC, which is not a setting. Did you mean 'VIGIL_PART_PLACE'?"),
        ("", {"VIGIL_PART_WAIT": "soon"}, "Setting part.wait from the environment"),
        ("[part]\nwait = -1", {}, "vigil.toml: Input should be greater than or equal to 0"),
    ],
)
def test_a_bad_setting_is_refused_with_the_place_where_it_was_set(
    tmp_path: Path, file: str, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words.replace("?", r"\?").replace(".", r"\.")):
        composed(tmp_path, file=file, environment=environment)


def test_a_dotenv_file_gives_names_and_values_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert read_dotenv(path) == {}
    path.write_text("# keys\nexport HF_TOKEN='abc'\nOPENAI_API_KEY=\"x=y\"\n\n")
    assert read_dotenv(path) == {"HF_TOKEN": "abc", "OPENAI_API_KEY": "x=y"}
    path.write_text("HF_TOKEN=abc\nnonsense\n")
    with pytest.raises(SettingsError, match="line 2"):
        read_dotenv(path)


def test_event_ids_rise_even_when_the_clock_stands_still_or_goes_back() -> None:
    times = iter([5_000_000, 5_000_000, 4_000_000, 9_000_000])
    ids = Ids(clock=lambda: next(times))
    made = [id_ for count in (3, 2, 2, 1) for id_ in ids.events(count)]
    assert made == sorted(set(made))
    assert all(len(id_) == 32 for id_ in made)


def test_ids_come_from_the_clock_and_the_randomness_that_are_handed_in() -> None:
    def same() -> Ids:
        return Ids(clock=lambda: 1_700_000_000_000_000, random_bits=lambda bits: (1 << bits) // 3)

    assert same().conversation() == same().conversation()
    assert same().events(2) == same().events(2)
    assert same().conversation().startswith("c-")
    assert same().branch().startswith("b-")
    assert same().run().startswith("run-")


SECRETS = [
    "postgresql://ana:ge/heim@geheim@db/x",
    "sk-proj-abcdefgh12345678",
    "hf_abcdefghijklmnop",
    "Bearer abc.def.ghi",
    "postgresql://ana:geheim123@db/x",
    "password=geheim123&x=1",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    masked = redact(f"could not reach {text} today")
    assert MASK in masked
    for part in ("abcdefgh", "abc.def", "geheim", "heim"):
        assert part not in masked


@pytest.mark.parametrize("text", ["the task-force met", "ask-anything", "postgresql://ana@db/x", "a password is needed"])
def test_plain_words_are_left_alone(text: str) -> None:
    assert redact(text) == text


def test_diagnostics_are_json_lines_off_a_terminal_and_hold_no_secret() -> None:
    out = io.StringIO()
    configure("info", out)
    log = structlog.get_logger()
    log.debug("unheard")
    log.info("called", api_key="sk-12345678abcdef", url="postgresql://a:geheim@h/d", nested={"hf_token": "x", "list": ["hf_abcdefghijkl"]})
    try:
        raise ValueError("key sk-12345678abcdef is wrong")
    except ValueError:
        log.exception("failed")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["called", "failed"]
    assert lines[0]["api_key"] == lines[0]["nested"]["hf_token"] == MASK
    assert "ValueError" in lines[1]["exception"]
    for secret in ("sk-1234", "geheim", "hf_abc"):
        assert secret not in out.getvalue()


class Screen(io.StringIO):
    """A terminal, as far as anybody can ask it."""

    def isatty(self) -> bool:
        return True


def test_diagnostics_are_pretty_on_a_terminal_and_hold_no_secret() -> None:
    screen = Screen()
    configure("info", screen)
    try:
        raise ValueError("key sk-12345678abcdef is wrong")
    except ValueError:
        structlog.get_logger().exception("failed", turn=3)
    assert "failed" in screen.getvalue()
    assert "Traceback" in screen.getvalue()
    assert "sk-1234" not in screen.getvalue()
    assert not screen.getvalue().lstrip().startswith("{")


def test_colour_appears_on_a_terminal_only_and_not_against_the_reader_s_wish() -> None:
    assert Terminal(out=Screen()).style("x", "red") == "\x1b[31mx\x1b[0m"
    assert Terminal(out=io.StringIO()).style("x", "red") == "x"
    assert Terminal(out=Screen(), colour=False).style("x", "red") == "x"


def test_json_is_one_object_and_silences_the_prose() -> None:
    out = io.StringIO()
    terminal = Terminal(json_wanted=True, out=out)
    terminal.say("prose")
    terminal.facts({"a": 1})
    terminal.table(("x",), [("1",)])
    terminal.result({"ü": 1})
    assert json.loads(out.getvalue()) == {"ü": 1}


def test_numbers_stand_to_the_right_in_a_table() -> None:
    out = io.StringIO()
    Terminal(out=out).table(("event", "count"), [("spoke", "1,000"), ("x", "7")])
    assert out.getvalue() == "event  count\nspoke  1,000\nx          7\n"


@given(st.text())
def test_nothing_that_somebody_says_can_drive_the_terminal(text: str) -> None:
    shown = plain(text)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) == len(text)


def test_an_error_survives_the_way_to_another_process_with_its_fields() -> None:
    error = pickle.loads(pickle.dumps(VersionConflict("c-1", 41, 40)))
    assert isinstance(error, VersionConflict)
    assert (error.actual, error.expected, str(error)) == (41, 40, str(VersionConflict("c-1", 41, 40)))
    assert isinstance(error, VigilError)


def test_a_near_name_is_suggested_and_a_far_one_is_not() -> None:
    assert nearest("verfy", ["verify", "anchor"]) == " Did you mean 'verify'?"
    assert nearest("zzz", ["verify", "anchor"]) == ""
