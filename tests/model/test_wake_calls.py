"""Calls spoken by real voices, heard by the recogniser of this machine and by the networks for fixed words."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from absent import absent
from lingting.audio.decode import AudioSource
from lingting.audio.encode import to_wav
from lingting.audio.wake_words import WAKE_WORDS, WordSpotter, require_wake_words
from lingting.dialogue.wake.wake import Wake, Woke
from lingting.dialogue.wake.wake_settings import WakeSettings
from lingting.domain import SAMPLE_RATE_HZ, Audio, Final, RecognizeOptions, Samples, SpeechStarted
from lingting.domain.errors import EngineUnavailable
from lingting.server import open_recognition
from lingting.settings import load_settings
from voiced import said

pytestmark = pytest.mark.model

QUIET = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)


async def call(engine: str, text: str) -> Samples:
    return np.concatenate([QUIET, await said(engine, text), QUIET])


async def heard(engine: str, text: str, language: str) -> str:
    sound = to_wav(Audio(await call(engine, text)))
    async with open_recognition(load_settings()) as hearing:
        options = RecognizeOptions(language=language)
        return (await hearing.pipeline.transcribe(AudioSource(data=sound), options)).text


@pytest.mark.parametrize(
    ("engine", "language", "text", "phrase", "words"),
    [
        ("kokoro", "zh", "小听小听，今天天气怎么样？", "小听小听", "天气"),
        ("hibari", "en", "Hey Lingting, what is the weather today?", "hey lingting", "weather"),
        ("hibari", "en", "Hello computer, turn on the kitchen light.", "hello computer", "kitchen"),
    ],
)
def test_a_spoken_call_wakes_the_bot_and_what_follows_is_the_question(
    engine: str, language: str, text: str, phrase: str, words: str
) -> None:
    recognised = asyncio.run(heard(engine, text, language))
    wake = Wake(WakeSettings(phrases=("小听小听", "hey lingting", "hello computer")))
    passed = wake.filter(SpeechStarted(1, 1, 0.0), 0.0)
    passed += wake.filter(Final(2, 1, 0.0, 2.0, recognised, language), 2.0)
    assert [each.phrase for each in passed if isinstance(each, Woke)] == [phrase], recognised
    (question,) = (each.text for each in passed if isinstance(each, Final))
    assert words in question
    assert wake.is_awake


def test_a_fixed_word_is_heard_in_the_sound_however_it_comes_and_no_other_sentence_is_one() -> None:
    try:
        require_wake_words(WAKE_WORDS)
    except EngineUnavailable as missing:
        absent(missing.message)
    spoken = asyncio.run(call("espeak", "Hey Mycroft."))
    found = []
    for pieces in (1, 37):
        spotter = WordSpotter(WAKE_WORDS)
        found.append([spotted for piece in np.array_split(spoken, pieces) for spotted in spotter.hear(piece)])
    assert [spotted.word for spotted in found[0]] == ["hey_mycroft"]
    assert found[0] == found[1]
    assert 0.5 < found[0][0].at_seconds < len(spoken) / SAMPLE_RATE_HZ
    other = asyncio.run(call("espeak", "Hey, my craft is at the other side of the river."))
    assert WordSpotter(WAKE_WORDS).hear(other) == []
