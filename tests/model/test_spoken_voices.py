"""Real voices, heard again by a recogniser of this machine."""

import asyncio
import re
import shutil

import pytest

from absent import absent
from lingting.audio.decode import AudioSource
from lingting.audio.encode import to_wav
from lingting.domain import Audio, RecognizeOptions
from lingting.server import open_recognition
from lingting.settings import load_settings
from voiced import said

pytestmark = pytest.mark.model


async def said_and_heard(engine: str, text: str, language: str) -> str:
    audio = Audio(await said(engine, text))
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
