"""What no worker does: gives jobs of dead workers to others, ends those that waited for too long, counts them.

Promises: several servers may do it on one database; a job of a dead worker is tried again, at most `max_attempts` times
in all, and then fails.
"""

from __future__ import annotations

import asyncio

from lingting.domain.errors import DeadlineExceeded, JobLost, LingtingError
from lingting.domain.job import JobState
from lingting.jobs.ending import Endings
from lingting.jobs.parts import JobParts, JobSettings
from lingting.storage.identity import milliseconds
from lingting.storage.jobs.job_records import Claim, Job
from lingting.telemetry import log

__all__ = ["JobUpkeep"]

LEFT_MS = 60_000
"""After the end of a job, until which whoever ended it deletes the recording."""


class JobUpkeep:
    """Belongs to one event loop."""

    def __init__(self, parts: JobParts, endings: Endings, settings: JobSettings) -> None:
        self._parts = parts
        self._endings = endings
        self._settings = settings

    async def run(self) -> None:
        """Turn after turn, until cancelled."""
        while True:
            try:
                await self.turn()
            except LingtingError as problem:
                log.warning("jobs.upkeep_failed", code=problem.code)
            await asyncio.sleep(self._settings.renew_seconds)

    async def turn(self) -> int:
        """How many jobs were given to others.

        raises    StorageUnavailable
        """
        freed = 0
        for job in await self._parts.queue.lost():
            freed += await self._free(job)
        limit = self._settings.max_age_seconds
        for job in await self._parts.queue.too_old(max_age_ms=round(limit * 1_000)):
            problem = DeadlineExceeded(f"the job was not done within {limit:g} seconds, the limit here")
            await self._endings.fail(job, problem)
        before_ms = milliseconds(self._parts.clock) - LEFT_MS
        for job_id, blob_id in await self._parts.queue.left_inputs(ended_before_ms=before_ms):
            await self._endings.forget_recording(job_id, blob_id)
        counts = await self._parts.store.open_counts()
        self._parts.observer.jobs_open({str(state): count for state, count in counts.items()})
        return freed

    async def _free(self, job: Job) -> bool:
        assert job.lease is not None
        log.warning("job.worker_died", job_id=job.id, attempts=job.attempts)
        if job.state is JobState.CANCELLING:
            await self._endings.cancel(job, if_lost=True)
            return False
        if job.attempts >= self._settings.max_attempts:
            problem = JobLost(f"its worker died in each of {job.attempts} attempts; the recording may be at fault")
            await self._endings.fail(job, problem, if_lost=True)
            return False
        return await self._parts.queue.release(Claim(job, job.lease), delay_ms=0, counts=True, if_lost=True)
