"""A form is asked for, asked for once more, and given up with a record."""

from __future__ import annotations

import pytest

from agents.models.calls import CallFailed
from agents.prompted.asking import ask_form
from agents.prompted.forms import SeekerForm, SupporterForm, reader
from agents.values import Role
from tests.agents.given import now, scene
from tests.agents.prompted.given import Scripted, proposed, replies, says

MOMENT = scene("The letters are under the sink.")


def test_an_answer_that_can_be_read_is_asked_for_once() -> None:
    _, asking = proposed(MOMENT, replies())
    assert asking.purposes == ["supporter.propose"]
    assert not asking.given_up


def test_an_unreadable_answer_is_given_back_and_repaired_once() -> None:
    proposal, asking = proposed(MOMENT, "I'd say: stay.", replies("I'm here."))
    assert proposal.message == "I'm here."
    assert asking.purposes == ["supporter.propose", "supporter.propose.repair"]
    first, second = asking.asked
    assert second.messages[: len(first.messages)] == first.messages
    given_back, request = second.messages[len(first.messages) :]
    assert (given_back.role, given_back.content) == ("assistant", "I'd say: stay.")
    assert "no JSON object" in request.content
    assert second.content != first.content
    assert second.seed != first.seed


def test_a_form_without_its_message_is_told_so() -> None:
    _, asking = proposed(MOMENT, {"thought": "nothing"}, replies())
    assert "did not have the fields" in asking.asked[1].messages[-1].content


def test_an_answer_without_a_word_can_be_given_back() -> None:
    _, asking = proposed(MOMENT, "", replies())
    assert asking.asked[1].messages[-2].content == "(no answer)"


def test_a_second_unreadable_answer_is_a_recorded_failure() -> None:
    asking = Scripted(["no", "still no"])
    first = proposed(MOMENT, replies())[1].asked[0]
    with pytest.raises(CallFailed, match=r"openai:tiny was asked twice for supporter.propose and gave no answer of the form") as failure:
        now(ask_form(asking, first, reader(SupporterForm)))
    assert failure.value.kind == "malformed"
    assert failure.value.lasts
    assert [(call.purpose, error.kind) for call, error in asking.given_up] == [("supporter.propose.repair", "malformed")]


def test_a_failed_call_is_not_repaired() -> None:
    with pytest.raises(CallFailed, match="over quota"):
        proposed(MOMENT, CallFailed("auth", "over quota"))


def test_of_several_objects_the_one_that_fits_the_form_is_read() -> None:
    proposal, _ = proposed(MOMENT, '{"plan": "this is a much longer object than the other one", "why": "so"} {"message": "Yes."}')
    assert proposal.message == "Yes."


def test_forms_are_read_leniently() -> None:
    read = reader(SeekerForm)
    form = read(
        {"Message": " yes ", "Effects": {"Trust": "-3 (a step back)", "hope": 2.6, "distress": None, "openness": "+1"}, "danger": "none"}
    )
    assert form is not None
    assert (form.message, form.effects.trust, form.effects.hope, form.effects.distress, form.effects.openness) == ("yes", -3, 3, 0, 1)
    assert form.danger is None
    assert read({"answer": says("inside")}).message == "inside"  # type: ignore[union-attr]
    assert read({"thought": "no message"}) is None
    assert read({"message": None}) is None
    assert read({"message": {"text": "no"}}) is None
    assert read({"message": "a\x00b\ud800c"}).message == "abc"  # type: ignore[union-attr]


def test_an_effect_beyond_all_numbers_is_still_a_number() -> None:
    assert reader(SeekerForm)({"message": "x", "effects": {"trust": 10**400, "hope": "9" * 400}}).effects.trust == 1000  # type: ignore[union-attr]


def test_the_roles_of_the_calls_are_the_agents_own() -> None:
    assert proposed(MOMENT, replies())[1].asked[0].role is Role.SUPPORTER
