"""What a conversation has said and its client has not yet taken: in order, with a bound on the sound in it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from lingting.dialogue.talk.talk_events import ReplySound, ReplyText, TalkEnded, TalkEvent, TalkProblem

__all__ = ["TalkOutbox"]

MAX_SOUNDS = 64
"""Blocks that wait; who makes more of them waits. All else is short, and bounded by the turns that are taken."""


class TalkOutbox:
    """Read by one reader. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[TalkEvent] = deque()
        self._sounds = 0
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_over = False
        self._cut = 0
        """The latest reply that was cut; who makes it may not know yet."""

    def put(self, event: TalkEvent) -> None:
        """Never waits; nothing is taken after the end, nor of a reply that was cut."""
        if self._is_over or self._is_cut(event):
            return
        self._waiting.append(event)
        self._is_over = isinstance(event, TalkEnded)
        self._came.set()

    async def put_sound(self, sound: ReplySound) -> bool:
        """Waits while too much sound waits; whether it was taken."""
        while self._sounds >= MAX_SOUNDS and not self._is_over:
            self._room.clear()
            await self._room.wait()
        if self._is_over or self._is_cut(sound):
            return False
        self._sounds += 1
        self.put(sound)
        return True

    def drop(self, reply: int) -> None:
        """The reply was cut: none of its text and sound is given any more."""
        self._cut = max(self._cut, reply)
        kept = [
            each for each in self._waiting if not (isinstance(each, ReplySound | ReplyText) and each.reply == reply)
        ]
        self._waiting = deque(kept)
        self._sounds = sum(isinstance(each, ReplySound) for each in kept)
        self._room.set()

    def _is_cut(self, event: TalkEvent) -> bool:
        return isinstance(event, ReplySound | ReplyText | TalkProblem) and 0 < event.reply <= self._cut

    def close(self) -> None:
        """Nothing more comes; what waits is still given."""
        self._is_over = True
        self._came.set()
        self._room.set()

    async def __aiter__(self) -> AsyncIterator[TalkEvent]:
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                if isinstance(event, ReplySound):
                    self._sounds -= 1
                    self._room.set()
                yield event
            if self._is_over:
                return
            self._came.clear()
            await self._came.wait()
