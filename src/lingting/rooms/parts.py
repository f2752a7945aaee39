"""What every subtitle room of a server shares: its bounds, its store and bus, its clock, its watcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lingting.domain import Clock
from lingting.storage.rooms.room_bus import RoomBus
from lingting.storage.rooms.room_store import RoomStore

__all__ = ["RoomObserver", "RoomParts", "RoomSettings"]


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """Bounds of subtitle rooms."""

    max_rooms: int = 200
    """In all, on all servers that share a store."""
    max_viewers: int = 1_000
    """Of one room, on this server."""
    max_all_viewers: int = 10_000
    """Of all rooms, on this server."""
    history_limit: int = 5_000
    """Final captions kept of a room; a room may ask for fewer."""
    ttl_seconds: float = 86_400.0
    """How long a room stays after its last caption; a room may ask for less."""
    waiting_updates: int = 64
    """Not yet read by a viewer; a slower one is skipped forward."""
    send_seconds: float = 20.0
    """A viewer that takes no message for so long is cut off."""
    keep_alive_seconds: float = 15.0
    """Between comments on a silent event stream."""
    lease_seconds: float = 15.0
    """How long a publisher whose server died keeps others out."""
    redis_url: str | None = None
    """Where servers share rooms; None keeps them in this process."""


class RoomObserver(Protocol):
    """Told what happens, for metrics; must be quick."""

    def rooms_open(self, count: int) -> None: ...

    def room_viewer_joined(self) -> None: ...

    def room_viewer_left(self) -> None: ...

    def room_caption(self) -> None: ...

    def room_updates_skipped(self, count: int) -> None: ...

    def room_viewer_cut(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RoomParts:
    """Made once, by the hub."""

    store: RoomStore
    bus: RoomBus
    clock: Clock
    observer: RoomObserver
    settings: RoomSettings
