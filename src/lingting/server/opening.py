"""Everything a server needs, opened in order and closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from lingting.api.http.openai import ALIASES
from lingting.audio.live_decode import LiveDecoders
from lingting.audio.live_formats import LiveSettings as LiveDecodeSettings
from lingting.engines.base import AnyEngine
from lingting.live.hub import LiveHub, LiveParts
from lingting.live.parts import LiveSettings
from lingting.live.recording import LiveRecorder
from lingting.rooms.opening import open_rooms
from lingting.rooms.parts import RoomSettings
from lingting.security.limit_opening import open_limiter
from lingting.security.rate_limit import LimitSettings
from lingting.security.redaction_tokens import RedactionTokens
from lingting.server.budgets import charge_budgets
from lingting.server.chat import ChatNeeds, open_chat, open_talks
from lingting.server.checks import open_health
from lingting.server.commands import open_commands
from lingting.server.jobs import JobNeeds, open_jobs
from lingting.server.kept import open_audit, open_kept
from lingting.server.keys import open_keys
from lingting.server.outgoing import open_outgoing, open_publisher, told_of_ends, wants_text
from lingting.server.recognition import open_recognition
from lingting.server.speech import open_speech
from lingting.server.transcribing import open_transcriber
from lingting.services import Services
from lingting.settings import Settings
from lingting.storage.retention import Sweeper
from lingting.telemetry import log, watching_the_loop
from lingting.text.commands.intents import Intents, IntentSettings
from lingting.text.hotwords.shelf import HotwordSettings, HotwordShelf

__all__ = ["open_services"]


@asynccontextmanager
async def open_services(
    settings: Settings, *, engine: AnyEngine | None = None, engines: Mapping[str, AnyEngine] | None = None
) -> AsyncIterator[Services]:
    """Everything behind the doors, loaded and warm; closed again on leaving, which must be in the same task.

    engine    a made engine to use instead of the default model's, for tests
    engines   the same for models of `[[serve]]`, by name
    raises    ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable, SettingsInvalid, StorageUnavailable
    """
    async with AsyncExitStack() as opened:
        opening = open_recognition(settings, engine=engine, engines=engines, other_names=ALIASES, preload=True)
        hearing = await opened.enter_async_context(opening)
        clock, telemetry = hearing.clock, hearing.telemetry
        intents = await asyncio.to_thread(Intents.opened, settings.built("intents", IntentSettings))
        shelf = await asyncio.to_thread(HotwordShelf.opened, settings.built("hotwords", HotwordSettings))
        kept = await opened.enter_async_context(open_kept(settings, clock, telemetry))
        audit = await opened.enter_async_context(open_audit(settings, kept, clock, telemetry.audit))
        outgoing = open_outgoing(settings, kept, clock=clock, telemetry=telemetry)
        outbound, callbacks = await opened.enter_async_context(outgoing)
        telling = open_commands(settings, intents, (outbound, callbacks), clock=clock, telemetry=telemetry)
        commands, commands_checks = await opened.enter_async_context(telling)
        publisher = await opened.enter_async_context(open_publisher(settings, clock=clock, telemetry=telemetry))
        limits = settings.built("limits", LimitSettings)
        limiter, usage = await opened.enter_async_context(
            open_limiter(limits, kept.database, clock=clock, observer=telemetry.limits)
        )
        charge_budgets(settings, hearing, limiter, usage)
        chatting = ChatNeeds(kept, limiter, usage, intents, commands)
        chat = await opened.enter_async_context(open_chat(settings, chatting, clock=clock, telemetry=telemetry))
        keys = await opened.enter_async_context(open_keys(settings, kept.database, clock))
        transcriber = await opened.enter_async_context(open_transcriber(settings, hearing, kept, limiter))
        told = told_of_ends(callbacks, publisher, commands)
        has_text = wants_text(publisher)
        needs = JobNeeds(kept, outbound, transcriber, clock, telemetry, told, wants_text=has_text, intents=intents)
        jobs = await opened.enter_async_context(open_jobs(settings, needs))
        rooms = open_rooms(settings.built("rooms", RoomSettings), clock=clock, observer=telemetry.rooms)
        opened.push_async_callback(rooms.aclose)
        live_decoders = LiveDecoders(settings.built("live_decode", LiveDecodeSettings))
        opened.push_async_callback(asyncio.to_thread, live_decoders.close)
        live = LiveHub(
            LiveParts(
                hearing.router,
                hearing.scheduler,
                hearing.vad,
                live_decoders.open,
                clock,
                telemetry.live,
                watchers=[commands.watch, *([publisher.watch] if publisher else [])],
                seals=RedactionTokens(kept.vault).sealer_of,
                floor=settings.redaction.floor(),
            ),
            settings.built("live", LiveSettings),
        )
        recorder = LiveRecorder(kept.history, telemetry.storage)
        opened.push_async_callback(recorder.aclose)
        opened.push_async_callback(live.aclose)
        await asyncio.to_thread(live_decoders.warm_up)
        speaking = open_speech(settings, clock=clock, meter=limiter, observer=telemetry.speech, results=kept.results)
        speech = await opened.enter_async_context(speaking)
        talks = await open_talks(settings, chat, speech, clock=clock, telemetry=telemetry)
        if talks is not None:
            opened.push_async_callback(talks.aclose)
        health = await opened.enter_async_context(open_health(settings, hearing, kept, commands_checks))
        await opened.enter_async_context(watching_the_loop(telemetry.process.lagged))
        telemetry.process.serving(engine=hearing.engine, model=settings.model)
        every_seconds = settings.history.sweep_seconds
        sweeper = Sweeper(kept.database, kept.blobs, clock, telemetry.storage, every_seconds=every_seconds)
        await opened.enter_async_context(sweeper.running())
        log.info("services.ready", engine=hearing.engine, model=settings.model)
        yield Services(
            transcriber=transcriber,
            live=live,
            follow=recorder.follow,
            rooms=rooms,
            telemetry=telemetry,
            kept=kept,
            outbound=outbound,
            publisher=publisher,
            audit=audit,
            callbacks=callbacks,
            jobs=jobs,
            limiter=limiter,
            usage=usage,
            health=health,
            keys=keys,
            intents=intents,
            commands=commands,
            chat=chat,
            speech=speech,
            talks=talks,
            hotwords=shelf,
            clock=clock,
            engine=hearing.engine,
            model=settings.model,
            names=hearing.names,
            models=hearing.residency,
            estimated_wait_seconds=lambda: hearing.scheduler.estimated_wait_seconds,
        )
