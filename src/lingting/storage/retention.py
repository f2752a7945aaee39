"""Deletes what has had its time: transcripts, talks, recordings, ended jobs, callbacks, and files that nothing knows.

Promises: several servers may sweep one database; a sweep works in small transactions, so that nobody waits for it; one
that fails is counted, logged and tried again at the next turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, Table, and_, or_, select

from lingting.domain import Clock
from lingting.domain.errors import LingtingError
from lingting.storage.blobs import Blobs
from lingting.storage.db import Database
from lingting.storage.deleting import delete_rows, ids_of
from lingting.storage.identity import milliseconds
from lingting.storage.rooms.room_tasks import end_tasks
from lingting.storage.tables import blobs, conversations, deliveries, jobs, transcripts
from lingting.telemetry import log
from lingting.telemetry.areas.storage import StorageMetrics

__all__ = ["Sweeper"]

BATCH = 200
UNFINISHED_MS = 24 * 3_600 * 1_000
"""A recording that is not complete after so long never will be: an upload takes an hour at the very most."""
ENDED_STATES = ("succeeded", "failed", "cancelled")
FILES_EVERY = 60
"""Sweeps, between looking through all files."""


class Sweeper:
    """Belongs to one event loop; enter `running`."""

    def __init__(
        self, database: Database, blob_store: Blobs, clock: Clock, metrics: StorageMetrics, *, every_seconds: float
    ) -> None:
        self._database = database
        self._blobs = blob_store
        self._clock = clock
        self._metrics = metrics
        self._every_seconds = every_seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sweep in the background until this is left."""
        task = asyncio.create_task(self.run(), name="retention")
        try:
            yield
        finally:
            await end_tasks([task])

    async def run(self) -> None:
        """Sweep until cancelled."""
        turn = 0
        while True:
            try:
                await self.sweep()
                if turn % FILES_EVERY == 0:
                    await self.clear_files()
            except LingtingError as error:
                self._metrics.sweep_failed()
                log.warning("retention.failed", code=error.code)
            turn += 1
            await asyncio.sleep(self._every_seconds)

    async def sweep(self) -> dict[str, int]:
        """Delete all that is due; how many of each kind.

        raises    StorageUnavailable
        """
        now_ms = milliseconds(self._clock)
        counts = {
            "transcripts": await self._rows(transcripts, transcripts.c.expires_ms <= now_ms),
            "jobs": await self._rows(jobs, and_(jobs.c.expires_ms <= now_ms, jobs.c.state.in_(ENDED_STATES))),
            "deliveries": await self._rows(deliveries, deliveries.c.expires_ms <= now_ms),
            "conversations": await self._rows(conversations, conversations.c.expires_ms <= now_ms),
            "blobs": await self._recordings(now_ms),
        }
        for kind, count in counts.items():
            if count:
                self._metrics.expired(kind, count)
        if any(counts.values()):
            log.info("retention.swept", **counts)
        return counts

    async def clear_files(self) -> int:
        """Delete files without a row, as a restored database or a machine that died leaves them."""
        cleared = 0
        for names in await self._blobs.names():
            known = await ids_of(self._database, select(blobs.c.id).where(blobs.c.id.in_(names)))
            for name in set(names) - set(known):
                await self._blobs.delete(name)
                cleared += 1
        if cleared:
            self._metrics.expired("files", cleared)
        return cleared

    async def _rows(self, table: Table, is_due: ColumnElement[bool]) -> int:
        """With what belongs to them."""
        count = 0
        while ids := await ids_of(self._database, select(table.c.id).where(is_due).limit(BATCH)):
            await delete_rows(self._database, table, ids)
            count += len(ids)
        return count

    async def _recordings(self, now_ms: int) -> int:
        given_up = and_(blobs.c.is_complete == 0, blobs.c.created_ms <= now_ms - UNFINISHED_MS)
        query = select(blobs.c.id).where(or_(blobs.c.expires_ms <= now_ms, given_up)).limit(BATCH)
        count = 0
        while ids := await ids_of(self._database, query):
            for name in ids:
                await self._blobs.delete(name)
            count += len(ids)
        return count
