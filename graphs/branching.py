"""Opening another life of a conversation: where it forks, what is different, and the first events that follow from it.

All of it is decided from the events before the fork, so that a branch can be proven again like any session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from agents import Cast, Chance, StreamId, UsageError, VariantId, Voice, check_model, nearest
from graphs.choosers import chooser
from graphs.person import by_person, typed
from graphs.position import Position, position_of
from graphs.record import Answers
from graphs.session import Stage, session_at
from graphs.turn import Choice, chosen_event, ending, hear_seeker, variant_events, weigh
from replay import Conversation, apply, edited, fold, load
from store import BranchOpened, Event, Log, SeekerSpoke, StoredEvent, VariantChosen, VariantProposed

_SEEKERS = {"seeker_says": "--seeker-says", "persona": "--persona-edit"}
"""Overrides that change what the Seeker says: the branch forks before its words."""


@dataclass(frozen=True)
class Override:
    """What a branch does otherwise; None or nothing leaves it as it was."""

    choose: str | None = None
    say: str | None = None
    seeker_says: str | None = None
    care_level: float | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    """How every chair is asked from here on, where `models` says something."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """What everybody speaks from, with its version, where `models` says something."""
    persona: Mapping[str, JsonValue] = field(default_factory=dict)
    luck: int | None = None
    turns: int | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """What the event says."""
        settings: dict[str, JsonValue] = {}
        if self.care_level is not None:
            settings["chooser"] = f"care:{self.care_level:g}"
        if self.turns is not None:
            settings["turn_limit"] = self.turns
        settings |= {f"models.{chair}": model for chair, model in self.models.items()}
        if self.models:
            settings["voices"] = {chair: voice.model_dump(mode="json") for chair, voice in self.voices.items()}
        if self.prompts:
            settings["prompts"] = dict(self.prompts)
        given: dict[str, JsonValue] = {
            "choose": self.choose,
            "say": self.say,
            "seeker_says": self.seeker_says,
            "persona": dict(self.persona) or None,
            "luck": self.luck,
            "settings": settings or None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Fork:
    """Where a branch leaves its parent."""

    version: int
    before: Conversation
    """The conversation up to there."""


def check(override: Override, turn: int) -> None:
    """Refuses what is empty or contradicts itself."""
    for flag, words in (("--say", override.say), ("--seeker-says", override.seeker_says)):
        if words is not None and not words.strip():
            raise UsageError(f"{flag} is empty. Write what is said in turn {turn}, or leave the flag out.")
    given = [name for name in ("choose", "say") if getattr(override, name) is not None]
    if len(given) == 2:
        raise UsageError(f"--choose and --say contradict: in turn {turn} one reply is given. Leave one of them out.")
    changes_seeker = [flag for name, flag in _SEEKERS.items() if override.as_json().get(name)]
    if given and changes_seeker:
        raise UsageError(
            f"{changes_seeker[0]} and --{given[0]} contradict: the first lets the Seeker say something else in turn {turn}, and the reply "
            "answers what was said. Make two branches, the second from the first."
        )
    if override.seeker_says and override.persona:
        raise UsageError("--seeker-says and --persona-edit contradict: who is edited speaks for themselves. Make two branches.")
    if override.turns is not None and override.turns < turn:
        raise UsageError(f"--turns {override.turns} ends before turn {turn}, where the branch begins.")
    if override.care_level is not None:
        chooser(f"care:{override.care_level:g}", Chance(0))
    for chair, model in override.models.items():
        check_model(chair, model)


def fork(events: Sequence[StoredEvent], turn: int, override: Override) -> Fork:
    """Where a branch at a turn leaves these events."""
    check(override, turn)
    whole = fold(stored.event for stored in events)
    if not 1 <= turn <= len(whole.exchanges):
        raise UsageError(
            f"There is no turn {turn} in this conversation; it has {len(whole.exchanges)}. Give --at 1 to {len(whole.exchanges)}."
        )
    kind = SeekerSpoke if not _keeps_the_question(override) else VariantProposed if _answers_anew(override) else VariantChosen
    index = next((i for i, s in enumerate(events) if isinstance(s.event, kind) and s.event.turn == turn), None)
    if index is None:
        raise UsageError(f"Turn {turn} has no reply yet. Go on with `sim.py resume`, then branch.")
    before = fold(stored.event for stored in events[:index])
    if override.choose is not None:
        _check_choice(override.choose, whole, before, turn, again=override.luck is not None)
    if before.persona is not None and override.persona:
        edited(before.persona, dict(override.persona))
    return Fork(index, before)


def _keeps_the_question(override: Override) -> bool:
    """Whether the branch leaves the Seeker's words of the turn as they are."""
    other_luck_alone = override.luck is not None and not (override.choose or override.say or override.care_level is not None)
    return not (override.seeker_says or override.persona or other_luck_alone or "seeker" in override.models)


def _answers_anew(override: Override) -> bool:
    """Whether somebody else proposes or weighs the replies of the turn."""
    return not (override.choose or override.say) and not override.models.keys().isdisjoint({"supporter", "judge"})


def _check_choice(wanted: str, whole: Conversation, before: Conversation, turn: int, *, again: bool) -> None:
    offered = before.exchanges[-1].variants
    if wanted not in offered:
        raise UsageError(f"No variant {wanted!r} was offered in turn {turn}.{nearest(wanted, offered)} Offered: {', '.join(offered)}.")
    chosen = whole.exchanges[turn - 1].chosen
    if chosen and chosen.variant == wanted and not again:
        others = ", ".join(variant for variant in offered if variant != wanted)
        raise UsageError(f"{wanted!r} is what was said in turn {turn}. Choose another one: {others}.")


async def first_events(opened: Conversation, overrides: Mapping[str, JsonValue], cast: Cast) -> list[Event]:
    """What follows from a branch's overrides at once; `opened` is the conversation with the branch opened."""
    scene, settings = opened.scene(), opened.settings
    assert settings is not None
    if words := overrides.get("seeker_says"):
        return hear_seeker(scene, by_person(str(words), await cast.seeker.speak(scene)))[1]
    if not opened.exchanges or opened.exchanges[-1].chosen or not opened.exchanges[-1].variants:
        return []
    exchange = opened.exchanges[-1]
    if words := overrides.get("say"):
        [own] = await weigh(scene, [typed(str(words))], cast, settings.look_ahead)
        end = ending(scene)
        choice = Choice(own, "branch", "said in place of what was chosen")
        return [*variant_events(scene.turn, [own]), chosen_event(scene.turn, choice), *([end] if end else [])]
    if variant := overrides.get("choose"):
        chosen, by, why = VariantId(str(variant)), "branch", "chosen in place of what was chosen"
    elif settings.chooser.startswith("care:"):
        level = float(settings.chooser.removeprefix("care:"))
        nearest_one = min(exchange.variants.values(), key=lambda v: abs(v.care_level - level))
        chosen, by, why = nearest_one.variant, settings.chooser, f"care level {nearest_one.care_level:g}"
    else:
        best = max(exchange.variants, key=lambda v: exchange.reward(v) or 0.0)
        chosen, by, why = best, settings.chooser, f"reward {exchange.reward(best) or 0.0:g}"
    end = ending(scene)
    return [VariantChosen(turn=scene.turn, variant=chosen, chooser=by, reason=why), *([end] if end else [])]


def open_branch(log: Log, parent: StreamId, branch: StreamId, at: Fork, override: Override, *, reason: str) -> Position:
    """Opens a branch in the log: where it stands before anything has followed."""
    opened = BranchOpened(parent=parent, version=at.version, reason=reason, overrides=override.as_json())
    log.open_branch(branch, parent, at.version, [opened])
    return position_of(branch, apply(at.before, opened))


async def follow(position: Position, stage: Stage, answers: Answers | None = None) -> tuple[Position, list[Event]]:
    """What follows from an open branch's overrides at once, kept; any other position stays as it is."""
    if not position.opening:
        return position, []
    session = session_at(position, stage, answers)
    conversation = load(stage.log, position.stream)
    following = await first_events(conversation, conversation.branches[-1].opened.overrides, session.cast)
    session.record.append(following)
    for event in following:
        apply(conversation, event)
    return replace(position_of(position.stream, conversation), version=session.record.version, opening=False), following
