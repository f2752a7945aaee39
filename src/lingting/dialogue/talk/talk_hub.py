"""All spoken conversations of a server: who may begin one, and their end with the server's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.dialogue.talk.talk import Talk
from lingting.dialogue.talk.talk_parts import TalkParts, TalkWish
from lingting.dialogue.wake.wake import Wake
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain import Call
from lingting.domain.errors import Overloaded, ShuttingDown

__all__ = ["TalkHub"]

RETRY_SECONDS = 10.0


class TalkHub:
    """Belongs to one event loop."""

    def __init__(self, parts: TalkParts) -> None:
        self._parts = parts
        self._talks: set[Talk] = set()
        self._is_open = True

    def __len__(self) -> int:
        return len(self._talks)

    @asynccontextmanager
    async def talking(self, wish: TalkWish, call: Call) -> AsyncIterator[Talk]:
        """A conversation for as long as it is used; its live session's events are the caller's to hand over.

        raises    Overloaded, ShuttingDown; RecordNotFound, WrongState; InvalidOption, VoiceNotFound; QuotaExceeded
        """
        self._require_room()
        await self._parts.chat.require(call, wish.conversation)
        if wish.speaks:
            await self._parts.speech.require(call.principal, voice=wish.voice, speed=wish.speed)
            self._parts.speech.expect(voice=wish.voice, language=wish.language)
        self._require_room()
        talk = Talk(wish, call, self._parts)
        self._talks.add(talk)
        self._parts.observer.talk_opened()
        try:
            talk.start()
            yield talk
        finally:
            self._talks.discard(talk)
            self._parts.observer.talk_closed()
            await talk.aclose()

    async def waking(self, wish: WakeWish) -> Wake | None:
        """What stands before a conversation that is to be called; None where its bot is always awake.

        raises    InvalidOption
        """
        settings = wish.over(self._parts.settings.wake)
        if not settings.is_on:
            return None
        return await asyncio.to_thread(Wake, settings, now_seconds=self._parts.clock.monotonic())

    async def aclose(self) -> None:
        """End them all."""
        self._is_open = False
        await asyncio.gather(*(talk.aclose() for talk in tuple(self._talks)))

    def _require_room(self) -> None:
        most = self._parts.settings.max_talks
        if not self._is_open:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=RETRY_SECONDS)
        if len(self._talks) >= most:
            raise Overloaded(
                f"{most} conversations are going on, all that may be; try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )
