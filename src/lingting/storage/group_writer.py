"""Writes rows of many callers in one transaction: a commit costs milliseconds of disk, whether for one row or for many.

Promises: `put` returns once its row is committed; while one group is written the next one gathers, so that a lone row
waits for nobody; what waits is bounded, and who comes then waits for a place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["GroupWriter"]

Row = TypeVar("Row")
MAX_GROUP = 256
MAX_WEIGHT = 20_000
MAX_WAITING = 2_048


class GroupWriter(Generic[Row]):
    """Belongs to one event loop.

    weigh    how much a row adds to its group, of MAX_WEIGHT
    """

    def __init__(
        self, write: Callable[[Sequence[Row]], Awaitable[None]], *, weigh: Callable[[Row], int] = lambda _: 1
    ) -> None:
        self._write = write
        self._weigh = weigh
        self._places = asyncio.Semaphore(MAX_WAITING)
        self._waiting: deque[tuple[Row, asyncio.Future[None]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def put(self, row: Row) -> None:
        """Have it written; raises what writing its group raised."""
        async with self._places:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((row, done))
            if self._writing is None:
                self._writing = asyncio.create_task(self._run(), name="group-writer")
            await done

    async def aclose(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            await asyncio.wait((self._writing,))

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._write_group(self._next_group())
        finally:
            self._writing = None
            for _, done in self._waiting:
                done.cancel()
            self._waiting.clear()

    def _next_group(self) -> list[tuple[Row, asyncio.Future[None]]]:
        group: list[tuple[Row, asyncio.Future[None]]] = []
        weight = 0
        while self._waiting and len(group) < MAX_GROUP:
            row, done = self._waiting[0]
            weight += self._weigh(row)
            if group and weight > MAX_WEIGHT:
                break
            self._waiting.popleft()
            if not done.done():  # else its caller has left
                group.append((row, done))
        return group

    async def _write_group(self, group: Sequence[tuple[Row, asyncio.Future[None]]]) -> None:
        if not group:
            return
        try:
            await self._write([row for row, _ in group])
        except Exception as problem:  # noqa: BLE001 - the worker loop: whoever waits is answered
            for _, done in group:
                if not done.done():
                    done.set_exception(problem)
        else:
            for _, done in group:
                if not done.done():
                    done.set_result(None)
        finally:
            for _, done in group:
                done.cancel()  # of no effect on those that are answered
