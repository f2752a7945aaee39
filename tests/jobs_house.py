"""Jobs for tests: the parts on a database of their own, a scripted transcriber, and the brokers on this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from absent import absent
from kept import new_vault, said
from lingting.domain import Clock, Principal, Progress, RecognizeOptions, SystemClock, Transcript
from lingting.jobs.desk import JobDesk, Order, Receipt, Wanted
from lingting.jobs.ending import Endings
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.runner import LocalRunner, Runner
from lingting.jobs.sources import JobSources
from lingting.jobs.upkeep import JobUpkeep
from lingting.jobs.worker import JobWorker
from lingting.security.outbound import Outbound
from lingting.security.urls import OutboundSettings
from lingting.storage.blob_files import BlobFiles
from lingting.storage.blobs import Blobs
from lingting.storage.db import Database, StorageSettings
from lingting.storage.jobs.job_codec import JobSpec
from lingting.storage.jobs.job_queue import JobQueue
from lingting.storage.jobs.job_store import JobStore
from lingting.telemetry import Telemetry

RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
QUICK = JobSettings(
    retry_seconds=0.05, lease_seconds=5.0, watch_seconds=0.05, poll_seconds=0.05, resend_seconds=30.0, workers=2
)
ME = Principal("k1")


def require_rabbitmq() -> str:
    """The address of a RabbitMQ on this machine; skips the test where there is none, fails it in CI."""
    host, _, port = RABBITMQ_URL.rpartition("@")[2].partition("/")[0].partition(":")
    try:
        with socket.create_connection((host, int(port or 5672)), timeout=1.0):
            return RABBITMQ_URL
    except OSError:
        absent(f"no RabbitMQ answers at {host}; start rabbitmq-server to run this")


@contextmanager
def own_queue(url: str) -> Iterator[str]:
    """A queue that nobody else uses, gone afterwards."""
    from kombu import Connection

    name = f"lingting.test.{uuid.uuid4().hex}"
    try:
        yield name
    finally:
        with Connection(url) as connection:
            channel = connection.default_channel
            channel.queue_delete(name)
            channel.exchange_delete(name)
            if url.startswith("redis"):
                channel.client.delete(f"_kombu.binding.{name}", f"_kombu.binding_permanent.{name}")


@dataclass
class Said:
    transcript: Transcript


@dataclass
class FakeTranscriber:
    """Answers from a script; keeps what it was asked."""

    script: Callable[[int], Transcript | Exception] = lambda _: said("hello")
    gate: asyncio.Event | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)

    async def transcribe(self, source, options, call, *, priority=None, on_progress=None, record_id=None) -> Said:
        self.calls.append((options, call, priority, record_id))
        self.heard.append(source.path.read_bytes())
        self.began.set()
        if on_progress:
            on_progress(Progress(1.0, 2.0))
        if self.gate is not None:
            await self.gate.wait()
        answer = self.script(len(self.calls))
        if isinstance(answer, Exception):
            raise answer
        return Said(answer)


@dataclass
class JobHouse:
    desk: JobDesk
    parts: JobParts
    worker: JobWorker
    upkeep: JobUpkeep
    endings: Endings
    runner: Runner
    transcriber: FakeTranscriber
    settings: JobSettings
    database: Database
    told: list
    folder: Path

    async def hand_in(self, *recordings: bytes, callback_url: str | None = None, **more) -> Receipt:
        spec = JobSpec(RecognizeOptions(), callback_url=callback_url)
        return await self.desk.accept(
            ME,
            Order([Wanted(spec, data) for data in recordings or [b"sound"]], 5, is_batch=len(recordings) > 1, **more),
        )

    async def until(self, job_id: str, *states: str, seconds: float = 20.0):
        async with asyncio.timeout(seconds):
            while True:
                job = await self.parts.store.get(job_id, owner=ME.owner)
                if job.state in states:
                    return job
                await asyncio.sleep(0.01)

    async def settled(self, is_so: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for what follows the end of a job."""
        async with asyncio.timeout(seconds):
            while not is_so():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)

    @property
    def recordings(self) -> list[Path]:
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


@asynccontextmanager
async def open_jobs_house(
    folder: Path,
    *,
    url: str | None = None,
    settings: JobSettings = QUICK,
    transcriber: FakeTranscriber | None = None,
    clock: Clock | None = None,
    vault=None,
) -> AsyncIterator[JobHouse]:
    clock, vault, transcriber = clock or SystemClock(), vault or new_vault(), transcriber or FakeTranscriber()
    told: list = []
    async with Database.opened(StorageSettings(url or f"sqlite:///{folder / 'jobs.db'}"), folder) as database:
        store, queue = JobStore(database, vault, clock), JobQueue(database, vault, clock, ttl_ms=86_400_000)
        blobs = Blobs(database, vault, clock, BlobFiles(None, folder / "blobs", space="test"), Telemetry().storage)
        parts = JobParts(store, queue, blobs, vault, clock, Telemetry().jobs)
        endings = Endings(parts, [told.append])
        outbound = Outbound(
            OutboundSettings(allow_http=True, allowed_networks=("127.0.0.0/8",), ports=tuple(range(1, 65_536)))
        )
        sources = JobSources(blobs, outbound, settings, max_bytes=1_000_000)
        worker = JobWorker(parts, settings, endings=endings, sources=sources, transcriber=transcriber)
        upkeep = JobUpkeep(parts, endings, settings)
        runner = LocalRunner(worker, upkeep, settings)
        desk = JobDesk(parts, settings, endings, runner)
        yield JobHouse(desk, parts, worker, upkeep, endings, runner, transcriber, settings, database, told, folder)
        await outbound.aclose()
