"""How somebody lives at an age: with whom, of what, on how much; all of it follows from the life course."""

from __future__ import annotations

from dataclasses import dataclass

from agents.persona import Relative
from agents.personas.life import Kin, Life, job_at

_CLOSE = {
    ("partner", True): "wife",
    ("partner", False): "husband",
    ("child", True): "daughter",
    ("child", False): "son",
    ("parent", True): "mother",
    ("parent", False): "father",
    ("sibling", True): "sister",
    ("sibling", False): "brother",
    ("friend", True): "friend",
    ("friend", False): "friend",
}
_FINANCES = {
    "informal": ("in debt", "from hand to mouth", "tight"),
    "manual": ("from hand to mouth", "tight", "modest"),
    "skilled": ("tight", "modest", "steady"),
    "clerical": ("modest", "steady", "steady"),
    "professional": ("modest", "steady", "comfortable"),
}
OF_AGE = 19


@dataclass(frozen=True)
class Household:
    """A way of living at one age."""

    phrase: str
    work: str
    job: str
    """The bare trade, without `retired`; empty for who never had one."""
    works: bool
    studies: bool
    retired: bool
    finances: str
    network: str
    people: tuple[Relative, ...]
    alone: bool


def pronoun(life: Life) -> str:
    """`her` or `his`."""
    return "her" if life.sex == "female" else "his"


def called(life: Life, kin: Kin) -> str:
    """How a sentence names somebody close."""
    word = _CLOSE[kin.relation, kin.female]
    return f"{pronoun(life)} {word}" if kin.relation == "parent" else f"{pronoun(life)} {word} {kin.name}"


def household_at(life: Life, age: int) -> Household:
    """How this person lives at an age."""
    with_them = _lives_with(life, age)
    studies = age < life.learns_until
    retired = age >= life.retires and not studies
    job = job_at(life, age)
    at_home = _keeps_house(life, age) and not studies
    works = not studies and not retired and not at_home and not _between_jobs(life, age)
    title = job.title if job else ""
    level = job.level if job else "manual"
    return Household(
        phrase=_phrase(life, with_them, age),
        work=_occupation(title, works=works, studies=studies, retired=retired, at_home=at_home),
        job="" if at_home else title,
        works=works,
        studies=studies,
        retired=retired and not at_home,
        finances=_finances(life, level, age, works=works, studies=studies),
        network=_network(life, age),
        people=_people(life, with_them, age),
        alone=not with_them,
    )


def _occupation(title: str, *, works: bool, studies: bool, retired: bool, at_home: bool) -> str:
    if studies:
        return "student"
    if at_home:
        return "keeps the house"
    if retired:
        return f"retired {title}"
    return title if works else f"out of work, {title} before"


def _keeps_house(life: Life, age: int) -> bool:
    """Many married women had no paid work where and when that was the custom; it lasts through a life."""
    married = any(kin.relation == "partner" and kin.since <= age for kin in life.kin)
    share = 0.55 if life.birth_year < 1945 else 0.3 if life.birth_year < 1965 else 0.12
    return life.sex == "female" and married and life.learns_until < 21 and life.chance.number("keeps the house") < share


def _between_jobs(life: Life, age: int) -> bool:
    return life.chance.number("out of work", age // 4) < 0.1


def _lives_with(life: Life, age: int) -> list[Kin]:
    partner = life.living(age, "partner")
    children = [kin for kin in life.living(age, "child") if age - kin.since < OF_AGE]
    if partner or children:
        return [*partner, *children]
    moved_away = life.arrived(age) > 0
    parents = life.living(age, "parent") if not moved_away else []
    married_before = any(kin.relation == "partner" and kin.since <= age for kin in life.kin)
    if parents and not married_before and (age < 24 or life.chance.number("with parents", age // 6) < 0.35):
        return parents
    grown = [kin for kin in life.living(age, "child") if age - kin.since >= OF_AGE]
    if age >= 75 and grown and life.chance.number("with a child") < 0.45:
        return grown[:1]
    return []


def _phrase(life: Life, with_them: list[Kin], age: int) -> str:
    if not with_them:
        widowed = any(kin.until is not None and kin.until <= age and kin.parted is None for kin in life.lost(age, "partner"))
        return "lives alone, widowed" if widowed else "lives alone"
    if len(with_them) == 2 and all(kin.relation == "parent" for kin in with_them):
        return f"lives with {pronoun(life)} parents"
    partner = [called(life, kin) for kin in with_them if kin.relation == "partner"]
    children = [kin for kin in with_them if kin.relation == "child"]
    rest = [called(life, kin) for kin in with_them if kin.relation not in ("partner", "child")]
    if len(children) == 1:
        rest.append(called(life, children[0]))
    elif children:
        rest.append(f"{len(children)} children")
    return "lives with " + " and ".join([*partner, *rest])


def _finances(life: Life, level: str, age: int, *, works: bool, studies: bool) -> str:
    if studies:
        return life.chance.pick(("tight", "from hand to mouth", "modest"), "money", age // 5)
    found = life.chance.pick(_FINANCES[level], "money", age // 5)
    if works or age >= life.retires:
        return found
    return {"comfortable": "modest", "steady": "tight", "modest": "tight"}.get(found, found)


def _network(life: Life, age: int) -> str:
    friends = [kin.name for kin in life.living(age, "friend")]
    near = life.living(age, "sibling")
    parts = []
    if friends:
        parts.append(f"one friend, {friends[0]}" if len(friends) == 1 else f"two friends, {friends[0]} and {friends[1]}")
    if near:
        words = {1: "a", 2: "two", 3: "three"}
        kinds = {kin.female for kin in near}
        noun = ("sister" if kinds == {True} else "brother" if kinds == {False} else "sibling") + ("s" if len(near) > 1 else "")
        parts.append(f"{words.get(len(near), 'several')} {noun}")
    if not parts:
        return "hardly anybody any more" if age > 60 else "hardly anybody"
    return ", ".join(parts)


def _people(life: Life, with_them: list[Kin], age: int) -> tuple[Relative, ...]:
    people = []
    moved = life.arrived(age) > 0
    for relation in ("partner", "child", "parent", "sibling", "friend"):
        for kin in life.living(age, relation):
            here = kin in with_them
            near = not moved or relation in ("friend", "child")
            lives = "with them" if here else "in the city" if near and life.chance.number("near", kin.name) < 0.7 else "far away"
            people.append(Relative(relation=kin.relation, name=kin.name, called=called(life, kin), lives=lives))
        for kin in life.lost(age, relation):
            people.append(Relative(relation=kin.relation, name=kin.name, called=called(life, kin), lives="dead"))
    return tuple(people)
