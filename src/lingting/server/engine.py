"""Loads the configured engine, in a thread that steps back, and warms it up."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from lingting.audio.decode import Decoder
from lingting.domain import SAMPLE_RATE_HZ, Audio, Priority, RecognizeOptions
from lingting.engines.base import BatchEngine
from lingting.engines.catalog import Catalog
from lingting.engines.registry import open_engine
from lingting.engines.whisper import WhisperSettings
from lingting.recognition.batching import Scheduler
from lingting.recognition.recognizer import Recognizer
from lingting.settings import Settings

__all__ = ["close_engine", "load_catalog", "loaded_engine", "locate_model", "warm_up"]

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


async def close_engine(engine: BatchEngine, scheduler: Scheduler) -> None:
    if not scheduler.busy_replicas:  # else its thread hangs in the engine
        await asyncio.to_thread(engine.close)


async def loaded_engine(settings: Settings) -> tuple[str, BatchEngine]:
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


async def warm_up(recognizer: Recognizer, decoder: Decoder) -> None:
    """Pay for first times before the first caller does."""
    await asyncio.to_thread(decoder.warm_up)
    sound = np.random.default_rng(0).normal(0.0, 0.01, int(WARM_UP_SECONDS * SAMPLE_RATE_HZ)).astype(np.float32)
    await recognizer.transcribe(Audio(sound), RecognizeOptions(language="en", beam_size=1), priority=Priority.REQUEST)
