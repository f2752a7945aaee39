"""Whose turn it is: so many tasks at once for an appkey, so many begun in a second, and a bound on who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from lingting.domain.errors import Overloaded

__all__ = ["Turns"]


class Turns:
    """Belongs to one event loop.

    at_once       tasks in hand
    per_second    tasks begun; one by one, evenly spread, so that no second sees more
    waiting       who may wait; the next is refused
    """

    def __init__(self, *, at_once: int, per_second: float, waiting: int) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._bucket = AsyncLimiter(1.0, 1.0 / per_second)
        self._at_once = at_once
        self._per_second = per_second
        self._max_waiting = waiting
        self._waiting = 0
        self._in_hand = 0

    @property
    def waiting(self) -> int:
        return self._waiting

    @property
    def in_hand(self) -> int:
        return self._in_hand

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place, first come first served, and then a drop of the bucket.

        raises    Overloaded, at once, when too many wait
        """
        if self._waiting >= self._max_waiting and self._slots.locked():
            after_seconds = max(1.0, self._waiting / self._per_second)
            raise Overloaded(
                f"Aliyun: {self._waiting} calls wait for their turn already; try again later",
                retry_after_seconds=after_seconds,
            )
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        self._in_hand += 1
        try:
            await self._bucket.acquire()
            yield
        finally:
            self._in_hand -= 1
            self._slots.release()
