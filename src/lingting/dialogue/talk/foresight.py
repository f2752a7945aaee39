"""The reply that is made while it is not sure yet that the user's turn is over; nothing of it is given before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from lingting.dialogue.talk.making import Making
from lingting.dialogue.turns.turn_news import StartReply

__all__ = ["Ahead", "Foresight"]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A reply that is held."""

    command: StartReply
    """What turn-taking will ask for, if the silence lasts."""
    making: Making
    task: asyncio.Task[None]
    mark: int
    """Of the question, in the conversation."""


class Foresight:
    """At most one reply ahead of its turn. Belongs to one event loop."""

    def __init__(self, withdraw: Callable[[int], None], noted: Callable[[str], None]) -> None:
        """
        withdraw    called with the mark when a reply that was dropped has let go of the conversation
        noted       told of each reply whether it was `used` or `dropped`, for metrics
        """
        self._withdraw, self._noted = withdraw, noted
        self._ahead: Ahead | None = None

    def has(self, command: StartReply) -> bool:
        return self._ahead is not None and self._ahead.command == command

    def hold(self, ahead: Ahead) -> None:
        """Another must have been dropped before."""
        assert self._ahead is None, "at most one reply is ahead"
        self._ahead = ahead

    def take(self, command: StartReply) -> Ahead | None:
        """The reply to just this, which is the caller's from now on."""
        if not self.has(command):
            return None
        ahead, self._ahead = self._ahead, None
        self._noted("used")
        return ahead

    def drop(self, leaving: asyncio.Task[None] | None) -> asyncio.Task[None] | None:
        """Stop the one that is held; gives what is over once it has let go.

        leaving    the same of the reply before
        """
        if self._ahead is None:
            return leaving
        ahead, self._ahead = self._ahead, None
        ahead.task.cancel()
        self._noted("dropped")
        return asyncio.create_task(self._leave(ahead, leaving), name="leave-ahead")

    async def _leave(self, ahead: Ahead, leaving: asyncio.Task[None] | None) -> None:
        await asyncio.wait([ahead.task, *([] if leaving is None else [leaving])])
        self._withdraw(ahead.mark)
