"""The composition root: settings become parts, parts become a server; started and stopped here."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np

from lingting.audio.decode import Decoder, DecodeSettings
from lingting.audio.live_decode import LiveDecoders
from lingting.audio.live_formats import LiveSettings as LiveDecodeSettings
from lingting.audio.vad_models import SileroModel
from lingting.domain import SAMPLE_RATE_HZ, Audio, Priority, RecognizeOptions, SystemClock
from lingting.engines.base import BatchEngine
from lingting.engines.catalog import Catalog
from lingting.engines.registry import open_engine
from lingting.engines.whisper import WhisperSettings
from lingting.live.hub import LiveHub, LiveParts
from lingting.live.parts import LiveSettings
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.pipeline import Pipeline, PipelineSettings
from lingting.recognition.recognizer import EngineDoor, Recognizer
from lingting.rooms.opening import open_rooms
from lingting.rooms.parts import RoomSettings
from lingting.services import Services
from lingting.settings import Settings
from lingting.telemetry import Telemetry, log

__all__ = ["load_catalog", "locate_model", "open_services"]

WARM_UP_SECONDS = 2.0
ENGINE_NICENESS = 5
"""A third of the loop's share of a contended core (the kernel weighs 335 to 1,024)."""


def load_catalog(settings: Settings) -> Catalog:
    """The models that can be served."""
    return Catalog.load(models_dir=settings.models_dir, extra_file=settings.catalog_file, offline=settings.offline)


def locate_model(settings: Settings) -> Path:
    """Where the verified weights of the configured model are.

    raises    ModelNotFound, ModelMissing, ModelCorrupt
    """
    return load_catalog(settings).locate(settings.model)


@asynccontextmanager
async def open_services(settings: Settings, *, engine: BatchEngine | None = None) -> AsyncIterator[Services]:
    """Everything behind the doors, loaded and warm; closed again on leaving, which must be in the same task.

    engine    a made engine to use instead of the configured one, for tests
    raises    ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable, SettingsInvalid
    """
    telemetry, clock = Telemetry(), SystemClock()
    name, made = ("given", engine) if engine is not None else await _loaded(settings)
    async with AsyncExitStack() as opened:
        scheduler = Scheduler(made, settings.built("scheduler", SchedulerSettings), clock=clock, observer=telemetry)
        opened.push_async_callback(_close_engine, made, scheduler)
        await scheduler.start()
        opened.push_async_callback(scheduler.stop)
        recognizer = Recognizer(EngineDoor(name, settings.model, made.capabilities, scheduler))
        decoder = Decoder(settings.built("decode", DecodeSettings))
        opened.push_async_callback(asyncio.to_thread, decoder.close)
        vad = await asyncio.to_thread(SileroModel)
        pipeline = Pipeline(
            recognizer=recognizer,
            decoder=decoder,
            vad=vad,
            observer=telemetry,
            settings=settings.built("pipeline", PipelineSettings),
        )
        opened.push_async_callback(pipeline.aclose)
        rooms = open_rooms(settings.built("rooms", RoomSettings), clock=clock, observer=telemetry)
        opened.push_async_callback(rooms.aclose)
        live_decoders = LiveDecoders(settings.built("live_decode", LiveDecodeSettings))
        opened.push_async_callback(asyncio.to_thread, live_decoders.close)
        live = LiveHub(
            LiveParts(recognizer, scheduler, vad, live_decoders.open, clock, telemetry),
            settings.built("live", LiveSettings),
        )
        opened.push_async_callback(live.aclose)
        await asyncio.to_thread(live_decoders.warm_up)
        await _warm_up(recognizer, decoder)
        log.info("services.ready", engine=name, model=settings.model)
        yield Services(pipeline, live, rooms, telemetry, name, settings.model, lambda: scheduler.estimated_wait_seconds)


async def _close_engine(engine: BatchEngine, scheduler: Scheduler) -> None:
    if not scheduler.busy_replicas:  # else its thread hangs in the engine
        await asyncio.to_thread(engine.close)


async def _loaded(settings: Settings) -> tuple[str, BatchEngine]:
    """Load in a thread that steps back: the engine's own threads inherit its priority, so that with all cores busy
    the event loop still answers at once."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="lingting-load", initializer=_step_back) as executor:
        return await loop.run_in_executor(executor, _load_engine, settings)


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), ENGINE_NICENESS)


def _load_engine(settings: Settings) -> tuple[str, BatchEngine]:
    entry = load_catalog(settings).find(settings.model)
    name = settings.engine or entry.engine
    if name == "whisper":
        return name, open_engine(name, locate_model(settings), settings.built("whisper", WhisperSettings))
    return name, open_engine(name)


async def _warm_up(recognizer: Recognizer, decoder: Decoder) -> None:
    """Pay for first times before the first caller does."""
    await asyncio.to_thread(decoder.warm_up)
    sound = np.random.default_rng(0).normal(0.0, 0.01, int(WARM_UP_SECONDS * SAMPLE_RATE_HZ)).astype(np.float32)
    await recognizer.transcribe(Audio(sound), RecognizeOptions(language="en", beam_size=1), priority=Priority.REQUEST)
