"""Doubles for the tests of subtitle rooms: a session that says what it is told, hubs on one store and bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from lingting.domain import Closed, CloseReason, Event, Final, Partial
from lingting.rooms.hub import RoomHub
from lingting.rooms.parts import RoomSettings
from lingting.rooms.viewers import Viewer
from lingting.storage.rooms.room_bus import MemoryRoomBus
from lingting.storage.rooms.room_store import MemoryRoomStore
from lingting.testing import VirtualClock


class ScriptedSession:
    """What a room needs of a live session."""

    def __init__(self, identity: str = "session-1") -> None:
        self.id = identity
        self.closed = asyncio.Event()
        self.has_client = True
        self.received_seconds = 0.0
        self._observers: list[Callable[[Event], None]] = []
        self._seq = 0

    @property
    def observers(self) -> int:
        return len(self._observers)

    def observe(self, callback: Callable[[Event], None]) -> None:
        self._observers.append(callback)

    def partial(self, segment: int, text: str, start_seconds: float = 0.0, end_seconds: float = 1.0) -> None:
        self.say(Partial(self._next(), segment, start_seconds, end_seconds, "", text, "en"))

    def final(self, segment: int, text: str, start_seconds: float = 0.0, end_seconds: float = 1.0) -> None:
        self.say(Final(self._next(), segment, start_seconds, end_seconds, text, "en"))

    def close(self, reason: CloseReason = CloseReason.FINISHED) -> None:
        self.closed.set()
        self.say(Closed(self._next(), reason, 10.0))

    def say(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)

    def _next(self) -> int:
        self._seq += 1
        return self._seq


class CountingObserver:
    """A `RoomObserver` that counts."""

    def __init__(self) -> None:
        self.rooms = self.viewers = self.captions = self.skipped = self.cut = 0

    def rooms_open(self, count: int) -> None:
        self.rooms = count

    def room_viewer_joined(self) -> None:
        self.viewers += 1

    def room_viewer_left(self) -> None:
        self.viewers -= 1

    def room_caption(self) -> None:
        self.captions += 1

    def room_updates_skipped(self, count: int) -> None:
        self.skipped += count

    def room_viewer_cut(self) -> None:
        self.cut += 1


@dataclass
class House:
    """Replicas that share a store and a bus."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    observer: CountingObserver = field(default_factory=CountingObserver)
    settings: RoomSettings = field(default_factory=RoomSettings)

    def __post_init__(self) -> None:
        self.store = MemoryRoomStore(self.clock)
        self.bus = MemoryRoomBus()

    def hub(self) -> RoomHub:
        return RoomHub(store=self.store, bus=self.bus, clock=self.clock, observer=self.observer, settings=self.settings)


async def settle() -> None:
    """Let every task do what it can do without waiting."""
    for _ in range(50):
        await asyncio.sleep(0)


async def read(viewer: Viewer) -> dict[str, object]:
    """The next message, which is there already."""
    async with asyncio.timeout(5):
        message: dict[str, object] = json.loads(await anext(viewer))
        return message


async def read_all(viewer: Viewer) -> list[dict[str, object]]:
    """All messages that are there."""
    messages = []
    while True:
        await settle()
        taking = asyncio.ensure_future(anext(viewer))
        await settle()
        if not taking.done():
            taking.cancel()
            return messages
        try:
            messages.append(json.loads(await taking))
        except StopAsyncIteration:
            return messages
