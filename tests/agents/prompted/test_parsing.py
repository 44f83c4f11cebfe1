"""A JSON object is found in whatever a model wrote around it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.prompted.parsing import objects, parse

WHOLE = {"message": "I can't sleep.", "effects": {"trust": -2}, "danger": None}

KINDLY_READ = {
    "a code fence": ('```json\n{"message": "I can\'t sleep.", "effects": {"trust": -2}, "danger": null}\n```', WHOLE),
    "words around it": ('Sure! {"message": "I can\'t sleep.", "effects": {"trust": -2}, "danger": null} Hope that helps.', WHOLE),
    "thoughts before it": ('<think>{"message": "no"}</think>{"message": "yes"}', {"message": "yes"}),
    "thoughts whose beginning the template swallowed": ('so {"message": "no"} perhaps</think>\n{"message": "yes"}', {"message": "yes"}),
    "single quotation marks": ("{'message': 'I can't sleep.', 'effects': {'trust': -2}, 'danger': None}", WHOLE),
    "a comma too many": ('{"message": "I can\'t sleep.", "effects": {"trust": -2,}, "danger": null,}', WHOLE),
    "a plus before a number": ('{"trust": +3, "hope": .5}', {"trust": 3, "hope": 0.5}),
    "Python's words": ('{"a": True, "b": False, "c": None, "d": NaN}', {"a": True, "b": False, "c": None, "d": None}),
    "a line break in a string": ('{"message": "one\ntwo"}', {"message": "one\ntwo"}),
    "braces that are missing at the end": ('{"message": "I can\'t sleep.", "danger": null, "effects": {"trust": -2', WHOLE),
    "curly quotation marks": ("{“message”: “I can’t sleep”, “act”: “open”}", {"message": "I can’t sleep", "act": "open"}),
    "comments": ('{ // what is said\n "message": "yes", # aloud\n /* no more */ "act": "open" }', {"message": "yes", "act": "open"}),
    "quotation marks inside": (
        '{"message": "He said "go away" and went.", "act": "open"}',
        {"message": 'He said "go away" and went.', "act": "open"},
    ),
    "bare keys and words": ("{message: 'yes', act: push_back, level: 3}", {"message": "yes", "act": "push_back", "level": 3}),
    "a comma too few": ('{"thought": "no"\n "message": "yes"}', {"thought": "no", "message": "yes"}),
    "an object in a list": ('[{"message": "yes"}]', {"message": "yes"}),
    "braces that hold none": ('I think {this is} it: {"message": "yes"}', {"message": "yes"}),
    "escapes": (r"{'message': 'a\u00e9\n\"b\" \ud83d\ude42'}", {"message": 'aé\n"b" 🙂'}),
    "a stray list end": ('{"a": 1], "b": 2}', {"a": 1, "b": 2}),
}


@pytest.mark.parametrize("text", KINDLY_READ)
def test_an_object_is_read_in_spite_of(text: str) -> None:
    written, wanted = KINDLY_READ[text]
    found = parse(written)
    assert found is not None
    assert found.fields == wanted


def test_an_object_that_breaks_off_says_whether_words_broke_off_with_it() -> None:
    in_words, between = parse('{"act": "open", "message": "I don\'t kn'), parse('{"message": "I don\'t know.", "act": "open"')
    assert in_words is not None
    assert in_words.cut
    assert in_words.fields["message"] == "I don't kn"
    assert between is not None
    assert not between.cut
    assert between.repaired


def test_what_is_json_is_not_called_repaired() -> None:
    found = parse('{"message": "yes"}')
    assert found is not None
    assert not found.repaired


def test_the_longest_object_comes_first() -> None:
    found = objects('An example: {"act": "open"}. The answer: {"act": "test", "message": "Who are you?"}')
    assert [one.fields.get("act") for one in found] == ["test", "open"]


@pytest.mark.parametrize(
    "text", ["", "I would rather not.", "}{", "[1, 2, 3]", "{{{{", '{"', "{]", "null", "<think>{</think>", "{:}", '{"a" "b"']
)
def test_where_there_is_no_object_none_is_found(text: str) -> None:
    found = parse(text)
    assert found is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
noise = st.text(alphabet=st.characters(blacklist_characters="{}<", blacklist_categories=("Cs",)), max_size=60)


@given(noise, st.dictionaries(st.text(), json_values, max_size=5), noise, st.booleans(), st.sampled_from([None, 2]))
def test_any_object_comes_back_from_the_noise_around_it(
    before: str, wanted: dict[str, object], after: str, plain: bool, indent: int
) -> None:
    found = parse(before + json.dumps(wanted, ensure_ascii=plain, indent=indent) + after)
    assert found is not None
    assert found.fields == wanted


@given(st.text(alphabet=st.sampled_from("{}[]\"'“”,:ab1 \n\\/*#-<>tnu.")))
def test_nothing_that_is_written_makes_it_fail(text: str) -> None:
    parse(text)


@given(st.dictionaries(st.text(min_size=1), json_values, min_size=1, max_size=4), st.data())
def test_an_object_that_breaks_off_anywhere_does_no_harm(whole: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(whole)
    parse(text[: data.draw(st.integers(0, len(text)))])


@pytest.mark.parametrize(
    "piece",
    ["{", '{"', '{"a":', '{"a":"', '{"a":[', "[{", '"', "' ", "<think>", "{/*", "{'a': 'b' ", '{"a": "b",\n', "{ \n", "\\", "{a", "“", '",  ', '{"a":1}', "{#", "{a ", "{'a':[{", "{'a': 'b', "],
)  # fmt: skip
def test_a_long_text_takes_little_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert min(_seconds(text) for _ in range(3)) < 2  # quadratic work would take minutes


def _seconds(text: str) -> float:
    start = time.process_time()
    parse(text)
    return time.process_time() - start
