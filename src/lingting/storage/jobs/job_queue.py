"""Jobs as workers see them: claimed under a lease, worked on while it is renewed, ended once.

Promises: of all that try to claim a job one gets it; a job is ended by whoever holds its lease and by nobody else, so
that it has one result however often workers die or wake up late; its callback is written in the same transaction.
A lease that was not renewed in time makes its job `lost` to its worker; see `job_upkeep`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.domain.errors import SealBroken
from lingting.domain.job import OPEN, JobState, states_before
from lingting.storage.db import Database
from lingting.storage.identity import milliseconds
from lingting.storage.jobs.job_records import UNSEALED, Claim, Ending, Job, about_result, job_of
from lingting.storage.tables import deliveries, jobs

__all__ = ["JobQueue"]

CANDIDATES = 16
"""Looked at for one claim: so many workers may come at the same moment and all find something."""
LARGE_BYTES = 256 * 1024
"""A result that takes over a millisecond to seal."""
AT_ONCE = 200
HELD = (JobState.RUNNING, JobState.CANCELLING)


class JobQueue:
    """The table, for workers. Belongs to one event loop."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, *, ttl_ms: int) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._ttl_ms = ttl_ms
        """How long a job is kept once it has ended."""

    async def claim(self, *, lease_ms: int, only: str | None = None) -> Claim | None:
        """The most urgent job whose time has come; None when there is none, or `only` is not to be had.

        raises    StorageUnavailable
        """
        for name in [only] if only else await self._due():
            row = await self._take(name, lease_ms)
            if row is None:
                continue
            try:
                return Claim(job_of(self._vault, row), row["lease"])
            except SealBroken as problem:
                await self._give_up(row, problem)
        return None

    async def next_due_ms(self) -> int | None:
        """When the next queued job may be claimed; None when none waits.

        raises    StorageUnavailable
        """
        query = select(func.min(jobs.c.not_before_ms)).where(jobs.c.state == JobState.QUEUED)
        found: int | None = await self._database.read(lambda connection: connection.scalar(query))
        return found

    async def state(self, claim: Claim) -> JobState | None:
        """How the job stands; None when the claim is lost.

        raises    StorageUnavailable
        """
        query = select(jobs.c.state).where(_held_by(claim))
        found = await self._database.read(lambda connection: connection.scalar(query))
        return JobState(found) if found else None

    async def renew(
        self, claim: Claim, *, lease_ms: int, done_ms: int = 0, total_ms: int | None = None
    ) -> JobState | None:
        """Keep the lease, and say how far the work has come; None when the claim is lost.

        raises    StorageUnavailable
        """
        now_ms = milliseconds(self._clock)
        values = {"lease_until_ms": now_ms + lease_ms, "updated_ms": now_ms, "done_ms": done_ms, "total_ms": total_ms}
        kept = update(jobs).where(_held_by(claim)).values(values)
        await self._database.write(lambda connection: connection.execute(kept))
        return await self.state(claim)

    async def release(self, claim: Claim, *, delay_ms: int, counts: bool, if_lost: bool = False) -> bool:
        """Give it back to be claimed after the delay; False when it is not running under this claim any more.

        counts     whether the attempt counts; one that a full queue or a stopping server ended does not
        if_lost    only when the lease has run out
        raises     StorageUnavailable
        """
        now_ms = milliseconds(self._clock)
        values: dict[str, Any] = {  # Any: expressions too
            "state": JobState.QUEUED,
            "lease": None,
            "lease_until_ms": None,
            "sent_ms": None,
            "not_before_ms": now_ms + delay_ms,
            "updated_ms": now_ms,
            "done_ms": 0,
        }
        if not counts:
            values["attempts"] = case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0)
        held = and_(_held_by(claim), _may_become(JobState.QUEUED))
        if if_lost:
            held = and_(held, jobs.c.lease_until_ms < now_ms)
        back = update(jobs).where(held).values(values)
        result = await self._database.write(lambda connection: connection.execute(back))
        return bool(result.rowcount)

    async def end(
        self, job: Job, ending: Ending, *, delivery: Mapping[str, object] | None = None, if_lost: bool = False
    ) -> bool:
        """End it, once; False when that is not for who read the job so to do any more.

        job         as claimed, or as read; its lease, or that it has none, must still be so
        delivery    a row of `deliveries`, written with it or not at all
        if_lost     only when the lease has run out
        raises      StorageUnavailable
        """
        return await self._end(job.id, job.lease, ending, delivery, if_lost=if_lost)

    async def lost(self) -> list[Job]:
        """Those whose worker has not renewed its lease in time.

        raises    StorageUnavailable
        """
        return await self._found(and_(jobs.c.state.in_(HELD), jobs.c.lease_until_ms < milliseconds(self._clock)))

    async def too_old(self, *, max_age_ms: int) -> list[Job]:
        """Queued ones that were accepted longer ago.

        raises    StorageUnavailable
        """
        before_ms = milliseconds(self._clock) - max_age_ms
        return await self._found(and_(jobs.c.state == JobState.QUEUED, jobs.c.created_ms < before_ms))

    async def left_inputs(self, *, ended_before_ms: int) -> list[tuple[str, str]]:
        """Ended jobs whose recording is still kept, with the recording.

        raises    StorageUnavailable
        """
        query = select(jobs.c.id, jobs.c.blob_id).where(
            jobs.c.state.not_in(OPEN), jobs.c.blob_id.is_not(None), jobs.c.finished_ms < ended_before_ms
        )
        rows = await self._database.read(lambda connection: connection.execute(query.limit(AT_ONCE)))
        return [(row.id, row.blob_id) for row in rows]

    async def forget_input(self, job_id: str) -> None:
        """raises    StorageUnavailable"""
        forgotten = update(jobs).where(jobs.c.id == job_id).values(blob_id=None)
        await self._database.write(lambda connection: connection.execute(forgotten))

    async def to_send(self, *, ahead: int, resend_ms: int) -> list[str]:
        """The most urgent jobs that a broker should be told of; they count as sent from now on.

        ahead        how many may be sent and not begun
        resend_ms    after which a message that nobody followed counts as lost
        raises       StorageUnavailable
        """
        now_ms = milliseconds(self._clock)
        fresh = and_(jobs.c.state == JobState.QUEUED, jobs.c.sent_ms > now_ms - resend_ms)
        waiting = await self._database.read(lambda c: c.scalar(select(func.count()).where(fresh)))
        places = ahead - (waiting or 0)
        if places <= 0:
            return []
        unsent = and_(_is_due(now_ms), or_(jobs.c.sent_ms.is_(None), jobs.c.sent_ms <= now_ms - resend_ms))
        sent = []
        for name in await self._names(unsent, min(places, AT_ONCE)):
            marked = update(jobs).where(jobs.c.id == name, unsent).values(sent_ms=now_ms)
            if (await self._database.write(lambda c, m=marked: c.execute(m))).rowcount:  # type: ignore[misc]
                sent.append(name)
        return sent

    async def not_sent(self, names: Sequence[str]) -> None:
        """The broker did not take them.

        raises    StorageUnavailable
        """
        unmarked = update(jobs).where(jobs.c.id.in_(names), jobs.c.state == JobState.QUEUED).values(sent_ms=None)
        await self._database.write(lambda connection: connection.execute(unmarked))

    async def _due(self) -> list[str]:
        return await self._names(_is_due(milliseconds(self._clock)), CANDIDATES)

    async def _names(self, condition: ColumnElement[bool], limit: int) -> list[str]:
        query = select(jobs.c.id).where(condition).order_by(jobs.c.priority, jobs.c.created_ms, jobs.c.id)
        return list(await self._database.read(lambda connection: connection.scalars(query.limit(limit))))

    async def _take(self, name: str, lease_ms: int) -> Mapping[str, Any] | None:  # Any: values of columns
        lease, now_ms = uuid.uuid4().hex, milliseconds(self._clock)
        values = {
            "state": JobState.RUNNING,
            "lease": lease,
            "lease_until_ms": now_ms + lease_ms,
            "attempts": jobs.c.attempts + 1,
            "started_ms": func.coalesce(jobs.c.started_ms, now_ms),
            "updated_ms": now_ms,
            "done_ms": 0,
        }
        free = and_(jobs.c.id == name, _may_become(JobState.RUNNING), jobs.c.not_before_ms <= now_ms)

        async def work(connection: AsyncConnection) -> Mapping[str, Any] | None:
            taken = await connection.execute(update(jobs).where(free).values(values))
            if not taken.rowcount:
                return None
            row = (await connection.execute(select(*UNSEALED).where(jobs.c.id == name))).mappings().first()
            return None if row is None else dict(row)

        return await self._database.write(work)

    async def _end(
        self,
        name: str,
        lease: str | None,
        ending: Ending,
        delivery: Mapping[str, object] | None = None,
        *,
        if_lost: bool = False,
    ) -> bool:
        now_ms = milliseconds(self._clock)
        values = {
            "state": ending.state,
            "lease": None,
            "lease_until_ms": None,
            "finished_ms": now_ms,
            "updated_ms": now_ms,
            "expires_ms": now_ms + self._ttl_ms,
            "error_code": ending.error_code,
            "error_message": ending.error_message,
            "sealed_result": None if ending.result is None else await self._sealed(name, ending.result),
        }
        if ending.audio_ms is not None:
            values |= {"done_ms": ending.audio_ms, "total_ms": ending.audio_ms}
        holds = jobs.c.lease.is_(None) if lease is None else jobs.c.lease == lease
        mine = and_(jobs.c.id == name, holds, _may_become(ending.state))
        if if_lost:
            mine = and_(mine, jobs.c.lease_until_ms < now_ms)

        async def work(connection: AsyncConnection) -> bool:
            if not (await connection.execute(update(jobs).where(mine).values(values))).rowcount:
                return False
            if delivery is not None:
                await connection.execute(insert(deliveries).values(dict(delivery)))
            return True

        return await self._database.write(work)

    async def _sealed(self, name: str, result: bytes) -> bytes:
        about = about_result(name)
        if len(result) <= LARGE_BYTES:
            return self._vault.seal(result, about=about)
        return await asyncio.to_thread(self._vault.seal, result, about=about)

    async def _found(self, condition: ColumnElement[bool]) -> list[Job]:
        query = select(*UNSEALED).where(condition).order_by(jobs.c.id).limit(AT_ONCE)

        async def work(connection: AsyncConnection) -> list[Mapping[str, Any]]:  # Any: values of columns
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        found = []
        for row in await self._database.read(work):
            try:
                found.append(job_of(self._vault, row))
            except SealBroken as problem:
                await self._give_up(row, problem)
        return found

    async def _give_up(self, row: Mapping[str, Any], problem: SealBroken) -> None:  # Any: values of columns
        """One that nobody can read must not stand in the way of the others; where to call back is sealed too."""
        state = JobState.CANCELLED if row["state"] == JobState.CANCELLING else JobState.FAILED
        await self._end(row["id"], row["lease"], Ending(state, problem.code, problem.message))


def _is_due(now_ms: int) -> ColumnElement[bool]:
    return and_(jobs.c.state == JobState.QUEUED, jobs.c.not_before_ms <= now_ms)


def _held_by(claim: Claim) -> ColumnElement[bool]:
    return and_(jobs.c.id == claim.job.id, jobs.c.lease == claim.lease, jobs.c.state.in_(HELD))


def _may_become(state: JobState) -> ColumnElement[bool]:
    return jobs.c.state.in_(states_before(state))
