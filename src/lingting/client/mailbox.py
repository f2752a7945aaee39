"""Events on their way to the program, which may be slow: a partial gives way to a newer one, the rest is bounded."""

from __future__ import annotations

import asyncio
from collections import deque

from lingting.client.errors import EventsUnread
from lingting.client.events import Event, Partial
from lingting.domain.errors import LingtingError

__all__ = ["Mailbox"]


class Mailbox:
    """One writer, any number of readers. Belongs to one event loop.

    limit    of events that wait; more is a program that does not read, and an error
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._is_closed = False
        self._problem: LingtingError | None = None

    def put(self, event: Event) -> None:
        """raises    EventsUnread"""
        if isinstance(event, Partial) and self._events and isinstance(self._events[-1], Partial):
            self._events.pop()
        if len(self._events) >= self._limit:
            raise EventsUnread(
                f"{self._limit} events were not read; iterate over the stream while it is open, in a task of its own"
            )
        self._events.append(event)
        self._changed.set()

    def close(self, problem: LingtingError | None = None) -> None:
        """Nothing more will come; who has read the rest gets the problem, if there is one."""
        if not self._is_closed:
            self._is_closed, self._problem = True, problem
        self._changed.set()

    async def get(self) -> Event | None:
        """The next event; None at the end.

        raises    LingtingError, what the mailbox was closed with
        """
        while not self._events:
            if self._is_closed:
                if self._problem is not None:
                    raise self._problem
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()
