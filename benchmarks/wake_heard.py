"""What a recogniser makes of speech as a sleeping bot hears it: drafts of each segment's first seconds, and finals.

For `wake.py`. Answers are kept in a file, line by line, so that bounds are tuned without recognising anything again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from corpus import Recording
from lingting.audio.decode import AudioSource, Decoder
from lingting.audio.resample import resample
from lingting.audio.vad import SpeechDetector
from lingting.audio.vad_models import SileroModel
from lingting.domain import (
    ANYBODY,
    SAMPLE_RATE_HZ,
    Audio,
    Effort,
    Priority,
    RecognizeOptions,
    Samples,
    Span,
    SystemClock,
)
from lingting.domain.principal import Call
from lingting.live.answers import spoken
from lingting.recognition.engine_doors import Route
from lingting.server import open_recognition
from lingting.server.speech import Unmetered, open_speech
from lingting.settings import load_settings
from lingting.speech.hub import SPEECH_RATE_HZ, SpeechAsk
from lingting.telemetry import Telemetry

DRAFTS_SECONDS = (1.2, 1.8, 2.4)
"""Of a segment, where a live session would draft it; a phrase at its beginning is over by the last."""
TAIL_SECONDS = 0.3
"""Of silence that a final has at its end."""
LONGEST_SECONDS = 25.0
IN_FLIGHT = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment that is to be heard."""

    name: str
    language: str
    samples: Samples
    group: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a segment: each draft, then the final."""

    name: str
    group: str
    language: str
    way: str
    seconds: float
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a voice is to say."""

    text: str
    language: str
    voice: str
    speed: float
    group: str

    @property
    def name(self) -> str:
        return f"{self.text}|{self.voice}|{self.speed:g}"


def samples_of(decoder: Decoder, row: Recording) -> Samples:
    with decoder.open(AudioSource(path=row.path)) as decoded:
        return np.concatenate([block[0] for block in decoded])


def segments_of(rows: Iterable[Recording]) -> Iterator[Piece]:
    """Recordings cut as a live session cuts them."""
    model = SileroModel()
    with Decoder() as decoder:
        for row in rows:
            samples = samples_of(decoder, row)
            detector = SpeechDetector(model.scorer())
            for number, span in enumerate([*detector.accept(samples), *detector.finish()]):
                part = samples[span.start_samples : span.end_samples]
                yield Piece(f"{row.id}#{number}", row.language, part, row.group)


async def said(lines: Sequence[Line]) -> AsyncIterator[Piece]:
    """Lines spoken by the voices that are here."""
    settings = load_settings()
    quiet = settings.speech.model_copy(update={"engines": ("hibari", "kokoro", "espeak", "pyttsx3"), "phrase_bytes": 0})
    opening = open_speech(
        settings.model_copy(update={"speech": quiet}),
        clock=SystemClock(),
        meter=Unmetered(),
        observer=Telemetry().speech,
    )
    silence = np.zeros(int(TAIL_SECONDS * SAMPLE_RATE_HZ), np.float32)
    async with opening as hub:
        for line in lines:
            ask = SpeechAsk(line.text, voice=line.voice, language=line.language, speed=line.speed)
            speech = await hub.prepare(ask, Call(ANYBODY, "bench"))
            whole = np.concatenate([block async for block in speech.sound])
            sound = resample(whole, SPEECH_RATE_HZ, SAMPLE_RATE_HZ)
            yield Piece(line.name, line.language, np.concatenate([silence, sound, silence]), line.group)


def options_of(piece: Piece, way: str, prompts: dict[str, str]) -> RecognizeOptions:
    """way    plain; prompt, which knows the phrases; detect, which does not know the language"""
    language = None if way == "detect" or piece.language not in ("zh", "en") else piece.language
    prompt = prompts.get(piece.language, "") if way == "prompt" else ""
    return RecognizeOptions(language=language, prompt=prompt, temperatures=(0.0,))


async def texts_of(route: Route, piece: Piece, options: RecognizeOptions, gate: asyncio.Semaphore) -> list[str]:
    texts = []
    draft = replace(options, beam_size=1, effort=Effort.DRAFT)
    cuts = [seconds for seconds in DRAFTS_SECONDS if seconds * SAMPLE_RATE_HZ < len(piece.samples)]
    asks = [(int(seconds * SAMPLE_RATE_HZ), draft) for seconds in cuts]
    asks.append((min(len(piece.samples), int(LONGEST_SECONDS * SAMPLE_RATE_HZ)), replace(options, effort=Effort.LIVE)))
    for end, each in asks:
        async with gate:
            found = await route.transcribe(Audio(piece.samples[:end]), each, priority=Priority.REQUEST)
        texts.append(spoken(found, each, Span(0, end)).text)
    return texts


async def hear(pieces: Iterable[Piece], way: str, *, prompts: dict[str, str], kept: Path) -> None:
    """Hear what was not heard in this way before, and keep it."""
    known = {(heard.name, heard.way) for heard in read(kept)}
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with open_recognition(load_settings()) as services:

        async def one(piece: Piece) -> None:
            options = options_of(piece, way, prompts)
            route = services.router.route(options)
            texts = await texts_of(route, piece, options, gate)
            seconds = len(piece.samples) / SAMPLE_RATE_HZ
            heard = Heard(piece.name, piece.group, piece.language, way, seconds, tuple(texts))
            with kept.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(heard), ensure_ascii=False) + "\n")

        waiting = [piece for piece in pieces if (piece.name, way) not in known]
        for first in range(0, len(waiting), 4 * IN_FLIGHT):
            await asyncio.gather(*map(one, waiting[first : first + 4 * IN_FLIGHT]))


def read(kept: Path) -> list[Heard]:
    if not kept.exists():
        return []
    rows = (json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines())
    return [Heard(**{**row, "texts": tuple(row["texts"])}) for row in rows]
