"""One connection's messages on their way out: in order, bounded, and each with a deadline."""

from __future__ import annotations

import asyncio

from lingting.api.ws.dialect import Close, Message
from lingting.api.ws.peer import Peer, PeerGone
from lingting.domain.errors import ClientTooSlow

__all__ = ["Outbox"]

LAST_WORD_SECONDS = 1.0
"""For the close frame to a client that did not read what came before it."""


class Outbox:
    """Filled by the read loop and the events of the session, emptied by one writer.

    When it is full, `put` waits: nothing is dropped, partials are merged where they come from.
    """

    def __init__(self, peer: Peer, *, capacity: int, send_seconds: float) -> None:
        self._peer = peer
        self._send_seconds = send_seconds
        self._waiting: asyncio.Queue[Message | Close] = asyncio.Queue(capacity)

    async def put(self, message: Message | Close) -> None:
        await self._waiting.put(message)

    async def run(self) -> Close:
        """Send until a Close has been sent, and return it.

        raises    ClientTooSlow; PeerGone
        """
        while True:
            message = await self._waiting.get()
            try:
                async with asyncio.timeout(self._send_seconds):
                    await self._send(message)
            except TimeoutError as error:
                raise ClientTooSlow(f"nothing was read for {self._send_seconds:g} seconds") from error
            if isinstance(message, Close):
                return message

    async def give_up(self, error: ClientTooSlow) -> None:
        """Tell a client that may not listen why it is over."""
        try:
            async with asyncio.timeout(min(LAST_WORD_SECONDS, self._send_seconds)):
                await self._send(Close(1008, error.code))
        except (TimeoutError, OSError, RuntimeError, PeerGone):
            return

    async def _send(self, message: Message | Close) -> None:
        if isinstance(message, Close):
            await self._peer.close(message.code, message.reason)
        else:
            await self._peer.send(message)
