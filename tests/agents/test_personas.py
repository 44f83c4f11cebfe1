"""Drawing people: the same seed gives the same person, dates add up, traits hang together, nothing is implausible."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys

import pytest

from agents.chance import Chance
from agents.crises.catalogue import categories, find_category
from agents.ground.errors import UsageError
from agents.personas.card import card
from agents.personas.check import implausibilities
from agents.personas.crisis import duration_in_words
from agents.personas.draw import BIRTH_DECADES, Wish, draw, identify, moment_at
from agents.personas.traits import CITED, TRAITS, at_age, draw_traits
from tests.conftest import ROOT

SEEDS = range(200)


def digest(seeds: range) -> str:
    drawn = "".join(persona.model_dump_json() + crisis.model_dump_json() for persona, crisis in map(draw, seeds))
    return hashlib.sha256(drawn.encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = "from tests.agents.test_personas import digest; print(digest(range(60)))"
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(range(60))


def test_what_a_seed_draws_does_not_change_unnoticed() -> None:
    persona, crisis = draw(7, Wish(city="Lagos", decade="1950s", age=44, sex="female", category="grief_and_loss"))
    assert persona.birth_context.city == "Lagos"
    assert persona.current_socio_demographics.age == crisis.age == 44
    assert persona == draw(7, Wish(city="lagos", decade="1950s", age=44, sex="female", category="Grief and Loss"))[0]
    assert persona != draw(8, Wish(city="Lagos", decade="1950s", age=44, sex="female", category="grief_and_loss"))[0]


def test_nobody_drawn_is_implausible() -> None:
    assert {seed: found for seed in SEEDS if (found := implausibilities(draw(seed)[0]))} == {}


@pytest.mark.slow
def test_nobody_of_ten_thousand_is_implausible() -> None:
    findings = [str(found) for seed in range(10_000, 20_000) for found in implausibilities(draw(seed)[0])]
    assert findings == []


def test_dates_add_up() -> None:
    for persona, crisis in map(draw, SEEDS):
        now = persona.current_socio_demographics
        born = now.year - now.age
        assert persona.birth_context.decade == f"{born // 10 * 10}s"
        assert now.year <= 2025 or now.age <= 20
        assert find_category(crisis.category).fits(now.age)
        assert persona.presenting_problem.duration_months <= now.age * 12


def test_a_person_stays_the_same_person_as_they_age() -> None:
    identity = identify(3, Wish(city="Seoul", decade="1940s"))
    people = {age: moment_at(identity, age).household.people for age in (30, 50, 70)}
    names = [{kin.name for kin in kins} for kins in people.values()]
    assert names[0] <= names[1] <= names[2] | names[1]
    dead = [{kin.name for kin in kins if kin.lives == "dead"} for kins in people.values()]
    assert dead[0] <= dead[1] <= dead[2]


def test_one_family_is_one_person_whether_wished_for_or_drawn() -> None:
    for seed in range(40):
        drawn, _ = draw(seed)
        born, now = drawn.birth_context, drawn.current_socio_demographics
        sex = "female" if drawn.gender_at_birth == "female" else "male"
        wished, _ = draw(seed, Wish(city=born.city, decade=born.decade, age=now.age, sex=sex))  # type: ignore[arg-type]
        assert (wished.family, wished.name, wished.hexaco, wished.people) == (drawn.family, drawn.name, drawn.hexaco, drawn.people)


def test_household_work_and_money_agree() -> None:
    for persona, _ in map(draw, SEEDS):
        now = persona.current_socio_demographics
        home = [kin for kin in persona.people if kin.lives == "with them"]
        assert ("lives alone" in now.household) == (not home)
        if now.work.startswith("retired"):
            assert now.age >= 60
        if now.work == "student":
            assert now.finances in ("tight", "from hand to mouth", "modest")


def test_a_summary_is_told_with_this_person_s_name_and_leaves_no_slot_open() -> None:
    for persona, crisis in map(draw, SEEDS):
        assert persona.name.split()[0] in crisis.summary
        assert "{" not in crisis.summary
        assert " my " not in crisis.summary.split(persona.name.split()[0])[0]


def test_every_kind_can_be_drawn_at_both_ends_of_its_span_that_life_allows() -> None:
    for category in categories():
        for age in {category.youngest, (category.youngest + category.oldest) // 2}:
            for seed in range(40):
                try:
                    _, crisis = draw(seed, Wish(age=age, category=category.slug))
                except UsageError:
                    continue
                assert crisis.category == category.name
                break
            else:
                pytest.fail(f"{category.name} at {age} was never possible in 40 draws")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(city="Atlantis"), "no city 'Atlantis'"),
        (Wish(decade="2020s"), "Nobody old enough was born in the 2020s"),
        (Wish(age=12), "20 to 100 years old, not 12"),
        (Wish(category="Sleeplessness Problems"), "Did you mean 'Sleep Problems'"),
        (Wish(category="School Bullying", age=60), "is for ages 20 to 30, not 60"),
    ],
)
def test_a_wish_that_cannot_be_granted_says_why(wish: Wish, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        draw(1, wish)


def test_traits_correlate_as_people_s_do() -> None:
    count = 4_000
    drawn = []
    for seed in range(count):
        chance = Chance(seed)
        drawn.append(at_age(draw_traits(chance, female=chance.number("sex") < 0.5), 20 + int(chance.number("age") * 70)))
    columns = {name: [one[name] for one in drawn] for name in TRAITS}
    errors = [abs(statistics.correlation(columns[a], columns[b]) - wanted) for (a, b), wanted in CITED.items()]
    assert statistics.mean(errors) <= 0.05
    assert max(errors) <= 0.1


def test_opposite_values_exclude_each_other_and_neighbours_do_not() -> None:
    drawn = [at_age(draw_traits(Chance(seed), female=seed % 2 == 0), 50) for seed in range(3_000)]
    columns = {name: [one[name] for one in drawn] for name in TRAITS}
    assert statistics.correlation(columns["power"], columns["universalism"]) < -0.3
    assert statistics.correlation(columns["tradition"], columns["conformity"]) > 0.3
    assert statistics.correlation(columns["stimulation"], columns["security"]) < -0.2


def test_the_birth_decades_are_drawn_evenly() -> None:
    counts = {
        decade: sum(identify(seed, Wish()).life.birth_year // 10 * 10 == int(decade[:4]) for seed in range(900)) for decade in BIRTH_DECADES
    }
    assert max(counts.values()) / min(counts.values()) < 1.7


def test_a_card_is_a_page_that_says_who_and_why() -> None:
    persona, crisis = draw(3)
    text = card(persona, crisis)
    assert persona.name in text
    assert crisis.category in text
    assert "An invented person." in text
    assert max(map(len, text.splitlines()[2:])) <= 88


def test_durations_are_said_in_words() -> None:
    assert [duration_in_words(months) for months in (0, 1, 5, 14, 24, 60, 400)] == [
        "a few weeks", "a month", "five months", "fourteen months", "two years", "five years", "33 years",
    ]  # fmt: skip


def test_a_persona_is_json_that_comes_back() -> None:
    persona, _ = draw(5)
    assert type(persona).model_validate(json.loads(persona.model_dump_json())) == persona
