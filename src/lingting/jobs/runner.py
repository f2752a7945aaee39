"""Who works on jobs: the protocol, and the runner inside this process, which needs nothing but the database.

Promises: at most `workers` jobs at once; a job that is accepted here begins at once if there is a place; one that
another server accepted, or whose time has come, within `poll_seconds`; on stopping, jobs in hand are given back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from lingting.domain.errors import LingtingError
from lingting.jobs.parts import JobSettings
from lingting.jobs.upkeep import JobUpkeep
from lingting.jobs.worker import JobWorker
from lingting.storage.jobs.job_records import Claim
from lingting.telemetry import log

__all__ = ["LocalRunner", "Runner", "kept_running"]

PAUSE_SECONDS = 1.0
"""Before a runner that broke is begun anew."""


class Runner(Protocol):
    """Sees to it that queued jobs are worked on; enter `running`."""

    def wake(self) -> None:
        """A job was accepted."""
        ...

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Until this is left."""
        ...


@asynccontextmanager
async def kept_running(run: Callable[[], Awaitable[None]], *, name: str) -> AsyncIterator[None]:
    """Until this is left; begun anew when a mistake of ours ends it, since accepted jobs depend on it."""

    async def again() -> None:
        while True:
            try:
                await run()
            except Exception as problem:  # noqa: BLE001 - the worker loop: leases give its jobs to others
                log.error("jobs.runner_broke", name=name, exc_info=problem)
            await asyncio.sleep(PAUSE_SECONDS)

    task = asyncio.create_task(again(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class LocalRunner:
    """Workers in this process. Belongs to one event loop."""

    def __init__(self, worker: JobWorker, upkeep: JobUpkeep, settings: JobSettings) -> None:
        self._worker = worker
        self._upkeep = upkeep
        self._settings = settings
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        return kept_running(self._run, name="job-runner")

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._upkeep.run(), name="job-upkeep")
            places = asyncio.Semaphore(self._settings.workers)
            while True:
                await places.acquire()
                claim = await self._next()
                group.create_task(self._one(claim, places), name="job")

    async def _one(self, claim: Claim, places: asyncio.Semaphore) -> None:
        try:
            await self._worker.run(claim)
        finally:
            places.release()

    async def _next(self) -> Claim:
        """The next job, as soon as there is one."""
        while True:
            self._awake.clear()
            try:
                claim = await self._worker.claim()
                if claim is not None:
                    return claim
            except LingtingError as problem:
                log.warning("jobs.claim_failed", code=problem.code)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_seconds):
                    await self._awake.wait()
