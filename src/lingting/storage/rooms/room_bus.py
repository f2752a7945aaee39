"""How replicas tell each other what happens in a room, and the bus of one process.

A bus may lose messages, but says so: a subscription then gives `None`, and its reader loads the room from the store.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

__all__ = ["BusSubscription", "MemoryRoomBus", "RoomBus"]

WAITING_MESSAGES = 256
"""Not yet read; more are dropped, and the reader is told to load the room anew."""


class BusSubscription:
    """Messages about one room; begins with `None`: load the room."""

    def __init__(self, room: str) -> None:
        self.room = room
        self._waiting: deque[bytes | None] = deque()
        self._changed = asyncio.Event()

    def put(self, message: bytes) -> None:
        """Never waits."""
        if len(self._waiting) >= WAITING_MESSAGES:
            self.missed()
            return
        self._waiting.append(message)
        self._changed.set()

    def missed(self) -> None:
        """Messages may have been lost; what waits is in the store as well."""
        self._waiting.clear()
        self._waiting.append(None)
        self._changed.set()

    async def take(self) -> bytes | None:
        """The next message; None when the room has to be loaded."""
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()


class RoomBus(Protocol):
    """Carries messages to every replica that follows a room."""

    async def publish(self, room: str, message: bytes) -> None:
        """Tell all subscribers, this process's own among them.

        raises    Busy when the bus is away
        """
        ...

    def subscribe(self, room: str) -> BusSubscription:
        """Begin to follow; gives `None` as soon as nothing more is missed."""
        ...

    def unsubscribe(self, subscription: BusSubscription) -> None: ...

    async def aclose(self) -> None: ...


class MemoryRoomBus:
    """The bus of one process, or of several hubs in a test."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[BusSubscription]] = {}

    async def publish(self, room: str, message: bytes) -> None:
        for subscription in self._subscriptions.get(room, ()):
            subscription.put(message)

    def subscribe(self, room: str) -> BusSubscription:
        subscription = BusSubscription(room)
        self._subscriptions.setdefault(room, set()).add(subscription)
        subscription.missed()
        return subscription

    def unsubscribe(self, subscription: BusSubscription) -> None:
        held = self._subscriptions.get(subscription.room, set())
        held.discard(subscription)
        if not held:
            self._subscriptions.pop(subscription.room, None)

    async def aclose(self) -> None:
        self._subscriptions.clear()
