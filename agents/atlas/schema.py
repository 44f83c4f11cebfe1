"""The shape of the atlas: a city, its communities, and each of its decades. It knows bounds and spans, not where files lie."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agents.persona import Decade
from agents.values import Text, Value

FIRST, LAST = 1920, 2020
DECADES: tuple[str, ...] = tuple(f"{year}s" for year in range(FIRST, LAST + 1, 10))

Year = Annotated[int, Field(ge=FIRST, le=LAST, multiple_of=10)]
Tag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
"""A BCP 47 language tag."""
Sentence = Annotated[str, Field(min_length=30, max_length=320, pattern=r"[.!?…]$")]


class Lasting(Value):
    """Something that is there from one decade to another, both included."""

    since: Year = FIRST
    until: Year = LAST

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Lasting:
        if self.since > self.until:
            raise ValueError(f"since {self.since} is after until {self.until}")
        return self

    def there_in(self, decade: str) -> bool:
        return self.since <= int(decade[:4]) <= self.until


class Neighbourhood(Lasting):
    """A part of the city where ordinary people live."""

    name: Text
    feel: Text
    """A few words: who lives there, what one hears or smells."""


class Tendency(Lasting):
    """Something people there like to do and get good at."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
    """A snake_case id, such as `rice_noodle_making`."""
    label: Text
    """How a sentence says it: "making rice noodles by hand"."""
    kind: Literal["craft", "food", "sport", "art", "music", "words", "nature", "care", "play"]


class Job(Lasting):
    """Common work."""

    title: Text
    """After "works as": "a tram conductor" without the article: `tram conductor`."""
    level: Literal["informal", "manual", "skilled", "clerical", "professional"]
    who: Literal["any", "mostly_men", "mostly_women"] = "any"


class Thing(Lasting):
    """A concrete thing, sound, dish, place or habit of daily life that somebody from there would mention."""

    name: Text
    """A noun phrase that fits into a sentence after "I keep thinking of": "the kerosene heater in the hall"."""
    kind: Literal["object", "place", "sound", "food", "habit"]


class Community(Lasting):
    """People who share names, language and mostly faith; their shares in a city add up to about 1."""

    name: Text
    share: Annotated[float, Field(gt=0, le=1)]
    language: Tag
    faith: Text
    given_female: dict[Literal["early", "middle", "late"], tuple[Text, ...]]
    """Born until the 1940s, from the 1950s to the 1970s, from the 1980s on."""
    given_male: dict[Literal["early", "middle", "late"], tuple[Text, ...]]
    family: tuple[Text, ...] = Field(min_length=8)
    family_female: tuple[Text, ...] = ()
    """Where women's surnames differ: the same names in the same order."""

    @model_validator(mode="after")
    def _complete(self) -> Community:
        for field in ("given_female", "given_male"):
            names = getattr(self, field)
            for era in ("early", "middle", "late"):
                if len(names.get(era, ())) < 6:
                    raise ValueError(f"{field}.{era} needs at least 6 names, found {len(names.get(era, ()))}")
        if self.family_female and len(self.family_female) != len(self.family):
            raise ValueError(f"family_female has {len(self.family_female)} names for {len(self.family)} in family")
        return self


class Migration(Lasting):
    """A path that many people of this city really took, or took to get there."""

    direction: Literal["to", "from"]
    place: Text
    """A city of the atlas where possible, else "City, Country" or a region."""
    status: Literal["citizen", "internal_migrant", "migrant_worker", "refugee", "exile", "student", "family_member", "returnee"]
    why: Text


class Tone(Value):
    """How people there speak when it matters."""

    address: Sentence
    """Forms of address: to elders, to strangers, within the family."""
    idioms: tuple[Text, ...] = Field(min_length=5)
    """Local sayings about trouble and comfort, in English words that keep the image."""
    private: Sentence
    """What one does not say to a stranger."""
    mother: Text
    """What one calls one's mother there."""
    father: Text
    grandmother: Text


class PlaceTime(Value):
    """A city in one decade: six sentences of its own."""

    decade: Decade
    events: Sentence
    work: Sentence
    housing: Sentence
    family: Sentence
    faith: Sentence
    distress: Sentence
    """How distress was spoken of, or kept, and to whom one went."""


class City(Value):
    """A city of the atlas, whole."""

    city: Text
    country: Text
    region: Text
    languages: tuple[Tag, ...] = Field(min_length=1)
    tone: Tone
    communities: tuple[Community, ...] = Field(min_length=1)
    neighbourhoods: tuple[Neighbourhood, ...]
    tendencies: tuple[Tendency, ...]
    jobs: tuple[Job, ...]
    things: tuple[Thing, ...]
    migrations: tuple[Migration, ...] = Field(min_length=5)
    decades: tuple[PlaceTime, ...] = Field(min_length=len(DECADES), max_length=len(DECADES))

    @model_validator(mode="after")
    def _every_decade_is_furnished(self) -> City:
        if tuple(place.decade for place in self.decades) != DECADES:
            raise ValueError("decades must be 1920s to 2020s, in order")
        share = sum(community.share for community in self.communities)
        if not 0.95 <= share <= 1.05:
            raise ValueError(f"the shares of the communities add up to {share:.2f}, not to 1")
        needs: dict[str, tuple[tuple[Lasting, ...], int]] = {
            "neighbourhoods": (self.neighbourhoods, 4),
            "tendencies": (self.tendencies, 8),
            "jobs": (self.jobs, 8),
            "things": (self.things, 10),
        }
        for decade in DECADES:
            if not any(community.there_in(decade) for community in self.communities):
                raise ValueError(f"communities: none in the {decade}")
        for field, (lasting, least) in needs.items():
            for decade in DECADES:
                there = sum(item.there_in(decade) for item in lasting)
                if there < least:
                    raise ValueError(f"{field}: {there} in the {decade}, at least {least} are needed")
        return self

    def at(self, decade: str) -> PlaceTime:
        return self.decades[DECADES.index(decade)]
