"""Real voices, heard again by a recogniser of this machine."""

import asyncio
import re
import shutil

import numpy as np
import pytest

from absent import absent
from lingting.audio.decode import AudioSource
from lingting.audio.encode import to_wav
from lingting.audio.resample import resample
from lingting.domain import ANYBODY, SAMPLE_RATE_HZ, Audio, RecognizeOptions, SystemClock
from lingting.domain.principal import Call
from lingting.server import open_recognition
from lingting.server.speech import Unmetered, open_speech
from lingting.settings import load_settings
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk
from lingting.speech.registry import VOICE_ENGINES
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.model


async def said(engine: str, text: str) -> Audio:
    settings = load_settings()
    speech = settings.speech.model_copy(update={"engines": (engine,)})
    opening = open_speech(
        settings.model_copy(update={"speech": speech}),
        clock=SystemClock(),
        meter=Unmetered(),
        observer=Telemetry().speech,
    )
    async with opening as hub:
        speech = await hub.prepare(SpeechAsk(text), Call(ANYBODY, "test"))
        whole = np.concatenate([block async for block in speech.sound])
    return Audio(resample(whole, SPEECH_RATE_HZ, SAMPLE_RATE_HZ))


async def said_and_heard(engine: str, text: str, language: str) -> str:
    audio = await said(engine, text)
    async with open_recognition(load_settings()) as hearing:
        source = AudioSource(data=to_wav(audio))
        return (await hearing.pipeline.transcribe(source, RecognizeOptions(language=language))).text


@pytest.mark.parametrize(
    ("engine", "language", "text", "words"),
    [
        ("hibari", "en", "The meeting starts at 3:30 tomorrow afternoon.", {"meeting", "tomorrow", "afternoon"}),
        ("kokoro", "zh", "今天天气很好，我们一起去公园散步。", {"天气", "公园", "散步"}),
        ("pyttsx3", "en", "Hello there, how are you today?", {"hello", "today"}),
        ("espeak", "en", "Please turn on the light in the kitchen.", {"light", "kitchen"}),
    ],
)
def test_a_voice_is_understood(engine, language, text, words) -> None:
    row = VOICE_ENGINES[engine]
    if row.missing:
        absent(f"{', '.join(row.missing)} is not here; {row.install} to run this")
    heard = asyncio.run(said_and_heard(engine, text, language))
    assert {word for word in words if re.search(word, heard, re.IGNORECASE)} == words, heard


def test_a_program_of_a_voice_does_not_outlive_its_caller() -> None:
    if shutil.which("espeak-ng") is None:
        absent("espeak-ng is not here; apt-get install espeak-ng to run this")
    from lingting.speech.base import Style
    from lingting.speech.espeak import EspeakVoices

    speaking = EspeakVoices().speak("one two three four five " * 20, "espeak", Style("en"))
    assert len(next(speaking))
    speaking.close()
