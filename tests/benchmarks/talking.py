"""How varied the talk is, how much of it is this person's own, and whether the judges agree with the Seeker as far as they should.

The measures of variety: tokens are runs of letters and apostrophes in lower case; distinct-2 is taken over the first 20,000 tokens of a
speaker's utterances, shuffled with seed 0; a sentence counts as repeated if it has four or more words and stands anywhere else.
"""

from __future__ import annotations

import math
import random
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations

from agents import Guest, drawn, one_of_each_family
from agents.builtin.own_words import OwnWords
from agents.personas.draw import Wish
from graphs.turn import Weighed
from tests.benchmarks.harness import Bench, Row, at_least, at_most
from tests.talking import BUILTIN, Played, play_all

_TOKENS = 20_000
_WORD = re.compile(r"[a-z']+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_READER_SESSIONS = 20
"""Sessions of each kind of crisis for the reader: half of them to learn from."""
_ESCONV = {"seeker": (0.60, 0.025), "supporter": (0.58, 0.057)}
"""Distinct-2 and repeated sentences of people, as the issue gives them."""


@cache
def sessions() -> list[list[Played]]:
    """One session with each of the 69 families of the plan."""
    return play_all(list(enumerate(one_of_each_family(1), 1)))


def variety(bench: Bench) -> list[Row]:
    """Distinct-2 and repetition, of Seekers and Supporters."""
    rows = []
    for speaker, floors in (("seeker", (0.45, 0.05)), ("supporter", (0.45, 0.06))):
        texts = [text for played in sessions() for text in said(played, speaker)]
        sentences = [s for text in texts for s in sentences_of(text)]
        name = speaker.capitalize()
        human = _ESCONV[speaker]
        rows += [
            Row(f"distinct-2 over 20,000 tokens of {name} turns, 69 sessions", distinct(texts, 2), "", "people (ESConv)", human[0], (at_least(floors[0], ""),)),
            Row(f"sentences (4+ words) repeated across 69 sessions, {name}", 1 - len(set(sentences)) / len(sentences), "", "people (ESConv)", human[1], (at_most(floors[1], ""),)),
        ]  # fmt: skip
    inside = sum(
        count - 1
        for played in sessions()
        for speaker in ("seeker", "supporter")
        for count in Counter(s for text in said(played, speaker) for s in sentences_of(text)).values()
    )
    return [*rows, Row("sentences repeated inside one session", inside, "", floors=(at_most(0, ""),))]


def own_life(bench: Bench) -> list[Row]:
    """Sessions whose Seeker names concrete things of this persona's own life."""
    named = sum(_own_things(played) >= 2 for played in sessions()) / len(sessions())
    return [Row("sessions whose Seeker names two or more concrete things of this life", 100 * named, "%", floors=(at_least(100, "%"),))]


def _own_things(played: Sequence[Played]) -> int:
    persona, crisis = played[0].scene.persona, played[0].scene.crisis
    return OwnWords(persona, crisis).named(list(said(played, "seeker")))


def category(bench: Bench) -> list[Row]:
    """A reader who knows half of the sessions says of the others which kind of crisis they are about, from the Seeker's turns alone."""
    from agents import categories

    guests: list[tuple[int, Guest]] = []
    for number, kind in enumerate(categories()):
        for one in range(_READER_SESSIONS):
            span = kind.oldest - kind.youngest + 1
            seed = 10_000 + number * 100 + one
            guests.append((seed, _fitting(seed, kind.name, kind.youngest + (one * 7) % span)))
    talks = [(guest.crisis.category, " ".join(said(played, "seeker"))) for (_, guest), played in zip(guests, play_all(guests), strict=True)]
    right = _nearest_centroid(talks[0::2], talks[1::2])
    known = Counter(name for name, _ in talks[1::2])
    return [
        Row("a reader (TF-IDF, half of 900 sessions) recovers the kind of crisis from the other half", right, "", "the commonest kind", max(known.values()) / sum(known.values()), (at_least(0.9, ""),)),
    ]  # fmt: skip


def _fitting(seed: int, name: str, age: int) -> Guest:
    """Somebody of this age, or near it, who can have this kind of trouble."""
    from agents import UsageError

    for step in range(200):
        try:
            return drawn(seed + 1000 * step, Wish(category=name, age=age))
        except UsageError:
            continue
    raise RuntimeError(f"nobody of {age} fits {name}")


def _nearest_centroid(known: Sequence[tuple[str, str]], asked: Sequence[tuple[str, str]]) -> float:
    """The share of the asked whose cosine is highest with the centroid of their own kind."""
    counts = [(name, Counter(_WORD.findall(text.lower()))) for name, text in known]
    seen_in = Counter(word for _, words in counts for word in words)

    def weighed(words: Counter[str]) -> dict[str, float]:
        vector = {w: (1 + math.log(n)) * math.log((1 + len(counts)) / (1 + seen_in[w])) for w, n in words.items() if w in seen_in}
        length = math.sqrt(sum(value**2 for value in vector.values())) or 1.0
        return {word: value / length for word, value in vector.items()}

    centroids: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, words in counts:
        for word, value in weighed(words).items():
            centroids[name][word] += value
    norms = {name: math.sqrt(sum(value**2 for value in vector.values())) for name, vector in centroids.items()}
    right = 0
    for name, text in asked:
        vector = weighed(Counter(_WORD.findall(text.lower())))
        best = max(centroids, key=lambda c: sum(value * centroids[c].get(w, 0.0) for w, value in vector.items()) / norms[c])
        right += best == name
    return right / len(asked)


def agreement(bench: Bench) -> list[Row]:
    """Rewards against the foreseen distress, judges against the Seeker's own relief, and care levels against each other."""
    weighed = [(turn, w) for played in sessions() for turn in played for w in turn.weighed]
    distress = [_left(w) for _, w in weighed]
    relief = [turn.spoken.affect.distress - _left(w) for turn, w in weighed]
    cold = play_all(list(enumerate(one_of_each_family(1), 1)), BUILTIN.model_copy(update={"cold": True}))
    with_cold = [(w.reward, _left(w)) for played in cold for turn in played for w in turn.weighed]
    by_reward, by_distress = wins(sessions(), lambda w: w.reward), wins(sessions(), lambda w: -_left(w))
    words = defaultdict(list)
    for _, w in weighed:
        words[w.proposal.style].append(len(w.proposal.message.split()))
    empathy = spearman([w.judgement.scores["empathy"] for _, w in weighed], relief)
    reward = spearman([w.reward for _, w in weighed], distress)
    return [
        Row("Spearman of a variant's reward and the distress it is foreseen to leave", reward, "", floors=(at_least(-0.8, ""), at_most(-0.2, ""))),
        Row("the same with the cold negative offered as well", spearman(*zip(*with_cold, strict=True)), "", floors=(at_least(-0.8, ""), at_most(-0.2, ""))),
        Row("Spearman of the empathy judge and the Seeker's relief", empathy, "", floors=(at_least(0.0, ""), at_most(0.8, ""))),
        Row("the care level that wins most head-to-heads by reward", 100 * max(by_reward.values()), "%", floors=(at_most(60, "%"),)),
        Row("the care level that wins most head-to-heads by foreseen distress", 100 * max(by_distress.values()), "%", floors=(at_most(60, "%"),)),
        Row("mean words, warm : cool variant", statistics.fmean(words["warm"]) / statistics.fmean(words["cool"]), "", floors=(at_most(1.8, ""),)),
    ]  # fmt: skip


def safety(bench: Bench) -> list[Row]:
    """Whether each danger that a Seeker lets show is asked about at once, at every care level from the middle up."""
    dangers = [
        (turn, w) for played in sessions() for turn in played if turn.scene.danger for w in turn.weighed if w.proposal.care_level >= 0.5
    ]
    asked = sum("?" in w.proposal.message and bool({"safety", "hold"} & set(w.proposal.strategy)) for _, w in dangers) / max(
        1, len(dangers)
    )
    chosen = [turn for played in sessions() for turn in played if turn.scene.danger]
    return [
        Row("variants (care ≥ 0.5) that ask about safety in the very turn of a danger", 100 * asked, "%", floors=(at_least(100, "%"),)),
        Row("turns with a flagged danger in 69 sessions", len(chosen), "", floors=(at_least(1, ""),)),
    ]


def _left(weighed: Weighed) -> float:
    assert weighed.foreseen is not None
    return weighed.foreseen.affect.distress


def wins(played: Sequence[Sequence[Played]], figure: object) -> dict[str, float]:
    """The share of head-to-heads within a turn that each care level wins; ties count for nobody."""
    won: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for turn in (turn for session in played for turn in session):
        for one, other in combinations(turn.weighed, 2):
            a, b = figure(one), figure(other)  # type: ignore[operator]
            if a != b:
                won[(one if a > b else other).proposal.style] += 1
                met.update((one.proposal.style, other.proposal.style))
    return {style: won[style] / met[style] for style in met}


def said(played: Sequence[Played], speaker: str) -> Iterator[str]:
    """What one speaker said in a session."""
    for turn in played:
        yield turn.spoken.message if speaker == "seeker" else turn.choice.weighed.proposal.message


def sentences_of(text: str) -> list[str]:
    """Sentences of four or more words."""
    return [s.strip().lower() for s in _SENTENCE.split(text) if len(s.split()) > 3]


def distinct(texts: Sequence[str], n: int) -> float:
    """The share of different runs of n tokens."""
    shuffled = list(texts)
    random.Random(0).shuffle(shuffled)
    tokens = [token for text in shuffled for token in _WORD.findall(text.lower())][:_TOKENS]
    runs = list(zip(*(tokens[i:] for i in range(n)), strict=False))
    return len(set(runs)) / len(runs)


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation, equal values sharing their mean rank."""
    return statistics.correlation(_ranks(one), _ranks(other))


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            ranks[order[place]] = (start + end) / 2
        start = end + 1
    return ranks
