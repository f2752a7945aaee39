"""The other end of a live connection, whatever carries its messages."""

from __future__ import annotations

from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from lingting.api.ws.dialect import Message

__all__ = ["Peer", "PeerGone", "SocketPeer"]

NO_CODE = 1005


class PeerGone(Exception):
    """It hung up."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        """As WebSockets number the reasons."""


class Peer(Protocol):
    """What the connection loop needs of a transport."""

    @property
    def takes_all_along(self) -> bool:
        """Whether one that goes wants nothing more of what it asked for, so that work in hand is dropped."""
        ...

    async def receive(self) -> Message:
        """raises    PeerGone"""
        ...

    async def send(self, message: Message) -> None:
        """Waits while the other end does not read.

        raises    PeerGone
        """
        ...

    async def close(self, code: int, reason: str) -> None:
        """raises    PeerGone"""
        ...


class SocketPeer:
    """The other end of a WebSocket."""

    takes_all_along = False

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> Message:
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise PeerGone(event.get("code") or NO_CODE)
        text: str | None = event.get("text")
        message: Message = event["bytes"] if text is None else text
        return message

    async def send(self, message: Message) -> None:
        try:
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)
        except WebSocketDisconnect as gone:
            raise PeerGone(gone.code) from gone

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._websocket.close(code, reason)
        except WebSocketDisconnect as gone:
            raise PeerGone(gone.code) from gone
