"""What a server asks before it calls itself ready: the engine, the database, the disk, and the servers it was given."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lingting.domain.errors import EngineFailed, EngineUnavailable, StorageUnavailable
from lingting.recognition.engine_doors import EngineQueue
from lingting.recognition.routing import Router
from lingting.server.asking import servers_asked
from lingting.server.recognition import Recognition
from lingting.services import Kept
from lingting.settings import Settings
from lingting.telemetry.health import Check, Health, HealthSettings

__all__ = ["open_health"]

Probe = Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_health(
    settings: Settings, hearing: Recognition, kept: Kept, further: Sequence[Check] = ()
) -> AsyncIterator[Health]:
    """The checks of this server, asked when somebody wants to know; their own connections are closed on leaving.

    further    of parts that know by themselves how they are
    """
    bounds = settings.built("health", HealthSettings)
    own = [
        Check("engine", _engine(hearing.scheduler, bounds.stuck_seconds)),
        Check("models", _models(hearing.router), is_required=False),
        Check("database", kept.database.ping),
        Check("disk", _disk(settings.data_dir, bounds.min_disk_bytes)),
    ]
    async with servers_asked(settings) as others:
        health = Health([*own, *others, *further], bounds, clock=hearing.clock)
        try:
            yield health
        finally:
            await health.aclose()


def _engine(scheduler: EngineQueue, stuck_seconds: float) -> Probe:
    async def probe() -> None:
        if scheduler.longest_batch_seconds > stuck_seconds:
            raise EngineFailed("the engine has not come back from a batch; restart the server")

    return probe


def _models(router: Router) -> Probe:
    """Failing while one of them is left alone: others answer in its place."""

    async def probe() -> None:
        if router.ailing:
            raise EngineUnavailable("a model has failed again and again, and is left alone for a while")

    return probe


def _disk(folder: Path, min_bytes: int) -> Probe:
    def look() -> None:
        if shutil.disk_usage(folder).free < min_bytes:
            raise StorageUnavailable("the disk is nearly full; make room", retry_after_seconds=60.0)

    async def probe() -> None:
        await asyncio.to_thread(look)

    return probe
