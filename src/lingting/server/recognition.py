"""What turns recordings into text: enough for a command or a worker, and the lower half of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from lingting.audio.decode import Decoder, DecodeSettings
from lingting.audio.vad_models import SileroModel
from lingting.domain import Clock, SystemClock
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.engines.base import AnyEngine
from lingting.engines.catalog import Catalog
from lingting.recognition.batching import SchedulerSettings
from lingting.recognition.diarization import Voices, VoiceSettings
from lingting.recognition.engine_doors import EngineDoor, EngineQueue
from lingting.recognition.marking import PunctuationSettings
from lingting.recognition.pipeline import Pipeline, PipelineSettings
from lingting.recognition.residency import Residency
from lingting.recognition.residents import ResidencySettings, Resident
from lingting.recognition.route_asking import RoutingSettings
from lingting.recognition.route_policy import RoutePolicy, routed_names
from lingting.recognition.routing import Router, RouterParts
from lingting.recognition.served import ServedNames
from lingting.server.engine import DoorParts, Plan, load_catalog, open_door
from lingting.server.marks import open_marker
from lingting.server.recipe import recipe_of
from lingting.server.served import read_plans
from lingting.server.voices import load_voices, require_voices
from lingting.settings import Settings
from lingting.telemetry import Telemetry
from lingting.telemetry.traces import TraceSettings, exporting_traces

__all__ = ["Recognition", "open_recognition"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """The default model, loaded and warm, the others as they are wanted, and what is built on them."""

    pipeline: Pipeline
    router: Router
    residency: Residency[EngineDoor]
    names: ServedNames
    default: EngineDoor
    vad: SileroModel
    telemetry: Telemetry
    clock: Clock
    recipe: str
    """A hash of all that turns audio into text here; see `recipe_of`."""

    @property
    def engine(self) -> str:
        """Of the default model."""
        return self.default.engine

    @property
    def model(self) -> str:
        """The name of the default model."""
        return self.default.model

    @property
    def scheduler(self) -> EngineQueue:
        """Of the default model."""
        return self.default.scheduler


@asynccontextmanager
async def open_recognition(
    settings: Settings,
    *,
    engine: AnyEngine | None = None,
    engines: Mapping[str, AnyEngine] | None = None,
    other_names: Sequence[str] = (),
    preload: bool = False,
) -> AsyncIterator[Recognition]:
    """Load and warm up; closed again on leaving, which must be in the same task.

    engine         a made engine to use instead of the default model's, for tests
    engines        the same for models of `[[serve]]`, by name
    other_names    further names of the default model
    preload        load the models of `[[serve]]` that say so; a command has no time for that
    raises         ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable, SettingsInvalid
    """
    telemetry, clock = Telemetry(), SystemClock()
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(exporting_traces(settings.built("tracing", TraceSettings)))
        catalog = await asyncio.to_thread(load_catalog, settings)
        plans = await asyncio.to_thread(read_plans, settings, catalog, default=engine, made=engines)
        policy = _policy(settings, plans, other_names)
        doors = DoorParts(catalog, settings.built("scheduler", SchedulerSettings), clock)
        residency = _residency(plans, doors, settings.built("residency", ResidencySettings), telemetry)
        opened.push_async_callback(residency.aclose)
        residency.start()
        default = await opened.enter_async_context(_loaded(residency, policy.names.default.name))
        if preload:
            for plan in plans[1:]:
                if plan.served.preload:
                    await residency.load(plan.served.name)
        marker = await asyncio.to_thread(open_marker, catalog, settings.built("punctuation", PunctuationSettings))
        if marker is not None:
            opened.push_async_callback(marker.aclose)
        parts = RouterParts(policy, residency, clock, telemetry.routing, marker)
        router = Router(parts, settings.built("routing", RoutingSettings))
        opened.push_async_callback(router.aclose)
        decoder = Decoder(settings.built("decode", DecodeSettings))
        opened.push_async_callback(asyncio.to_thread, decoder.close)
        vad = await asyncio.to_thread(SileroModel)
        voices = _voices(settings, catalog)
        opened.push_async_callback(voices.aclose)
        pipeline = Pipeline(
            recognizer=router,
            decoder=decoder,
            vad=vad,
            observer=telemetry.engine,
            voices=voices,
            settings=settings.built("pipeline", PipelineSettings),
        )
        opened.push_async_callback(pipeline.aclose)
        recipe = await asyncio.to_thread(recipe_of, settings, default.engine, plans)
        await asyncio.to_thread(decoder.warm_up)
        yield Recognition(pipeline, router, residency, policy.names, default, vad, telemetry, clock, recipe)


def _voices(settings: Settings, catalog: Catalog) -> Voices:
    """raises    SettingsInvalid for a model that knows no voices"""
    chosen = settings.built("voices", VoiceSettings)
    try:
        require_voices(catalog, chosen.model)
    except InvalidOption as wrong:
        raise SettingsInvalid(f"voices.model: {wrong.message}", param="voices.model") from wrong
    return Voices(partial(load_voices, catalog, chosen.model), chosen)


def _policy(settings: Settings, plans: Sequence[Plan], other_names: Sequence[str]) -> RoutePolicy:
    rules = [entry.rule() for entry in settings.routes]
    models = [plan.served for plan in plans]
    return RoutePolicy(ServedNames(models, default_names=other_names, routed_names=routed_names(rules)), rules)


def _residency(
    plans: Sequence[Plan], parts: DoorParts, settings: ResidencySettings, telemetry: Telemetry
) -> Residency[EngineDoor]:
    by_name = {plan.served.name: plan for plan in plans}

    def opening(name: str) -> AbstractAsyncContextManager[EngineDoor]:
        return open_door(by_name[name], parts, telemetry.engine.watch())

    residents = [Resident(plan.served.name, plan.served.memory_bytes, is_kept=plan.served.is_default) for plan in plans]
    return Residency(residents, opening, settings, clock=parts.clock, observer=telemetry.routing)


@asynccontextmanager
async def _loaded(residency: Residency[EngineDoor], name: str) -> AsyncIterator[EngineDoor]:
    """The default model, however long it takes to load."""
    await residency.load(name)
    async with residency.use(name) as door:
        yield door
