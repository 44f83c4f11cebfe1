"""What a batch shall play: the same sessions each time, balanced however few are taken, and clear words where there are not enough."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from agents import RunId, StreamId, UsageError, make_plan, planned
from agents.personas.files import PersonaFileError, as_json, write_json
from graphs.request import Request, Wanted, slugs
from tests.talking import BUILTIN

RUN = RunId(StreamId("run-one"))


def sessions(run: RunId = RUN, **asked: Any) -> list[Wanted]:
    return list(Request(**{"personas": "12", "settings": BUILTIN, **asked}).sessions(run))


@pytest.fixture(scope="module")
def everybody() -> list[Wanted]:
    """The whole plan."""
    return sessions(personas="all")


def test_a_request_yields_the_same_sessions_each_time_and_another_run_of_it_only_other_ids() -> None:
    first, again, other = sessions(), sessions(), sessions(RunId(StreamId("run-two")))
    assert first == again
    assert [one.mark for one in other] == [one.mark for one in first]
    assert {one.stream for one in other}.isdisjoint(one.stream for one in first)
    assert len({one.stream for one in first}) == len({one.seed for one in first}) == len({one.mark for one in first}) == 12


def test_another_seed_gives_the_same_people_other_draws_and_another_plan_other_people() -> None:
    first, reseeded, replanned = sessions(), sessions(seed=2), sessions(plan=2)
    assert [one.guest for one in reseeded] == [one.guest for one in first]
    assert {one.seed for one in reseeded}.isdisjoint(one.seed for one in first)
    assert {one.guest.persona.id for one in replanned}.isdisjoint(one.guest.persona.id for one in first)


def test_everybody_planned_is_in_all_and_the_first_ten_come_at_once(everybody: list[Wanted]) -> None:
    assert len(everybody) == len({one.stream for one in everybody}) == len({one.guest.persona.id for one in everybody}) == 5_589
    make_plan(1)
    begun = time.perf_counter()
    first = list(islice(Request(personas="all", settings=BUILTIN).sessions(RUN), 10))
    assert time.perf_counter() - begun < 2  # all of them take several times as long
    assert first == everybody[:10]


@pytest.mark.parametrize("count", [10, 69, 90, 138, 500, 1_000])
def test_the_first_sessions_of_a_plan_are_balanced_over_families_and_kinds_of_crisis(everybody: list[Wanted], count: int) -> None:
    families = Counter(one.guest.persona.family for one in everybody[:count])
    kinds = Counter(one.guest.crisis.category for one in everybody[:count])
    assert len(families) == min(count, 69)
    assert max(families.values()) - min(families.values()) <= 1
    assert len(kinds) == min(count, 45)
    assert max(kinds.values()) - min(kinds.values()) <= max(1, count // 500)


def test_offset_and_limit_cut_a_window_out_of_the_same_sessions(everybody: list[Wanted]) -> None:
    assert sessions(offset=3, limit=4) == sessions()[3:7]
    assert sessions(offset=10) == sessions()[10:]
    assert sessions(offset=12) == []
    assert sessions(personas="all", offset=60, limit=20) == everybody[60:80]
    assert sessions(personas="30", offset=25, limit=20) == everybody[25:30]


def test_several_sessions_with_each_persona_follow_each_other_with_draws_of_their_own() -> None:
    thrice = sessions(personas="4", per_persona=3)
    assert [one.guest.persona.id for one in thrice] == [one.guest.persona.id for one in sessions(personas="4") for _ in range(3)]
    assert len({one.stream for one in thrice}) == len({one.seed for one in thrice}) == 12
    assert [one.seed for one in thrice[::3]] == [one.seed for one in sessions(personas="4")]


def test_kinds_of_crisis_can_be_chosen_and_are_taken_in_turn() -> None:
    asked = sessions(personas="20", categories=("burnout", "debt_problems"))
    assert Counter(one.guest.crisis.category for one in asked) == {"Burnout": 10, "Debt Problems": 10}
    assert len({one.guest.persona.family for one in asked}) == 20


def test_kinds_are_named_in_any_spelling_once_each_and_a_wrong_one_is_told() -> None:
    assert slugs(None) == slugs("all") == ()
    assert slugs("Burnout, debt problems,burnout") == ("burnout", "debt_problems")
    with pytest.raises(UsageError, match="no kind of crisis 'sadness'"):
        slugs("burnout,sadness")


def test_a_language_takes_people_who_speak_it_and_native_is_each_one_s_own() -> None:
    spanish = sessions(personas="6", language="es")
    assert {one.language for one in spanish} == {"es"}
    assert {one.guest.persona.language.partition("-")[0] for one in spanish} == {"es"}
    regional = sessions(personas="2", language="es-MX")
    assert [(one.language, one.guest.persona.language.partition("-")[0]) for one in regional] == [("es-MX", "es")] * 2
    native = sessions(personas="12", language="native")
    assert [one.guest for one in native] == [one.guest for one in sessions()]
    assert [one.language for one in native] == [one.guest.persona.language for one in native]
    assert len({one.language for one in native}) > 4


def test_people_can_be_named_by_id_file_and_folder(tmp_path: Path) -> None:
    first, second, third = (one.guest for one in sessions(personas="3"))
    (tmp_path / "people").mkdir()
    for number, guest in enumerate((second, third)):
        write_json(tmp_path / "people" / f"{number}.json", as_json(guest.persona, guest.crisis))
    named = sessions(personas=f"{first.persona.id}, {tmp_path / 'people' / '0.json'},{tmp_path / 'people'}")
    assert [one.guest for one in named] == [first, second, second, third]
    assert len({one.stream for one in named}) == len({one.seed for one in named}) == 4
    assert [one.guest for one in sessions(personas=str(tmp_path / "people"), offset=1)] == [third]


def test_an_id_means_somebody_of_the_plan_that_was_asked_for() -> None:
    [other] = sessions(personas="1", plan=2)
    assert [one.guest for one in sessions(personas=other.guest.persona.id, plan=2)] == [other.guest]
    assert other.guest == planned(other.guest.persona.id, 2)


def test_a_kind_of_crisis_is_given_to_a_file_that_says_none_and_leaves_out_named_people_in_others(tmp_path: Path) -> None:
    [here] = sessions(personas="1")
    told = as_json(here.guest.persona, here.guest.crisis)
    del told["crisis"]
    file = tmp_path / "somebody.json"
    write_json(file, told)
    assert [one.guest.crisis.category for one in sessions(personas=str(file), categories=("burnout",))] == ["Burnout"]
    with pytest.raises(UsageError, match="says nothing of a kind of crisis"):
        sessions(personas=str(file))
    other = "burnout" if here.guest.crisis.category != "Burnout" else "debt_problems"
    assert sessions(personas=here.guest.persona.id, categories=(other,)) == []


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (
            {"personas": "200", "categories": ("burnout",)},
            UsageError,
            r"The plan has \d+ personas that fit, not 200. Ask for fewer, for `all`",
        ),
        ({"personas": "1", "language": "xx"}, UsageError, "The plan has 0 personas that fit, not 1"),
        ({"personas": "p-nobody"}, UsageError, "no persona 'p-nobody'. `sim.py personas list`"),
        ({"personas": "nobody.json"}, PersonaFileError, "nobody.json cannot be read"),
        ({"personas": ""}, UsageError, "names nobody between commas"),
        ({"personas": "p-nobody,,"}, UsageError, "names nobody between commas"),
        ({"personas": "EMPTY"}, UsageError, "holds no persona file"),
    ],
)
def test_people_that_are_not_there_are_told_in_a_line(tmp_path: Path, asked: dict[str, Any], error: type[Exception], says: str) -> None:
    if asked["personas"] == "EMPTY":
        asked = {"personas": str(tmp_path)}
    with pytest.raises(error, match=says):
        sessions(**asked)
