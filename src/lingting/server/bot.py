"""A bot to talk with in this process, without doors, jobs or anybody who is told of commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from lingting.audio.live_decode import LiveDecoders
from lingting.audio.live_formats import LiveSettings as LiveDecodeSettings
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.jobs.command_settings import CommandSettings
from lingting.jobs.commands import CommandDesk
from lingting.live.hub import LiveHub, LiveParts
from lingting.live.parts import LiveSettings
from lingting.security.limit_opening import open_limiter
from lingting.security.rate_limit import LimitSettings
from lingting.server.chat import ChatNeeds, open_chat, open_talks
from lingting.server.kept import open_kept
from lingting.server.recognition import open_recognition
from lingting.server.speech import open_speech
from lingting.settings import Settings
from lingting.telemetry import Telemetry
from lingting.text.commands.intents import Intents, IntentSettings

__all__ = ["Bot", "open_bot"]

NO_MODEL = (
    "no language model is set up: give --base-url and --model, as in --base-url http://127.0.0.1:11434/v1 --model NAME "
    "for one on this machine, or set [chat] in lingting.toml"
)


@dataclass(frozen=True, slots=True)
class Bot:
    """What a conversation needs."""

    talks: TalkHub
    live: LiveHub | None
    """None where nothing is to be heard."""


@asynccontextmanager
async def open_bot(settings: Settings, *, hears: bool) -> AsyncIterator[Bot]:
    """Loaded and warm; closed again on leaving, which must be in the same task.

    hears     False for messages in writing; no model of speech is loaded then
    raises    SettingsInvalid, StorageUnavailable; ModelNotFound, ModelMissing, ModelCorrupt, EngineUnavailable
    """
    if not settings.chat.base_url:
        raise SettingsInvalid(NO_MODEL, param="chat.base_url")
    clock, telemetry = SystemClock(), Telemetry()
    async with AsyncExitStack() as opened:
        live = await _open_live(settings, opened, telemetry) if hears else None
        kept = await opened.enter_async_context(open_kept(settings, clock, telemetry))
        limits = settings.built("limits", LimitSettings)
        limiting = open_limiter(limits, kept.database, clock=clock, observer=telemetry.limits)
        limiter, usage = await opened.enter_async_context(limiting)
        intents = await asyncio.to_thread(Intents.opened, settings.built("intents", IntentSettings))
        desk = CommandDesk(
            [], settings.built("commands", CommandSettings), intents=intents, clock=clock, observer=telemetry.commands
        )
        needs = ChatNeeds(kept, limiter, usage, intents, desk)
        chat = await opened.enter_async_context(open_chat(settings, needs, clock=clock, telemetry=telemetry))
        speaking = open_speech(settings, clock=clock, meter=limiter, observer=telemetry.speech, results=kept.results)
        speech = await opened.enter_async_context(speaking)
        talks = await open_talks(settings, chat, speech, clock=clock, telemetry=telemetry)
        assert talks is not None, "a language model is set up"
        opened.push_async_callback(talks.aclose)
        yield Bot(talks, live)


async def _open_live(settings: Settings, opened: AsyncExitStack, telemetry: Telemetry) -> LiveHub:
    hearing = await opened.enter_async_context(open_recognition(settings, preload=True))
    decoders = LiveDecoders(settings.built("live_decode", LiveDecodeSettings))
    opened.push_async_callback(asyncio.to_thread, decoders.close)
    parts = LiveParts(
        *(hearing.router, hearing.scheduler, hearing.vad, decoders.open, hearing.clock, telemetry.live),
        floor=settings.redaction.floor(),
    )
    live = LiveHub(parts, settings.built("live", LiveSettings))
    opened.push_async_callback(live.aclose)
    return live
