"""What a server asks before it calls itself ready: the engine, the database, the disk, and the servers it was given."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from lingting.domain.errors import EngineFailed, StorageUnavailable
from lingting.recognition.batching import Scheduler
from lingting.server.recognition import Recognition
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.redis_client import connect_redis
from lingting.telemetry.health import Check, Health, HealthSettings

__all__ = ["open_health"]

Probe = Callable[[], Awaitable[None]]
PING_SECONDS = 1.5
REDIS_PARTS = ("rooms", "limits")
"""Sections with a `redis_url`. What each does without it is its own affair, so none of them is required."""


@asynccontextmanager
async def open_health(settings: Settings, hearing: Recognition, kept: Kept) -> AsyncIterator[Health]:
    """The checks of this server, asked when somebody wants to know; their own connections are closed on leaving."""
    bounds = settings.built("health", HealthSettings)
    redis = list(_redis(settings))
    checks = [
        Check("engine", _engine(hearing.scheduler, bounds.stuck_seconds)),
        Check("database", kept.database.ping),
        Check("disk", _disk(settings.data_dir, bounds.min_disk_bytes)),
        *(Check(name, ping, is_required=False) for name, ping, _ in redis),
    ]
    health = Health(checks, bounds, clock=hearing.clock)
    try:
        yield health
    finally:
        await health.aclose()
        for _, _, hang_up in redis:
            await hang_up()


def _engine(scheduler: Scheduler, stuck_seconds: float) -> Probe:
    async def probe() -> None:
        if scheduler.longest_batch_seconds > stuck_seconds:
            raise EngineFailed("the engine has not come back from a batch; restart the server")

    return probe


def _disk(folder: Path, min_bytes: int) -> Probe:
    def look() -> None:
        if shutil.disk_usage(folder).free < min_bytes:
            raise StorageUnavailable("the disk is nearly full; make room", retry_after_seconds=60.0)

    async def probe() -> None:
        await asyncio.to_thread(look)

    return probe


def _redis(settings: Settings) -> Iterator[tuple[str, Probe, Probe]]:
    """For each part that was given a Redis: its name, how to ask, how to hang up."""
    for part in REDIS_PARTS:
        url = getattr(settings, part).redis_url
        if url is not None:
            client = connect_redis(url, setting=f"{part}.redis_url", answer_seconds=PING_SECONDS)
            yield f"redis_{part}", client.ping, client.aclose
