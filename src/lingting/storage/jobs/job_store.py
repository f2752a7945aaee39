"""Jobs as their callers see them: accepted, looked at, listed, cancelled, forgotten.

Promises: `insert` returns once the rows are committed, all of them or none; a request that was accepted under an
idempotency key is accepted once; nobody's jobs are seen by another owner. What was asked and what came of it is sealed.
Workers take jobs through `job_queue`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.domain.errors import Overloaded, RecordNotFound, WrongState
from lingting.domain.job import ENDED, OPEN, JobState, states_before
from lingting.storage.db import Database
from lingting.storage.identity import hash_of_user, milliseconds
from lingting.storage.jobs.job_records import (
    UNSEALED,
    Job,
    JobPage,
    NewJob,
    about_result,
    cursor_of,
    job_of,
    place_of,
    seal_spec,
)
from lingting.storage.tables import deliveries, jobs
from lingting.storage.upsert import insert_missing

__all__ = ["Accepted", "JobStore"]

RETRY_AFTER_SECONDS = 30.0
"""When the queue is full; a job takes about so long."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted under an idempotency key."""

    job_id: str
    batch_id: str | None
    request_hash: bytes


class _Taken(Exception):
    """Another request has just come under the same idempotency key."""


class JobStore:
    """The table, for the doors. Belongs to one event loop."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def insert(
        self,
        new: Sequence[NewJob],
        *,
        max_open: int,
        idempotency_key: str | None = None,
        request_hash: bytes | None = None,
    ) -> bool:
        """Accept them together; False, with nothing written, when the idempotency key has just been used.

        max_open    jobs of all callers that have not ended
        raises      Overloaded, StorageUnavailable
        """
        rows = [self._row(job) for job in new]
        rows[0] |= {"idempotency_key": idempotency_key, "request_hash": request_hash}

        async def work(connection: AsyncConnection) -> None:
            if idempotency_key is not None:
                await connection.execute(insert_missing(self._database.kind, jobs), rows[:1])
                mine = select(jobs.c.id).where(jobs.c.id == rows[0]["id"])
                if await connection.scalar(mine) is None:
                    raise _Taken
            rest = rows if idempotency_key is None else rows[1:]
            if rest:
                await connection.execute(insert(jobs), rest)
            count = await connection.scalar(select(func.count()).where(jobs.c.state.in_(OPEN)))
            if (count or 0) > max_open:
                raise Overloaded(
                    f"{max_open} jobs have not ended, the limit here; come back later",
                    retry_after_seconds=RETRY_AFTER_SECONDS,
                )

        try:
            await self._database.write(work)
        except _Taken:
            return False
        return True

    async def accepted(self, owner: str, idempotency_key: str) -> Accepted | None:
        """What came of an earlier request under the key.

        raises    StorageUnavailable
        """
        query = select(jobs.c.id, jobs.c.batch_id, jobs.c.request_hash).where(
            jobs.c.owner == owner, jobs.c.idempotency_key == idempotency_key
        )
        found = (await self._database.read(lambda connection: connection.execute(query))).first()
        return None if found is None else Accepted(found.id, found.batch_id, found.request_hash or b"")

    async def get(self, job_id: str, *, owner: str) -> Job:
        """raises    RecordNotFound, SealBroken, StorageUnavailable"""
        row = (await self._rows(select(*UNSEALED).where(jobs.c.id == job_id, jobs.c.owner == owner)))[:1]
        if not row:
            raise RecordNotFound("there is no such job, or its time is over")
        return job_of(self._vault, row[0])

    async def page(
        self,
        owner: str,
        *,
        state: JobState | None = None,
        batch_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> JobPage:
        """The newest first.

        raises    InvalidOption, SealBroken, StorageUnavailable
        """
        query = select(*UNSEALED).where(jobs.c.owner == owner)
        if state is not None:
            query = query.where(jobs.c.state == state)
        if batch_id is not None:
            query = query.where(jobs.c.batch_id == batch_id)
        if cursor:
            created_ms, name = place_of(cursor)
            older = jobs.c.created_ms < created_ms
            query = query.where(or_(older, and_(jobs.c.created_ms == created_ms, jobs.c.id < name)))
        rows = await self._rows(query.order_by(jobs.c.created_ms.desc(), jobs.c.id.desc()).limit(limit + 1))
        found = [job_of(self._vault, row) for row in rows[:limit]]
        return JobPage(found, cursor_of(found[-1]) if len(rows) > limit else None)

    async def batch(self, batch_id: str, *, owner: str) -> dict[JobState, int]:
        """How many of its jobs are in each state.

        raises    RecordNotFound, StorageUnavailable
        """
        counts = await self._counted(and_(jobs.c.batch_id == batch_id, jobs.c.owner == owner))
        if not any(counts.values()):
            raise RecordNotFound("there is no such batch, or its time is over")
        return counts

    async def open_counts(self) -> dict[JobState, int]:
        """Of all callers, those that have not ended.

        raises    StorageUnavailable
        """
        counts = await self._counted(jobs.c.state.in_(OPEN))
        return {state: count for state, count in counts.items() if state in OPEN}

    async def result(self, job_id: str, *, owner: str) -> bytes:
        """What came of it, as it was given to `Ending.result`.

        raises    RecordNotFound; WrongState where there is no result; SealBroken, StorageUnavailable
        """
        query = select(jobs.c.state, jobs.c.sealed_result).where(jobs.c.id == job_id, jobs.c.owner == owner)
        row = (await self._database.read(lambda connection: connection.execute(query))).first()
        if row is None:
            raise RecordNotFound("there is no such job, or its time is over")
        if row.sealed_result is None:
            raise WrongState(f"the job is {row.state}; it has no result")
        return self._vault.open(row.sealed_result, about=about_result(job_id))

    async def ask_to_stop(self, job_id: str, *, owner: str) -> bool:
        """Tell its worker to stop; False when it is not running.

        raises    StorageUnavailable
        """
        asked = (
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.owner == owner, jobs.c.state.in_(states_before(JobState.CANCELLING)))
            .values(state=JobState.CANCELLING, updated_ms=milliseconds(self._clock))
        )
        result = await self._database.write(lambda connection: connection.execute(asked))
        return bool(result.rowcount)

    async def remove(self, job_id: str, *, owner: str) -> None:
        """Forget one that has ended, with its callbacks.

        raises    RecordNotFound; WrongState for one that has not ended; StorageUnavailable
        """
        mine = and_(jobs.c.id == job_id, jobs.c.owner == owner)

        async def work(connection: AsyncConnection) -> int:
            removed = await connection.execute(delete(jobs).where(mine, jobs.c.state.in_(ENDED)))
            if removed.rowcount:
                await connection.execute(delete(deliveries).where(deliveries.c.job_id == job_id))
            return int(removed.rowcount)

        if not await self._database.write(work):
            job = await self.get(job_id, owner=owner)
            raise WrongState(f"the job is {job.state}; cancel it first")

    def _row(self, job: NewJob) -> dict[str, object]:
        now_ms = milliseconds(self._clock)
        return {
            "id": job.id,
            "owner": job.owner,
            "key_id": job.key_id,
            "user_hash": hash_of_user(self._vault, job.spec.user),
            "batch_id": job.batch_id,
            "idempotency_key": None,
            "request_hash": None,
            "state": JobState.QUEUED,
            "priority": job.priority,
            "attempts": 0,
            "not_before_ms": now_ms,
            "created_ms": now_ms,
            "updated_ms": now_ms,
            "done_ms": 0,
            "blob_id": job.blob_id,
            "sealed": seal_spec(self._vault, job.id, job.spec),
        }

    async def _counted(self, condition: Any) -> dict[JobState, int]:  # Any: a condition of SQLAlchemy
        query = select(jobs.c.state, func.count()).where(condition).group_by(jobs.c.state)
        found = {row[0]: int(row[1]) for row in await self._database.read(lambda c: c.execute(query))}
        return {state: found.get(state, 0) for state in JobState}

    async def _rows(self, query: Any) -> list[Mapping[str, Any]]:  # Any: a select, and values of columns
        async def work(connection: AsyncConnection) -> list[Mapping[str, Any]]:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)
