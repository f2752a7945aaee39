"""Opens jobs: the desk where they are handed in, and whoever works on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lingting.audio.decode import DecodeSettings
from lingting.domain import Clock
from lingting.jobs.desk import JobDesk
from lingting.jobs.ending import Endings, Told
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.runner import LocalRunner, Runner
from lingting.jobs.sources import JobSources
from lingting.jobs.upkeep import JobUpkeep
from lingting.jobs.worker import JobWorker, Transcribes
from lingting.security.outbound import Outbound
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.job_queue import JobQueue
from lingting.storage.job_store import JobStore
from lingting.telemetry import Telemetry

__all__ = ["JobHouse", "JobNeeds", "open_job_house", "open_jobs"]

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class JobNeeds:
    """What jobs are built on."""

    kept: Kept
    outbound: Outbound
    transcriber: Transcribes
    clock: Clock
    telemetry: Telemetry
    told: Sequence[Told] = ()
    """Who hears how jobs end."""


@dataclass(frozen=True, slots=True)
class JobHouse:
    """The parts of jobs, built and not yet at work."""

    parts: JobParts
    endings: Endings
    worker: JobWorker
    upkeep: JobUpkeep
    settings: JobSettings


def open_job_house(settings: Settings, needs: JobNeeds) -> JobHouse:
    chosen = settings.built("jobs", JobSettings)
    kept, clock = needs.kept, needs.clock
    store = JobStore(kept.database, kept.vault, clock)
    queue = JobQueue(kept.database, kept.vault, clock, ttl_ms=round(chosen.ttl_days * DAY_MS))
    parts = JobParts(store, queue, kept.blobs, kept.vault, clock, needs.telemetry.jobs)
    endings = Endings(parts, needs.told)
    max_bytes = settings.built("decode", DecodeSettings).max_bytes
    sources = JobSources(kept.blobs, needs.outbound, chosen, max_bytes=max_bytes)
    worker = JobWorker(parts, chosen, endings=endings, sources=sources, transcriber=needs.transcriber)
    return JobHouse(parts, endings, worker, JobUpkeep(parts, endings, chosen), chosen)


@asynccontextmanager
async def open_jobs(settings: Settings, needs: JobNeeds) -> AsyncIterator[JobDesk]:
    """The desk of a server, with its runner at work; jobs in hand are given back on leaving."""
    house = open_job_house(settings, needs)
    runner: Runner = LocalRunner(house.worker, house.upkeep, house.settings)
    async with runner.running():
        yield JobDesk(house.parts, house.settings, house.endings, runner)
