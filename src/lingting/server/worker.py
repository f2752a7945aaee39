"""Opens a process that does nothing but work on jobs: `lingting worker`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from lingting.api.http.openai import ALIASES
from lingting.domain.errors import LingtingError
from lingting.engines.base import AnyEngine
from lingting.jobs.listening import listening
from lingting.security.limit_opening import open_limiter
from lingting.security.rate_limit import LimitSettings
from lingting.server.budgets import charge_budgets
from lingting.server.commands import open_commands
from lingting.server.jobs import JobNeeds, build_jobs
from lingting.server.kept import open_kept
from lingting.server.outgoing import open_outgoing, open_publisher, told_of_ends, wants_text
from lingting.server.recognition import open_recognition
from lingting.server.transcribing import open_transcriber
from lingting.settings import Settings
from lingting.telemetry import log
from lingting.text.commands.intents import Intents, IntentSettings

__all__ = ["run_worker"]


async def run_worker(settings: Settings, *, engine: AnyEngine | None = None) -> None:
    """Work on jobs until SIGTERM or SIGINT, then give back what is in hand.

    engine    a made engine to use instead of the configured one, for tests
    raises    ModelMissing, ModelCorrupt, EngineUnavailable, SettingsInvalid, StorageUnavailable
    """
    leave = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, leave.set)
    async with AsyncExitStack() as opened:
        recognition = open_recognition(settings, engine=engine, other_names=ALIASES, preload=True)
        hearing = await opened.enter_async_context(recognition)
        clock, telemetry = hearing.clock, hearing.telemetry
        kept = await opened.enter_async_context(open_kept(settings, clock, telemetry))
        outgoing = open_outgoing(settings, kept, clock=clock, telemetry=telemetry)
        outbound, callbacks = await opened.enter_async_context(outgoing)
        intents = await asyncio.to_thread(Intents.opened, settings.built("intents", IntentSettings))
        telling = open_commands(settings, intents, (outbound, callbacks), clock=clock, telemetry=telemetry)
        commands, _ = await opened.enter_async_context(telling)
        publisher = await opened.enter_async_context(open_publisher(settings, clock=clock, telemetry=telemetry))
        limits = settings.built("limits", LimitSettings)
        opening = open_limiter(limits, kept.database, clock=clock, observer=telemetry.limits)
        limiter, usage = await opened.enter_async_context(opening)
        charge_budgets(settings, hearing, limiter, usage)
        transcriber = await opened.enter_async_context(open_transcriber(settings, hearing, kept, limiter))
        told = told_of_ends(callbacks, publisher, commands)
        has_text = wants_text(publisher)
        needs = JobNeeds(kept, outbound, transcriber, clock, telemetry, told, wants_text=has_text, intents=intents)
        jobs = build_jobs(settings, needs, is_worker=True)
        await opened.enter_async_context(jobs.runner.running())
        ended = leave
        if jobs.open_listener is not None:
            ended = await opened.enter_async_context(listening(jobs.open_listener, jobs.worker))
        log.info("worker.ready", engine=hearing.engine, model=settings.model, has_broker=jobs.open_listener is not None)
        await _first_of(leave, ended)
        log.info("worker.stopping")
        if not leave.is_set():
            raise LingtingError("the worker's thread for the broker has ended; the log says why")


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in set(events)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
