"""A life from birth on: family, learning, work, moves and losses, drawn once, so that the same person can be met at any age.

It knows the atlas; it knows no traits and no crisis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agents.atlas.atlas import Entry, city, entries
from agents.atlas.schema import LAST, City, Community, Job, Migration
from agents.chance import Chance

Sex = Literal["female", "male"]
LAST_YEAR_OF_MIGRATION = 2025


@dataclass(frozen=True)
class Move:
    """A change of city."""

    age: int
    to: Entry
    status: str
    why: str


@dataclass(frozen=True)
class Kin:
    """Somebody close, with the ages of the person at which they come and go."""

    relation: Literal["partner", "child", "parent", "sibling", "friend"]
    name: str
    female: bool
    since: int
    """The person's age when they came into the life; negative for those who were there before."""
    until: int | None
    """The person's age at their death."""
    parted: int | None = None
    """The person's age at a separation."""


@dataclass(frozen=True)
class Life:
    """A life course."""

    home: Entry
    birth_year: int
    sex: Sex
    community: Community
    given: str
    family: str
    moves: tuple[Move, ...]
    kin: tuple[Kin, ...]
    learns_until: int
    retires: int
    chance: Chance

    def year(self, age: int) -> int:
        return self.birth_year + age

    def decade(self, age: int) -> str:
        """The decade at an age; what lies ahead of the atlas is told with its last one."""
        return decade_of(self.year(age))

    def place(self, age: int) -> Entry:
        """Where this person lives at an age."""
        there = [move.to for move in self.moves if move.age <= age]
        return there[-1] if there else self.home

    def arrived(self, age: int) -> int:
        """The age of the last move before an age; 0 if there was none."""
        return max((move.age for move in self.moves if move.age <= age), default=0)

    def living(self, age: int, relation: str) -> list[Kin]:
        """Those of a relation who are in this life at an age."""
        return [
            kin
            for kin in self.kin
            if kin.relation == relation
            and kin.since <= age
            and (kin.until is None or kin.until > age)
            and (kin.parted is None or kin.parted > age)
        ]

    def lost(self, age: int, relation: str) -> list[Kin]:
        """Those of a relation who have died by an age."""
        return [kin for kin in self.kin if kin.relation == relation and kin.until is not None and kin.until <= age and kin.since <= age]


def decade_of(year: int) -> str:
    """The decade of the atlas that a year is told with."""
    return f"{min(year // 10 * 10, LAST)}s"


def era_of(birth_year: int) -> Literal["early", "middle", "late"]:
    """The generation whose names somebody bears."""
    return "early" if birth_year < 1950 else "middle" if birth_year < 1980 else "late"


def draw_life(chance: Chance, home: Entry, birth_year: int, sex: Sex) -> Life:
    """A life course for somebody born in a city in a year."""
    place = city(home.slug)
    community = _community(chance, place, birth_year)
    taken: set[str] = set()
    given = _given(chance, community, birth_year, "self", female=sex == "female", taken=taken)
    number = int(chance.number("surname") * len(community.family))
    surnames = community.family_female if sex == "female" and community.family_female else community.family
    return Life(
        home=home,
        birth_year=birth_year,
        sex=sex,
        community=community,
        given=given,
        family=surnames[number],
        moves=_moves(chance, place, home, birth_year),
        kin=_kin(chance, community, birth_year, sex, taken),
        learns_until=_learns_until(chance, birth_year),
        retires=60 + int(chance.number("retires") * 9),
        chance=chance,
    )


def _community(chance: Chance, place: City, birth_year: int) -> Community:
    there = [community for community in place.communities if community.there_in(f"{birth_year // 10 * 10}s")]
    point = chance.number("community") * sum(community.share for community in there)
    for community in there:
        point -= community.share
        if point <= 0:
            return community
    return there[-1]


def _given(chance: Chance, community: Community, born: int, who: str, *, female: bool, taken: set[str]) -> str:
    by_era = community.given_female if female else community.given_male
    of_era = [name for name in by_era[era_of(born)] if name not in taken]
    free = of_era or [name for names in by_era.values() for name in names if name not in taken] or list(by_era[era_of(born)])
    name = chance.pick(free, "given", who)
    taken.add(name)
    return name


def _moves(chance: Chance, place: City, home: Entry, birth_year: int) -> tuple[Move, ...]:
    if chance.number("moves at all") > 0.4:
        return ()
    known = {entry.city: entry for entry in entries()}
    paths = [path for path in place.migrations if path.direction == "to" and path.place in known and path.place != home.city]
    fitting = [(path, age) for path in paths if (age := _age_of_move(chance, path, birth_year)) is not None]
    if not fitting:
        return ()
    path, age = chance.pick(fitting, "which move")
    return (Move(age, known[path.place], path.status, path.why),)


def _age_of_move(chance: Chance, path: Migration, birth_year: int) -> int | None:
    youngest = 17 if path.status in ("student", "migrant_worker", "internal_migrant") else 6
    oldest = 26 if path.status == "student" else 44
    first = max(youngest, path.since - birth_year)
    last = min(oldest, path.until + 9 - birth_year, LAST_YEAR_OF_MIGRATION - birth_year)
    if first > last:
        return None
    return first + int(chance.number("age of move", path.place, path.status) * (last - first + 1))


def _learns_until(chance: Chance, birth_year: int) -> int:
    """The age at the end of school or university, rising over the century."""
    rising = (birth_year - 1920) / 90
    luck = chance.number("learns until")
    if luck < 0.12 + 0.38 * rising:
        return 22 + int(chance.number("studies longer") * 7)
    return 18 if luck < 0.45 + 0.5 * rising else 14


def _kin(chance: Chance, community: Community, birth_year: int, sex: Sex, taken: set[str]) -> tuple[Kin, ...]:
    def name(who: str, born: int, female: bool) -> str:
        return _given(chance, community, born, who, female=female, taken=taken)

    kin: list[Kin] = []
    for who, female, youngest, spread in (("mother", True, 18, 20), ("father", False, 21, 24)):
        age_at_birth = youngest + int(chance.number(who, "age") * spread)
        death = 58 + int(chance.number(who, "death") * 38)
        kin.append(Kin("parent", name(who, birth_year - age_at_birth, female), female, -1, max(3, death - age_at_birth)))
    for number in range(int(chance.number("siblings") * 4)):
        female = chance.number("sibling", number) < 0.5
        distance = -8 + int(chance.number("sibling", number, "distance") * 17) or 2
        dies = 55 + int(chance.number("sibling", number, "death") * 45) + distance
        kin.append(Kin("sibling", name(f"sibling{number}", birth_year + distance, female), female, max(distance, -1), dies))
    for number in range(1 + int(chance.number("friends") * 2)):
        female = (chance.number("friend", number) < 0.75) == (sex == "female")
        kin.append(
            Kin(
                "friend",
                name(f"friend{number}", birth_year, female),
                female,
                14 + 5 * number,
                72 + int(chance.number("friend", number, "d") * 28),
            )
        )
    kin += _own_family(chance, name, birth_year, sex)
    return tuple(kin)


def _own_family(chance: Chance, name: Callable[[str, int, bool], str], birth_year: int, sex: Sex) -> list[Kin]:
    if chance.number("marries") > 0.84:
        return []
    rising = (birth_year - 1920) / 90
    since = int(19 + 4 * rising + chance.number("marries", "age") * 14)
    parts = since + 4 + int(chance.number("parts", "after") * 20) if chance.number("parts") < 0.08 + 0.3 * rising else None
    dies = 62 + int(chance.number("partner", "death") * 36)
    female = sex == "male"
    partner = Kin("partner", name("partner", birth_year, female), female, since, dies, parts if parts and parts < dies else None)
    family = [partner]
    most = 5 if birth_year < 1960 else 3
    age = since + 1
    for number in range(int(chance.number("children") * (most + 1))):
        if age > 43 or age >= (partner.parted or 99):
            break
        girl = chance.number("child", number) < 0.5
        family.append(Kin("child", name(f"child{number}", birth_year + age, girl), girl, age, None))
        age += 2 + int(chance.number("child", number, "gap") * 4)
    return family


def job_at(life: Life, age: int) -> Job | None:
    """The work that somebody of this age would do, or did last before retiring; None while learning."""
    if age < life.learns_until:
        return None
    working = min(age, life.retires)
    # One keeps a trade for about fifteen years, unless a move or a vanished trade ends it.
    begun = max(life.learns_until, life.arrived(working))
    step = (working - begun) // 15
    place = city(life.place(working).slug)
    decade = life.decade(working)
    fitting = [job for job in place.jobs if job.there_in(decade) and _open_to(job, life, step) and _schooled_for(job, life)]
    fitting = fitting or [job for job in place.jobs if job.there_in(decade)]
    return life.chance.pick(fitting, "job", life.place(working).slug, step)


def _open_to(job: Job, life: Life, step: int) -> bool:
    closed = {"mostly_men": "female", "mostly_women": "male"}.get(job.who)
    return closed != life.sex or life.chance.number("against custom", step) < 0.08


def _schooled_for(job: Job, life: Life) -> bool:
    if job.level == "professional":
        return life.learns_until >= 21
    if job.level == "clerical":
        return life.learns_until >= 18
    return life.learns_until < 21 or job.level == "skilled"
