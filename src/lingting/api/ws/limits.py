"""What one WebSocket connection may send and keep waiting, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lingting.domain.errors import Overloaded

__all__ = ["SocketLimits", "Sockets"]

RETRY_SECONDS = 5.0
JSON_BYTES = 16_384
"""Of a message, round its audio."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Bounds of a connection, whatever its dialect."""

    max_message_bytes: int = 4 * 2**20
    """Of audio in one message: 10 s of stereo 32-bit samples at 48 kHz fit. In base64 it is a third more."""
    send_seconds: float = 20.0
    """How long one message waits for a client that does not read; then the connection is closed."""
    hello_seconds: float = 30.0
    """How long the first message, and before a session begins each further one, is waited for."""
    max_outbox_messages: int = 64
    """Worded and not yet sent; then the socket is read no further."""
    max_bad_messages: int = 20
    """In a row; then the connection is closed."""
    max_sockets: int = 512
    """Open at once, of all dialects together."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides the server's own, as browsers write them ("https://example.com"); "*" is all."""

    @property
    def max_frame_bytes(self) -> int:
        """What the WebSocket library should let through."""
        return self.max_message_bytes * 4 // 3 + JSON_BYTES


class Sockets:
    """Counts the open sockets of a server. Belongs to one event loop."""

    def __init__(self, limits: SocketLimits) -> None:
        self.limits = limits
        self.open = 0

    @contextmanager
    def holding_a_place(self) -> Iterator[None]:
        """raises    Overloaded"""
        if self.open >= self.limits.max_sockets:
            raise Overloaded(f"{self.open} sockets are open, the limit here", retry_after_seconds=RETRY_SECONDS)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1
