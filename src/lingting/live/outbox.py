"""What a live session has said and its client has not yet taken: bounded, and repeatable after a lost connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable

from lingting.domain import Closed, Committed, Event, Final, Partial, SegmentFailed
from lingting.domain.errors import ClientTooSlow

__all__ = ["Log", "Subscription"]

Kept = Final | SegmentFailed | Committed | Closed


class Log:
    """What is said again to a client that comes back: the latest events that carry a result."""

    def __init__(self, capacity: int) -> None:
        self._events: deque[Kept] = deque(maxlen=capacity)

    def append(self, event: Event) -> None:
        if isinstance(event, Final | SegmentFailed | Committed | Closed):
            self._events.append(event)

    def after(self, seq: int) -> list[Kept]:
        return [event for event in self._events if event.seq > seq]


class Subscription(AsyncIterator[Event]):
    """One connection's view of a session; iterate to wait for the next event.

    A partial that nobody took is replaced by the next one. Iteration ends after `Closed`, or when another connection
    has taken over (`replaced`).

    raises    ClientTooSlow when more than `capacity` events wait
    """

    def __init__(self, capacity: int, replay: Iterable[Event] = ()) -> None:
        self._capacity = capacity
        self._waiting: deque[Event] = deque(replay)
        self._changed = asyncio.Event()
        self._overflowed = False
        self._over = False
        self.replaced = False
        """Another connection goes on with the session."""
        if self._waiting:
            self._changed.set()

    def put(self, event: Event) -> None:
        """Never waits."""
        if self._over or self._overflowed:
            return
        if isinstance(event, Partial) and self._waiting and isinstance(self._waiting[-1], Partial):
            self._waiting.pop()
        if len(self._waiting) >= self._capacity:
            self._overflowed = True
            self._waiting.clear()
        else:
            self._waiting.append(event)
        self._changed.set()

    def replace(self) -> None:
        """End the iteration: the session is somebody else's."""
        self.replaced = self._over = True
        self._waiting.clear()
        self._changed.set()

    def end(self) -> None:
        """End the iteration once what waits has been taken."""
        self._over = True
        self._changed.set()

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._overflowed:
                raise ClientTooSlow(f"{self._capacity} messages wait for the client to read them; resume when it can")
            if self._over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        event = self._waiting.popleft()
        if isinstance(event, Closed):
            self._over = True
        return event
