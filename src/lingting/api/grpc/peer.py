"""The other end of a live call."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio

from lingting.api.grpc.live_dialect import END, GrpcDialect
from lingting.api.ws.dialect import Message
from lingting.api.ws.peer import PeerGone

__all__ = ["GrpcPeer"]

GONE = 1006
DOUBT_SECONDS = 0.02
"""The library (grpcio 1.85) tells of a call that was cancelled as of a side that was closed, and cancels it a moment
later; telling them apart costs a client that closes its side this much."""


class GrpcPeer:
    """Reads and writes serialised messages; a client that cancels its call wants nothing more of it."""

    takes_all_along = True

    def __init__(self, context: Any, dialect: GrpcDialect) -> None:  # Any: the library has no types
        self._context = context
        self._dialect = dialect
        self._has_ended = False
        self.reason = ""
        """Why the server closed, as WebSockets are told."""

    async def receive(self) -> Message:
        """A client that closes its side has no more audio; where a lost one is waited for, only a message says so.

        raises    PeerGone
        """
        if not self._has_ended:
            try:
                message = await self._context.read()
            except grpc.aio.BaseError as error:
                raise PeerGone(GONE) from error
            if message is not grpc.aio.EOF:
                data: bytes = message
                return data
            self._has_ended = True
            await asyncio.sleep(DOUBT_SECONDS)
            if not self._dialect.resumes:
                return END
        await asyncio.Event().wait()  # for ever: the call is cancelled, or the session ends
        raise AssertionError

    async def send(self, message: Message) -> None:
        try:
            await self._context.write(message)
        except grpc.aio.BaseError as error:
            raise PeerGone(GONE) from error

    async def close(self, code: int, reason: str) -> None:
        self.reason = reason
