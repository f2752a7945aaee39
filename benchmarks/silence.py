"""What Lingting writes when nobody speaks, and what the guard takes from those who do.

usage: python benchmarks/silence.py [--speech 60]     --speech 0 checks every labelled recording of at most 30 s

The first table should have no characters; the second no files, or files whose text was wrong anyway.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import wave
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus import Recording, recordings
from lingting.audio.decode import AudioSource
from lingting.domain import SAMPLE_RATE_HZ, RecognizeOptions, Transcript
from lingting.server import open_recognition
from lingting.services import Services
from lingting.settings import load_settings

SECONDS = 10
LANGUAGES = (None, "zh", "en")
IN_FLIGHT = 8


def made_sounds() -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Sounds without speech, the same on every run."""
    chance = np.random.default_rng(0)
    time = np.arange(SECONDS * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    yield "digital silence", np.zeros_like(time)
    for level in (0.001, 0.01, 0.1):
        yield f"white noise {level}", level * chance.standard_normal(len(time))
    brown = np.cumsum(chance.standard_normal(len(time)))
    yield "rumble", 0.2 * (brown - brown.mean()) / np.abs(brown).max()
    clicks = np.zeros_like(time)
    for place in chance.integers(0, len(time) - 40, 20):
        clicks[place : place + 40] += 0.8 * np.hanning(40)
    yield "clicks", clicks
    yield "mains hum", 0.1 * np.sin(2 * np.pi * 50 * time) + 0.01 * chance.standard_normal(len(time))
    yield "tone 1 kHz", 0.2 * np.sin(2 * np.pi * 1000 * time)
    keys = np.sin(2 * np.pi * 770 * time) + np.sin(2 * np.pi * 1336 * time)
    yield "keypad tones", 0.2 * keys * (time % 0.5 < 0.2)
    yield "chords", _chords(time)


def _chords(time: NDArray[np.float64]) -> NDArray[np.float64]:
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294), (262, 330, 392))
    bars = np.array_split(time, len(chords))
    return np.concatenate(
        [
            0.08
            * np.exp(-(bar - bar[0]))
            * sum(np.sin(2 * np.pi * note * part * bar) / part for note in chord for part in (1, 2, 3))
            for chord, bar in zip(chords, bars, strict=True)
        ]
    )


def wav(samples: NDArray[np.float64]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


async def check_quiet(services: Services, rows: Sequence[Recording]) -> None:
    """A row for each sound: characters with the language detected, given as zh, as en."""
    sounds = [(row.id, AudioSource(path=row.path)) for row in rows if row.language == "none"]
    sounds += [(name, AudioSource(data=wav(samples))) for name, samples in made_sounds()]
    print(f"{'sound':24}{'characters (detect zh en)':>28}{'speech heard':>14}  withheld")
    total = 0
    for name, source in sounds:
        answers = [
            await services.pipeline.transcribe(source, RecognizeOptions(language=language)) for language in LANGUAGES
        ]
        counts = [len(answer.text) for answer in answers]
        total += sum(counts)
        reasons = Counter(gap.reason for answer in answers for gap in answer.suppressed)
        withheld = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        print(f"{name:24}{' '.join(map(str, counts)):>28}{answers[0].speech_seconds:12.1f} s  {withheld}")
    print(f"{'all':24}{total:>28}\n")


async def check_speech(services: Services, rows: Sequence[Recording]) -> None:
    """A row for each recording of speech from which something was withheld."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(row: Recording, *, guard: bool) -> Transcript:
        async with gate:
            language = row.language if row.language in ("zh", "en", "yue") else None
            options = RecognizeOptions(language=language, guard=guard)
            return await services.pipeline.transcribe(AudioSource(path=row.path), options)

    answers = await asyncio.gather(*(one(row, guard=True) for row in rows))
    touched = [(row, answer) for row, answer in zip(rows, answers, strict=True) if answer.suppressed]
    for row, answer in touched:
        bare = await one(row, guard=False)
        reasons = ", ".join(gap.reason for gap in answer.suppressed)
        print(f"{row.id:36}{reasons}\n    said      {row.transcript[:90]}\n    unguarded {bare.text[:90]}")
        print(f"    guarded   {answer.text[:90]}")
    unheard = sum(not answer.speech_seconds for answer in answers)
    print(f"{len(rows)} recordings of speech: {len(touched)} lost text to the guard, {unheard} to the voice detector")


async def check(speech: int) -> None:
    rows = recordings()
    spoken = [row for row in rows if row.transcript and not row.weak and row.seconds <= 30]
    step = max(1, len(spoken) // speech) if speech else 1
    async with open_recognition(load_settings()) as services:
        await check_quiet(services, rows)
        await check_speech(services, spoken[::step])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=int, default=60, help="about how many recordings of speech; 0 for all")
    asyncio.run(check(parser.parse_args().speech))


if __name__ == "__main__":
    main()
