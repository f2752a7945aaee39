"""Loads the configured engine, in a thread that steps back, and warms it up."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np

from lingting.audio.decode import Decoder
from lingting.domain import SAMPLE_RATE_HZ, Audio, Clock, Priority, RecognizeOptions
from lingting.engines.base import AnyEngine, BatchEngine, StreamEngine
from lingting.engines.catalog import Catalog
from lingting.engines.registry import open_engine
from lingting.engines.vosk import VoskSettings
from lingting.engines.whisper import WhisperSettings
from lingting.recognition.batch_replica import step_back
from lingting.recognition.batch_reports import SchedulerObserver
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.recognizer import Recognizer
from lingting.recognition.streaming import StreamScheduler
from lingting.settings import Settings

__all__ = ["AnyScheduler", "close_engine", "load_catalog", "loaded_engine", "locate_model", "scheduler_of", "warm_up"]

AnyScheduler = Scheduler | StreamScheduler

WARM_UP_SECONDS = 2.0


def load_catalog(settings: Settings) -> Catalog:
    """The models that can be served."""
    return Catalog.load(models_dir=settings.models_dir, extra_file=settings.catalog_file, offline=settings.offline)


def locate_model(settings: Settings) -> Path:
    """Where the verified weights of the configured model are.

    raises    ModelNotFound, ModelMissing, ModelCorrupt
    """
    return load_catalog(settings).locate(settings.model)


def scheduler_of(engine: AnyEngine, settings: Settings, *, clock: Clock, observer: SchedulerObserver) -> AnyScheduler:
    """The queue that the engine is served from."""
    bounds = settings.built("scheduler", SchedulerSettings)
    if engine.capabilities.streaming:
        return StreamScheduler(cast("StreamEngine", engine), bounds, clock=clock, observer=observer)
    return Scheduler(cast("BatchEngine", engine), bounds, clock=clock, observer=observer)


async def close_engine(engine: AnyEngine, scheduler: AnyScheduler) -> None:
    if not scheduler.busy_replicas:  # else its thread hangs in the engine
        await asyncio.to_thread(cast("BatchEngine | StreamEngine", engine).close)


async def loaded_engine(settings: Settings) -> tuple[str, AnyEngine]:
    """Load in a thread that steps back: the engine's own threads inherit its priority, so that with all cores busy
    the event loop still answers at once."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="lingting-load", initializer=step_back) as executor:
        return await loop.run_in_executor(executor, _load_engine, settings)


def _load_engine(settings: Settings) -> tuple[str, AnyEngine]:
    entry = load_catalog(settings).find(settings.model)
    name = settings.engine or entry.engine
    if name == "whisper":
        return name, open_engine(name, locate_model(settings), settings.built("whisper", WhisperSettings))
    if name == "vosk":
        return name, open_engine(name, locate_model(settings), VoskSettings(languages=tuple(sorted(entry.languages))))
    return name, open_engine(name)


async def warm_up(recognizer: Recognizer, decoder: Decoder) -> None:
    """Pay for first times before the first caller does."""
    await asyncio.to_thread(decoder.warm_up)
    sound = np.random.default_rng(0).normal(0.0, 0.01, int(WARM_UP_SECONDS * SAMPLE_RATE_HZ)).astype(np.float32)
    await recognizer.transcribe(Audio(sound), RecognizeOptions(language="en", beam_size=1), priority=Priority.REQUEST)
