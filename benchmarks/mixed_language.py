"""Error rates on recordings that switch between Chinese and English: detected once, for each stretch, among the two.

usage: python benchmarks/mixed_language.py [--recordings 12] [--gap 0.6] [--seed 1]

Recordings of one language are joined, two of each in turn, with a pause between; the one of natural switching inside a
sentence is scored apart.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from corpus import Recording, recordings, scorer
from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import SAMPLE_RATE_HZ, ChannelMode, PcmFormat, RecognizeOptions, Samples
from lingting.server import open_recognition
from lingting.settings import load_settings

MODES = {
    "auto": RecognizeOptions(),
    "per segment": RecognizeOptions(per_segment_language=True),
    "zh-en": RecognizeOptions(language="zh-en"),
}
EACH = 2
MAX_SECONDS = 12.0
SWITCHING = ("zh_funasr_csharp3",)
"""Recordings that switch inside a sentence, though the manifest calls them Chinese."""


@dataclass(frozen=True, slots=True)
class Talk:
    sound: Samples
    transcript: str


def talks(rows: list[Recording], decoder: Decoder, args: argparse.Namespace) -> list[Talk]:
    chooser = random.Random(args.seed)
    pools = {
        language: [
            row
            for row in rows
            if row.group == f"{language} speech" and row.transcript and not row.weak and row.seconds < MAX_SECONDS
        ]
        for language in ("zh", "en")
    }
    for pool in pools.values():
        chooser.shuffle(pool)
    made = []
    for i in range(args.recordings):
        order = ("zh", "en") if i % 2 else ("en", "zh")
        parts = [pools[language].pop() for _ in range(EACH) for language in order]
        gap = np.zeros(int(args.gap * SAMPLE_RATE_HZ), dtype=np.float32)
        sounds = [sound for part in parts for sound in (decoded(part, decoder), gap)]
        made.append(Talk(np.concatenate(sounds), " ".join(part.transcript for part in parts)))
    return made


def decoded(row: Recording, decoder: Decoder) -> Samples:
    with decoder.open(AudioSource(path=row.path), mode=ChannelMode.MIX) as opened:
        return np.concatenate([block[0] for block in opened])


async def heard(all_talks: list[Talk], options: RecognizeOptions) -> tuple[list[str], float]:
    async with open_recognition(load_settings()) as services:
        said = []
        await services.pipeline.transcribe(source(all_talks[0]), options)
        started = perf_counter()
        for talk in all_talks:
            said.append((await services.pipeline.transcribe(source(talk), options)).text)
        return said, perf_counter() - started


def source(talk: Talk) -> AudioSource:
    return AudioSource(data=talk.sound.tobytes(), pcm=PcmFormat("f32le", SAMPLE_RATE_HZ, 1))


def error_rate(all_talks: list[Talk], said: list[str]) -> tuple[int, int]:
    from rapidfuzz.distance import Levenshtein

    tokens = scorer().tokens
    pairs = [
        (tokens("zh-en", talk.transcript), tokens("zh-en", text)) for talk, text in zip(all_talks, said, strict=True)
    ]
    return sum(Levenshtein.distance(*pair) for pair in pairs), sum(len(reference) for reference, _ in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=12)
    parser.add_argument("--gap", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    rows = recordings()
    with Decoder() as decoder:
        joined = talks(rows, decoder, args)
        natural = [
            Talk(decoded(row, decoder), row.transcript)
            for row in rows
            if row.language == "zh-en" or row.id in SWITCHING
        ]
    seconds = sum(len(talk.sound) for talk in joined) / SAMPLE_RATE_HZ
    print(f"{len(joined)} recordings of joined speech, {seconds:.0f} s, pauses of {args.gap} s; {len(natural)} natural")
    for name in args.modes.split(","):
        said, took_seconds = asyncio.run(heard([*joined, *natural], MODES[name]))
        errors, tokens = error_rate(joined, said[: len(joined)])
        own_errors, own_tokens = error_rate(natural, said[len(joined) :])
        print(
            f"{name:12} joined {100 * errors / tokens:6.2f} % ({errors}/{tokens})"
            f"   natural {own_errors}/{own_tokens}   {took_seconds:.1f} s"
        )
        if args.show:
            print("\n".join(said))


if __name__ == "__main__":
    sys.exit(main())
