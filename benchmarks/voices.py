"""How well a recogniser understands each voice, how soon it is heard, and what it costs.

usage: python benchmarks/voices.py [ENGINE ...]

Each voice engine that is here says ten sentences of each of its languages, through the hub, nothing kept; Whisper hears
them again. Errors by words in English, by characters in Chinese, without marks and case.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time

import numpy as np
from rapidfuzz.distance import Levenshtein

from lingting.audio.decode import AudioSource
from lingting.audio.encode import to_wav
from lingting.audio.resample import resample
from lingting.domain import ANYBODY, SAMPLE_RATE_HZ, Audio, RecognizeOptions, SystemClock
from lingting.domain.principal import Call
from lingting.server import open_recognition
from lingting.server.speech import Unmetered, open_speech
from lingting.settings import load_settings
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk
from lingting.telemetry import Telemetry

SENTENCES = {
    "en": (
        "The meeting has been moved to tomorrow afternoon.",
        "Please turn off the lights when you leave the room.",
        "She bought some bread and a bottle of milk.",
        "The train to the city leaves every half an hour.",
        "I would like to book a table for four people.",
        "It has been raining since early this morning.",
        "My brother works in a hospital near the river.",
        "Can you tell me how to get to the station?",
        "We watched a film about the history of music.",
        "The children are playing in the garden behind the house.",
    ),
    "zh": (
        "今天天气很好，我们一起去公园散步。",
        "请把客厅的灯打开。",
        "明天下午的会议改到后天上午。",
        "我想预订一张四个人的桌子。",
        "从这里到火车站要走多长时间？",
        "她每天早上都去跑步。",
        "这家饭店的鱼做得非常好吃。",
        "孩子们在花园里玩得很高兴。",
        "请问最近的地铁站在哪里？",
        "我弟弟在医院工作，已经三年了。",
    ),
}
ENGINES = ("hibari", "kokoro", "espeak", "pyttsx3", "piper")


def units(text: str, language: str) -> list[str]:
    plain = re.sub(r"[^\w\s]", "", text.lower())
    return plain.split() if language == "en" else [sign for sign in plain if not sign.isspace()]


async def measure(engine: str) -> None:
    settings = load_settings()
    only = settings.speech.model_copy(update={"engines": (engine,), "preload": (engine,), "phrase_bytes": 0})
    settings = settings.model_copy(update={"speech": only})
    telemetry = Telemetry().speech
    async with (
        open_speech(settings, clock=SystemClock(), meter=Unmetered(), observer=telemetry) as hub,
        open_recognition(settings) as hearing,
    ):
        spoken = {code for voice in hub.roster.voices for code in voice.languages}
        for language in sorted(spoken & set(SENTENCES)):
            errors = total = 0
            firsts, cost_seconds, sound_seconds, name = [], 0.0, 0.0, ""
            for sentence in SENTENCES[language]:
                began, blocks = time.perf_counter(), []
                speech = await hub.prepare(SpeechAsk(sentence, language=language), Call(ANYBODY, "bench"))
                name = speech.voice.name
                async for block in speech.sound:
                    if not blocks:
                        firsts.append(time.perf_counter() - began)
                    blocks.append(block)
                cost_seconds += time.perf_counter() - began
                whole = np.concatenate(blocks)
                sound_seconds += len(whole) / SPEECH_RATE_HZ
                heard = Audio(resample(whole, SPEECH_RATE_HZ, SAMPLE_RATE_HZ))
                source, options = AudioSource(data=to_wav(heard)), RecognizeOptions(language=language)
                text = (await hearing.pipeline.transcribe(source, options)).text
                wanted = units(sentence, language)
                errors += Levenshtein.distance(wanted, units(text, language))
                total += len(wanted)
            print(
                f"| {engine} | {name} | {language} | {errors / total:.1%} | {cost_seconds / sound_seconds:.2f} "
                f"| {statistics.median(firsts) * 1_000:.0f} ms |",
                flush=True,
            )


def main() -> None:
    print("| engine | voice | language | errors | cost by sound | first sound, median |\n|---|---|---|---|---|---|")
    for engine in sys.argv[1:] or ENGINES:
        asyncio.run(measure(engine))


if __name__ == "__main__":
    main()
