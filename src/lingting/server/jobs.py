"""Opens jobs: the desk where they are handed in, and whoever works on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from lingting.audio.decode import DecodeSettings
from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.jobs.celery_app import CeleryBroker, CeleryListener, open_celery
from lingting.jobs.desk import JobDesk
from lingting.jobs.ending import Endings, Told
from lingting.jobs.listening import OpenListener
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.runner import LocalRunner, Runner
from lingting.jobs.sending import SendingRunner
from lingting.jobs.sources import JobSources
from lingting.jobs.upkeep import JobUpkeep
from lingting.jobs.worker import JobWorker, Transcribes
from lingting.security.outbound import Outbound
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.jobs.job_queue import JobQueue
from lingting.storage.jobs.job_store import JobStore
from lingting.telemetry import Telemetry
from lingting.text.commands.intents import Intents

__all__ = ["JobHouse", "JobNeeds", "build_jobs", "open_jobs", "queue_of"]

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
    wants_text: bool = False
    """Whether one of them wants the results, too."""
    intents: Intents | None = None
    """The packs of commands that jobs may name."""


@dataclass(frozen=True, slots=True)
class JobHouse:
    """Jobs, built and not yet at work."""

    desk: JobDesk
    worker: JobWorker
    runner: Runner
    open_listener: OpenListener | None
    """By which a worker hears of jobs; None where there is no broker."""


def build_jobs(settings: Settings, needs: JobNeeds, *, is_worker: bool = False) -> JobHouse:
    """is_worker    works on jobs whatever a server would leave to others

    raises          SettingsInvalid
    """
    chosen = settings.built("jobs", JobSettings)
    if is_worker:
        chosen = replace(chosen, workers=max(1, chosen.workers))
    kept, clock = needs.kept, needs.clock
    store = JobStore(kept.database, kept.vault, clock)
    queue = JobQueue(kept.database, kept.vault, clock, ttl_ms=round(chosen.ttl_days * DAY_MS))
    parts = JobParts(store, queue, kept.blobs, kept.vault, clock, needs.telemetry.jobs)
    endings = Endings(parts, needs.told, wants_text=needs.wants_text, intents=needs.intents)
    max_bytes = settings.built("decode", DecodeSettings).max_bytes
    sources = JobSources(kept.blobs, needs.outbound, chosen, max_bytes=max_bytes)
    worker = JobWorker(parts, chosen, endings=endings, sources=sources, transcriber=needs.transcriber)
    upkeep = JobUpkeep(parts, endings, chosen)
    runner: Runner = LocalRunner(worker, upkeep, chosen)
    open_listener: OpenListener | None = None
    if chosen.broker_url:
        app = open_celery(chosen.broker_url, queue_of(kept.vault))
        runner = SendingRunner(parts, CeleryBroker(app), upkeep, chosen)
        open_listener = partial(CeleryListener, app, at_once=chosen.workers)
    return JobHouse(JobDesk(parts, chosen, endings, runner), worker, runner, open_listener)


@asynccontextmanager
async def open_jobs(settings: Settings, needs: JobNeeds) -> AsyncIterator[JobDesk]:
    """The desk of a server, with its runner at work; jobs in hand are given back on leaving.

    raises    SettingsInvalid
    """
    house = build_jobs(settings, needs)
    async with house.runner.running():
        yield house.desk


def queue_of(vault: Vault) -> str:
    """Each installation has a queue of its own on the broker."""
    return f"lingting.jobs.{vault.mac('jobs', b'queue')[:8].hex()}"
