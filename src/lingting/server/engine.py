"""Makes one served model: its engine, in a thread that steps back, and the queue in front of it, warm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingting.domain import SAMPLE_RATE_HZ, Audio, Clock, Priority, RecognizeOptions
from lingting.engines.base import AnyEngine, Clip, EngineKind
from lingting.engines.catalog import Catalog
from lingting.engines.registry import open_engine
from lingting.heap import give_heap_back
from lingting.recognition.batch_replica import step_back
from lingting.recognition.batch_reports import SchedulerObserver
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.engine_doors import EngineDoor, EngineQueue
from lingting.recognition.remote_queue import RemoteLimits, RemoteQueue
from lingting.recognition.served import Served
from lingting.recognition.streaming import StreamScheduler
from lingting.settings import Settings

__all__ = ["DoorParts", "Plan", "load_catalog", "locate_model", "open_door"]

WARM_UP_SECONDS = 2.0
REMOTE_DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A served model and what its engine is made with."""

    served: Served
    settings: object | None = None
    """An instance of the class that the engine's row names; None where there is nothing to set."""
    has_weights: bool = False
    made: AnyEngine | None = None
    """An engine to use instead, for tests."""


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What all models share."""

    catalog: Catalog
    scheduling: SchedulerSettings
    clock: Clock


def load_catalog(settings: Settings) -> Catalog:
    """The models that can be served."""
    return Catalog.load(models_dir=settings.models_dir, extra_file=settings.catalog_file, offline=settings.offline)


def locate_model(settings: Settings) -> Path:
    """Where the verified weights of the configured model are.

    raises    ModelNotFound, ModelMissing, ModelCorrupt
    """
    return load_catalog(settings).locate(settings.model)


@asynccontextmanager
async def open_door(plan: Plan, parts: DoorParts, observer: SchedulerObserver) -> AsyncIterator[EngineDoor]:
    """Load and warm up; unloaded again on leaving, which must be in the same task.

    raises    ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable, SettingsInvalid
    """
    engine = plan.made if plan.made is not None else await _loaded(plan, parts.catalog)
    queue = _queue_for(plan.served, engine, parts, observer)
    try:
        await queue.start()
        try:
            if not plan.served.is_remote:
                await _warm_up(engine, queue)
            name = "given" if plan.made is not None and plan.served.is_default else plan.served.engine
            yield EngineDoor(name, plan.served.name, engine.capabilities, queue)
        finally:
            await queue.stop()
    finally:
        observer.queued(items=0, audio_seconds=0.0)
        await _close(engine, queue, plan.served)


async def _loaded(plan: Plan, catalog: Catalog) -> AnyEngine:
    """Load in a thread that steps back: the engine's own threads inherit its priority, so that with all cores busy
    the event loop still answers at once."""

    def load() -> AnyEngine:
        arguments: list[Any] = [catalog.locate(plan.served.model)] if plan.has_weights else []
        if plan.settings is not None:
            arguments.append(plan.settings)
        return open_engine(plan.served.engine, *arguments)

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="lingting-load", initializer=step_back) as executor:
        return await loop.run_in_executor(executor, load)


def _queue_for(served: Served, engine: Any, parts: DoorParts, observer: SchedulerObserver) -> EngineQueue:
    """engine: of the kind that `served` says"""
    if served.kind is EngineKind.BATCH:
        return Scheduler(engine, parts.scheduling, clock=parts.clock, observer=observer)
    if served.kind is EngineKind.STREAM:
        return StreamScheduler(engine, parts.scheduling, clock=parts.clock, observer=observer)
    limits = RemoteLimits(
        max_in_flight=served.max_in_flight,
        max_waiting=served.max_waiting,
        deadline_seconds=served.deadline_seconds or REMOTE_DEADLINE_SECONDS,
    )
    return RemoteQueue(engine, limits, clock=parts.clock, observer=observer)


async def _warm_up(engine: AnyEngine, queue: EngineQueue) -> None:
    """Pay for first times before the first caller does."""
    languages = engine.capabilities.languages
    language = "en" if "en" in languages else min(languages, default=None)
    sound = np.random.default_rng(0).normal(0.0, 0.01, int(WARM_UP_SECONDS * SAMPLE_RATE_HZ)).astype(np.float32)
    clip = Clip(Audio(sound), RecognizeOptions(language=language, beam_size=1))
    await queue.submit(clip, priority=Priority.REQUEST)


async def _close(engine: Any, queue: EngineQueue, served: Served) -> None:
    """engine: of the kind that `served` says"""
    if served.is_remote:
        await engine.aclose()
    elif not queue.busy_replicas:  # else its thread hangs in the engine
        await asyncio.to_thread(engine.close)
        if not served.is_default:  # which leaves when the process does
            await asyncio.to_thread(give_heap_back)
