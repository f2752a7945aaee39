"""Lets servers know that another process erased something, which may still be in their memory.

A cache in memory belongs to one process: neither a command nor another server can reach it. So each erasure leaves a
mark in the database, and a server that sees one it did not leave itself forgets all that it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.domain import Clock
from lingting.domain.errors import StorageUnavailable
from lingting.storage.db import Database
from lingting.storage.identity import milliseconds
from lingting.storage.rooms.room_tasks import end_tasks
from lingting.storage.tables import secrets
from lingting.storage.upsert import upsert

__all__ = ["ErasureNotice"]

NAME = "last erasure"
"""A row without a secret, whose time is the mark."""
EVERY_SECONDS = 2.0


class ErasureNotice:
    """One process's view of the mark. Belongs to one event loop."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._seen_ms: int | None = None

    async def tell(self) -> None:
        """Something was erased here.

        raises    StorageUnavailable
        """
        now_ms = milliseconds(self._clock)

        async def work(connection: AsyncConnection) -> tuple[int, int]:
            before_ms = await connection.scalar(MARK) or 0
            mark_ms = max(now_ms, before_ms + 1)
            row = {"name": NAME, "created_ms": mark_ms, "sealed": b""}
            change = upsert(self._database.kind, secrets, [row], lambda _, new: {"created_ms": new.created_ms})
            await connection.execute(change)
            return before_ms, mark_ms

        before_ms, mark_ms = await self._database.write(work)
        if before_ms == (self._seen_ms or 0):
            self._seen_ms = mark_ms

    async def look(self) -> bool:
        """Whether another process erased something since it was looked last; the first look only begins.

        raises    StorageUnavailable
        """
        mark_ms = await self._database.read(lambda connection: connection.scalar(MARK)) or 0
        before_ms, self._seen_ms = self._seen_ms, mark_ms
        return before_ms is not None and before_ms != mark_ms

    @asynccontextmanager
    async def watched(self, forget: Callable[[], None]) -> AsyncIterator[None]:
        """Call it whenever another process erased something, within seconds; also after the database was away."""
        task = asyncio.create_task(self._watch(forget), name="erasures")
        try:
            yield
        finally:
            await end_tasks([task])

    async def _watch(self, forget: Callable[[], None]) -> None:
        while True:
            try:
                if await self.look():
                    forget()
            except StorageUnavailable:
                forget()  # it cannot be known
            await asyncio.sleep(EVERY_SECONDS)


MARK = select(secrets.c.created_ms).where(secrets.c.name == NAME)
