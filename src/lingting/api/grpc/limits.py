"""What gRPC clients may send, and how many calls there may be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GrpcSettings"]


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """The gRPC door."""

    enabled: bool = False
    host: str | None = None
    """None listens where HTTP does."""
    port: int = 50_051
    max_message_bytes: int = 16 * 2**20
    """Of one message, which is held in memory: over eight minutes of 16 kHz PCM, or an hour and more of Opus."""
    max_calls: int = 512
    """Open at once, those that are refused among them."""
    max_connection_calls: int = 256
    """Of one connection; further ones wait in the client."""
    reflection: bool = True
    """Tell clients the messages and methods, as grpcurl asks."""
