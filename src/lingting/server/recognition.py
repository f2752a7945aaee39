"""What turns recordings into text: enough for a command or a worker, and the lower half of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from lingting.audio.decode import Decoder, DecodeSettings
from lingting.audio.vad_models import SileroModel
from lingting.domain import Clock, SystemClock
from lingting.engines.base import AnyEngine
from lingting.recognition.pipeline import Pipeline, PipelineSettings
from lingting.recognition.recognizer import EngineDoor, Recognizer
from lingting.server.engine import AnyScheduler, close_engine, loaded_engine, scheduler_of, warm_up
from lingting.server.recipe import recipe_of
from lingting.settings import Settings
from lingting.telemetry import Telemetry
from lingting.telemetry.traces import TraceSettings, exporting_traces

__all__ = ["Recognition", "open_recognition"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """An engine that is loaded and warm, and what is built on it."""

    pipeline: Pipeline
    recognizer: Recognizer
    scheduler: AnyScheduler
    vad: SileroModel
    telemetry: Telemetry
    clock: Clock
    engine: str
    model: str
    """The name in the catalog."""
    recipe: str
    """A hash of all that turns audio into text here; see `recipe_of`."""


@asynccontextmanager
async def open_recognition(settings: Settings, *, engine: AnyEngine | None = None) -> AsyncIterator[Recognition]:
    """Load and warm up; closed again on leaving, which must be in the same task.

    engine    a made engine to use instead of the configured one, for tests
    raises    ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable
    """
    telemetry, clock = Telemetry(), SystemClock()
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(exporting_traces(settings.built("tracing", TraceSettings)))
        name, made = ("given", engine) if engine is not None else await loaded_engine(settings)
        scheduler = scheduler_of(made, settings, clock=clock, observer=telemetry.engine)
        opened.push_async_callback(close_engine, made, scheduler)
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
            observer=telemetry.engine,
            settings=settings.built("pipeline", PipelineSettings),
        )
        opened.push_async_callback(pipeline.aclose)
        recipe = await asyncio.to_thread(recipe_of, settings, name)
        await warm_up(recognizer, decoder)
        yield Recognition(pipeline, recognizer, scheduler, vad, telemetry, clock, name, settings.model, recipe)
