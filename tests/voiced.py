"""What a voice of this machine says, as the recogniser would get it."""

from __future__ import annotations

import numpy as np

from absent import absent
from lingting.audio.resample import resample
from lingting.domain import ANYBODY, SAMPLE_RATE_HZ, Samples, SystemClock
from lingting.domain.principal import Call
from lingting.server.speech import Unmetered, open_speech
from lingting.settings import load_settings
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk
from lingting.speech.registry import VOICE_ENGINES
from lingting.telemetry import Telemetry

__all__ = ["said"]


async def said(engine: str, text: str) -> Samples:
    """16 kHz; skips the test where the engine is not here."""
    row = VOICE_ENGINES[engine]
    if row.missing:
        absent(f"{', '.join(row.missing)} is not here; {row.install} to run this")
    settings = load_settings()
    speech = settings.speech.model_copy(update={"engines": (engine,)})
    opening = open_speech(
        settings.model_copy(update={"speech": speech}),
        clock=SystemClock(),
        meter=Unmetered(),
        observer=Telemetry().speech,
    )
    async with opening as hub:
        spoken = await hub.prepare(SpeechAsk(text), Call(ANYBODY, "test"))
        whole = np.concatenate([block async for block in spoken.sound])
    return resample(whole, SPEECH_RATE_HZ, SAMPLE_RATE_HZ)
