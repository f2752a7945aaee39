"""Real voices, heard again by a recogniser of this machine."""

import asyncio
import re
import shutil
from functools import partial

import numpy as np
import pytest

from absent import absent
from lingting.audio.decode import AudioSource
from lingting.audio.encode import to_wav
from lingting.audio.resample import resample
from lingting.domain import SAMPLE_RATE_HZ, Audio, RecognizeOptions
from lingting.server import load_catalog, open_recognition
from lingting.settings import load_settings
from lingting.speech.base import Style
from lingting.speech.voices import kokoro_model
from lingting.speech.voices.espeak import EspeakVoices
from lingting.speech.voices.kokoro import KOKORO_WEIGHTS, KokoroVoices
from voiced import said

pytestmark = pytest.mark.model


async def said_and_heard(engine: str, text: str, language: str) -> str:
    return await heard_again(await said(engine, text), language)


async def heard_again(samples, language: str = "zh") -> str:
    async with open_recognition(load_settings()) as hearing:
        source = AudioSource(data=to_wav(Audio(samples)))
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


def test_a_clause_that_is_waited_for_comes_in_shorter_pieces_and_sounds_the_same(monkeypatch) -> None:
    monkeypatch.setattr(kokoro_model, "FIRST_FRAME_SECONDS", 0.004)  # however slow this machine is
    catalog = load_catalog(load_settings())
    voices = KokoroVoices(partial(catalog.locate, KOKORO_WEIGHTS))
    text = "从这里到火车站要走多长时间？"
    short = list(voices.speak(text, "jf_alpha", Style("zh", is_urgent=True)))
    long = list(voices.speak(text, "jf_alpha", Style("zh")))
    voices.close()
    together, alone = np.concatenate(short), np.concatenate(long)
    assert len(short) > len(long)
    assert len(together) == pytest.approx(len(alone), abs=0.05 * voices.rate_hz)
    assert rms(together) == pytest.approx(rms(alone), rel=0.25)
    heard = asyncio.run(heard_again(resample(together, voices.rate_hz, SAMPLE_RATE_HZ)))
    assert re.search("火车站.*时间", heard), heard


def rms(samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def test_a_program_of_a_voice_does_not_outlive_its_caller() -> None:
    if shutil.which("espeak-ng") is None:
        absent("espeak-ng is not here; apt-get install espeak-ng to run this")
    speaking = EspeakVoices().speak("one two three four five " * 20, "espeak", Style("en"))
    assert len(next(speaking))
    speaking.close()
