"""A person at the keyboard of a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agents import Role, Scene, Terminal
from graphs.person import Left
from graphs.turn import Weighed
from replay import folded

_HELP = "Type a number to choose, or your own reply. /quit leaves; everything before this turn is kept."


class Keyboard:
    """Asks on the terminal. End of input and /quit leave the session where it can be resumed."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def speak(self, scene: Scene) -> str:
        """What the person says as the Seeker."""
        if scene.turn == 0:
            self._terminal.say("\nYou are the Seeker. Say what brings you; /quit leaves, and the session can be resumed.")
        return await self._ask(f"\n{scene.turn + 1:2}  You: ")

    async def decide(self, scene: Scene, weighed: Sequence[Weighed]) -> Weighed | str:
        """A number chooses; anything else is a reply of one's own."""
        say, style = self._terminal.say, self._terminal.style
        say(f"\n{style(f'{scene.turn:2}  Seeker', 'cyan', 'bold')}")
        say(folded(scene.by(Role.SEEKER)[-1]) + "\n")
        for number, one in enumerate(weighed, 1):
            say(folded(f"{one.proposal.message}  ({one.proposal.style} {one.reward:.2f})", f"    {number}  "))
        if scene.turn == 1:
            say(style(f"    {_HELP}", "dim"))
        while True:
            answer = await self._ask("    Supporter: ")
            if not answer.isdecimal():
                return answer
            if 1 <= int(answer) <= len(weighed):
                return weighed[int(answer) - 1]
            say(f"    There is no reply {answer}; give 1 to {len(weighed)}, or write one.")

    async def _ask(self, prompt: str) -> str:
        while True:
            try:
                answer = (await asyncio.to_thread(input, prompt)).strip()
            except EOFError:
                raise Left from None
            if answer == "/quit":
                raise Left
            if answer:
                return answer
