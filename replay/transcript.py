"""A conversation on a terminal: bubbles, an affect meter, the variants with their scores, thoughts, a closing summary."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass

from agents import Affect, Persona, Terminal, plain
from replay.conversation import Conversation, Exchange

SIMULATED = "Everything here is simulated: nobody real is speaking."
_WIDEST = 92


@dataclass(frozen=True)
class View:
    """What of a turn is shown."""

    variants: bool = True
    thoughts: bool = False
    seeker: bool = True


class Transcript:
    """Prints turns."""

    def __init__(self, terminal: Terminal, view: View | None = None) -> None:
        self._terminal, self._view = terminal, view or View()

    def head(self, conversation: Conversation, note: str = "") -> None:
        """Who speaks, and why."""
        say, style = self._terminal.say, self._terminal.style
        started = conversation.started
        if started is None or conversation.persona is None:
            return
        say(f"\n{style(plain(headline(conversation.persona)), 'bold')}{note}")
        say(f"{style(plain(f'{started.crisis.category}, {started.crisis.severity}.'), 'dim')}")
        say(folded(started.crisis.summary, ""))
        say(style(SIMULATED, "dim"))

    def turn(self, exchange: Exchange, before: Affect | None = None) -> None:
        """One turn, whole."""
        if self._view.seeker:
            self.seeker(exchange, before)
        self.supporter(exchange)

    def seeker(self, exchange: Exchange, before: Affect | None = None) -> None:
        """What the Seeker said, and how it stands."""
        say, style, spoken = self._terminal.say, self._terminal.style, exchange.spoken
        act = spoken.act.value.replace("_", " ")
        say(f"\n{style(f'{spoken.turn:2}  Seeker', 'cyan', 'bold')}  {style(meter(spoken.affect, before), 'dim')}  {style(act, 'dim')}")
        if self._view.thoughts and spoken.private_thought:
            say(style(folded(f"({spoken.private_thought})"), "dim"))
        if self._view.thoughts and spoken.appraisal and spoken.appraisal.heard:
            say(style(folded(f"(heard: {spoken.appraisal.heard} {spoken.appraisal.why})"), "dim"))
        say(folded(spoken.message))
        for fault in spoken.faults:
            kind = fault.kind.replace("_", " ")
            say(style(folded(f"! the simulator's fault ({kind}): “{fault.words}”"), "yellow"))
        if exchange.flagged:
            words = "; ".join(exchange.flagged.words)
            say(style(folded(f"! {exchange.flagged.level.value} risk: “{words}”"), "yellow"))

    def supporter(self, exchange: Exchange) -> None:
        """What might have been answered, and what was."""
        say, style = self._terminal.say, self._terminal.style
        reply, chosen = exchange.reply, exchange.chosen
        if self._view.variants:
            for variant in exchange.variants.values():
                if reply is not None and variant.variant == reply.variant:
                    continue
                say(style(folded(f"{self._score(exchange, variant.variant)}  {variant.message}", "      · "), "dim"))
        if reply is None or chosen is None:
            return
        by = "" if chosen.chooser == "best" else f"  chosen by {plain(chosen.chooser)}"
        say(f"    {style('Supporter', 'green', 'bold')}  {style(self._score(exchange, reply.variant) + by, 'dim')}")
        if self._view.thoughts and reply.private_thought:
            say(style(folded(f"({reply.private_thought})"), "dim"))
        say(folded(reply.message))

    def _score(self, exchange: Exchange, variant: str) -> str:
        offered = exchange.variants[variant]  # type: ignore[index]
        reward = exchange.reward(offered.variant)
        foreseen = exchange.foreseen.get(offered.variant)
        parts = [offered.style, f"{reward:.2f}" if reward is not None else "not judged"]
        if foreseen:
            change = (foreseen.ahead[-1] if foreseen.ahead else foreseen.affect).distress - exchange.spoken.affect.distress
            parts.append(f"{change:+.0f} distress" if round(change) else "±0 distress")
        parts += [
            f"✗ {violation.rule.replace('_', ' ')}"
            for judged in exchange.judged
            if judged.variant == variant
            for violation in judged.violations
        ]
        return " ".join(plain(part) for part in parts)


def folded(text: str, indent: str = "    ") -> str:
    """What somebody said, as wide as the terminal is and no wider than reads well."""
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns - 2)
    return textwrap.fill(plain(text), width, initial_indent=indent, subsequent_indent=" " * len(indent))


def headline(persona: Persona) -> str:
    """Who somebody is, in a line."""
    now = persona.current_socio_demographics
    return f"{persona.name}, {now.age}, {now.work}. {now.location}, {now.year}"


def meter(affect: Affect, before: Affect | None = None) -> str:
    """Distress and trust as rows of blocks, with what changed."""

    def part(name: str) -> str:
        value: float = getattr(affect, name)
        change = value - getattr(before, name) if before else 0.0
        arrow = "↑" if change >= 1 else "↓" if change <= -1 else " "
        return f"{name} {blocks(value)} {value:3.0f}{arrow}"

    return f"{part('distress')} {part('trust')}"


def blocks(value: float) -> str:
    """A percentage as ten blocks."""
    full = round(value / 10)
    return "█" * full + "░" * (10 - full)


_ENDS = {
    "closed_by_seeker": "The Seeker ended it",
    "turn_limit": "It reached its turn limit",
    "stopped_for_safety": "It was stopped for safety",
    "failed": "It failed",
}


def closing(conversation: Conversation) -> str:
    """How it went, in two sentences."""
    turns = len(conversation.exchanges)
    how = _ENDS[conversation.ended.outcome] if conversation.ended else "It is not over"
    lines = f"{how} after {turns} turn{'s' * (turns != 1)}."
    if not conversation.exchanges:
        return lines
    first = conversation.exchanges[0].spoken.affect
    last = (conversation.exchanges[-1].reaction() or conversation.exchanges[-1].spoken).affect
    moved = ", ".join(f"{name} {getattr(first, name):.0f} → {getattr(last, name):.0f}" for name in ("distress", "trust", "hope"))
    return f"{lines} {moved[:1].upper()}{moved[1:]}."
