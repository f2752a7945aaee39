"""One connection's messages on their way in: bounded in size, and patient only where a session has begun."""

from __future__ import annotations

import asyncio

from lingting.api.ws.dialect import Message
from lingting.api.ws.limits import SocketLimits
from lingting.api.ws.peer import Peer
from lingting.domain.errors import LimitExceeded, SessionIdle

__all__ = ["Inbox"]

YIELD_MESSAGES = 32
"""After so many that were there already, others get their turn: a buffer holds thousands of tiny ones."""


class Inbox:
    """Reads one message at a time."""

    def __init__(self, peer: Peer, limits: SocketLimits) -> None:
        self._peer = peer
        self._limits = limits
        self._count = 0
        self._patience: asyncio.Timeout | None = None
        """Of the message that is waited for."""

    async def next(self, *, is_waited_for: bool) -> Message:
        """Wait for a message.

        is_waited_for    a session has begun, which has its own patience
        raises           PeerGone; SessionIdle; LimitExceeded
        """
        self._count += 1
        if self._count % YIELD_MESSAGES == 0:
            await asyncio.sleep(0)
        patience_seconds = None if is_waited_for else self._limits.hello_seconds
        try:
            async with asyncio.timeout(patience_seconds) as self._patience:
                message = await self._peer.receive()
        except TimeoutError as error:
            waited_seconds = self._limits.hello_seconds
            raise SessionIdle(f"nothing came for {waited_seconds:g} seconds; connect when there is audio") from error
        limits = self._limits
        limit_bytes = limits.max_message_bytes if isinstance(message, bytes) else limits.max_frame_bytes
        if len(message) > limit_bytes:
            raise LimitExceeded(f"the message is larger than {limit_bytes} bytes, the limit here; send smaller pieces")
        return message

    def session_ended(self) -> None:
        """From here on the next message is waited for as the first one was."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + self._limits.hello_seconds)
