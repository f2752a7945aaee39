"""Where Wyoming is spoken, and in whose name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["WyomingSettings"]


@dataclass(frozen=True, slots=True)
class WyomingSettings:
    """The Wyoming door."""

    enabled: bool = False
    host: str | None = None
    """None listens where HTTP does."""
    port: int = 10_300
    key_file: Path | None = None
    """Holds the key that callers act under, since the protocol knows none; needed once the server asks for keys."""
    max_connections: int = 64
    """Open at once; more are refused."""
