"""Opens the voices that are on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from lingting.domain import Clock, Principal
from lingting.domain.errors import InvalidOption, ModelCorrupt, ModelMissing, SettingsInvalid
from lingting.engines.catalog import Catalog, ModelState
from lingting.server.engine import load_catalog
from lingting.settings import Settings
from lingting.speech.base import VoiceEngine
from lingting.speech.hub import Meter, SpeechHub
from lingting.speech.registry import find_voice_engine, open_voice_engine
from lingting.speech.settings import SpeechSettings
from lingting.speech.shared_phrases import SharedPhrases
from lingting.speech.voices.kokoro import KOKORO_WEIGHTS, KOKORO_ZH_VOICES
from lingting.speech.voices.remote import RemoteSettings
from lingting.storage.caching.cached_results import CachedResults
from lingting.telemetry import log
from lingting.telemetry.areas.speech import SpeechMetrics

__all__ = ["Unmetered", "open_speech"]


class Unmetered:
    """For the command line: its own machine's time is nobody's quota."""

    async def require_audio(self, principal: Principal) -> None: ...

    async def charge_audio(self, principal: Principal, seconds: float) -> None: ...


@asynccontextmanager
async def open_speech(
    settings: Settings, *, clock: Clock, meter: Meter, observer: SpeechMetrics, results: CachedResults | None = None
) -> AsyncIterator[SpeechHub]:
    """Voices whose packages are not there are left out, and said in the log.

    results   where clauses are shared with other servers, if that is where others look, too
    raises    SettingsInvalid; for one that is to be preloaded EngineUnavailable, ModelMissing, ModelCorrupt
    """
    wanted = settings.built("speech", SpeechSettings)
    engines = await asyncio.to_thread(_opened, settings, wanted)
    hub = SpeechHub(engines, wanted, clock=clock, meter=meter, observer=observer)
    async with AsyncExitStack() as opened:
        if results is not None and settings.cache.redis_url is not None:
            shared = SharedPhrases(results)
            await opened.enter_async_context(shared.running())
            hub.share(shared)
        opened.push_async_callback(hub.aclose)
        await hub.warm_up()
        yield hub


def _opened(settings: Settings, wanted: SpeechSettings) -> list[VoiceEngine]:
    catalog, engines = load_catalog(settings), []
    for name in dict.fromkeys(wanted.engines):
        try:
            row = find_voice_engine(name)
        except InvalidOption as unknown:
            raise SettingsInvalid(unknown.message, param="speech.engines") from unknown
        if row.missing:
            log.debug("speech.left_out", engine=name, missing=row.missing, hint=row.install)
            continue
        engines.append(open_voice_engine(name, **_options(name, wanted, catalog)))
    return engines


def _options(name: str, wanted: SpeechSettings, catalog: Catalog) -> dict[str, object]:
    if name == "kokoro":
        return {"weights": partial(catalog.locate, KOKORO_WEIGHTS), "extra": _pulled(catalog, KOKORO_ZH_VOICES)}
    if name == "remote":
        languages, voices = wanted.remote_languages, wanted.remote_voices
        remote = RemoteSettings(wanted.remote_url, wanted.remote_model, voices, languages, wanted.remote_key_env)
        return {"settings": remote}
    if name == "piper":
        return {"folder": wanted.piper_folder}
    if name == "edge":
        return {"voices": wanted.edge_voices}
    if name in {"espeak", "pyttsx3"}:
        return {"words_per_minute": wanted.words_per_minute, "volume": wanted.volume}
    return {}


def _pulled(catalog: Catalog, name: str) -> Path | None:
    try:
        return catalog.locate(name) if catalog.state(name) is ModelState.READY else None
    except (ModelMissing, ModelCorrupt) as problem:
        log.warning("speech.left_out", model=name, code=problem.code, hint=f"lingting models pull {name}")
        return None
