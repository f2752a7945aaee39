"""Error rates of Lingting beside faster-whisper: same weights, same recordings, same run.

usage: python benchmarks/accuracy.py [--beam-size 5] [--group "zh speech"] [--detect]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from time import perf_counter

from rich.progress import track

from corpus import Recording, error_rates, recordings
from lingting.audio.decode import AudioSource
from lingting.domain import RecognizeOptions
from lingting.server import open_recognition
from lingting.settings import load_settings

IN_FLIGHT = 16


def language_of(row: Recording, detect: bool) -> str | None:
    return None if detect or row.language not in ("zh", "en", "yue", "ja", "ko", "fr") else row.language


async def ours(rows: list[Recording], args: argparse.Namespace) -> tuple[dict[str, str], float]:
    said: dict[str, str] = {}
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with open_recognition(load_settings()) as services:

        async def one(row: Recording) -> None:
            async with gate:
                options = RecognizeOptions(language=language_of(row, args.detect), beam_size=args.beam_size)
                said[row.id] = (await services.pipeline.transcribe(AudioSource(path=row.path), options)).text

        await one(rows[0])
        started = perf_counter()
        tasks = [asyncio.create_task(one(row)) for row in rows]
        for task in track(tasks, "lingting", console=None):
            await task
        return said, perf_counter() - started


def theirs(rows: list[Recording], args: argparse.Namespace) -> tuple[dict[str, str], float]:
    from faster_whisper import WhisperModel

    from lingting.server import locate_model

    model = WhisperModel(str(locate_model(load_settings())), device="cpu", compute_type="int8", cpu_threads=2)

    def one(row: Recording) -> str:
        segments, _ = model.transcribe(str(row.path), beam_size=args.beam_size, language=language_of(row, args.detect))
        return "".join(segment.text for segment in segments)

    one(rows[0])
    started = perf_counter()
    said = {row.id: one(row) for row in track(rows, "faster-whisper")}
    return said, perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beam-size", type=int, default=5)
    parser.add_argument("--group", help="only this group of score.py, such as 'zh speech'")
    parser.add_argument("--detect", action="store_true", help="let both detect the language")
    parser.add_argument("--diff", action="store_true", help="print recordings on which the two differ")
    args = parser.parse_args()
    rows = [row for row in recordings() if row.transcript and not row.weak]
    rows = [row for row in rows if args.group in (None, row.group)]
    mine, my_seconds = asyncio.run(ours(rows, args))
    peer, peer_seconds = theirs(rows, args)
    audio_seconds = sum(row.seconds for row in rows)
    print(f"\nbeam {args.beam_size}, {len(rows)} recordings, {audio_seconds:.0f} s of audio")
    print(f"{'group':22}{'files':>6}{'tokens':>8}{'lingting':>10}{'faster-whisper':>16}")
    my_rates, peer_rates = error_rates(mine, rows), error_rates(peer, rows)
    for group, (files, errors, tokens) in my_rates.items():
        peer_errors = peer_rates[group][1]
        print(f"{group:22}{files:6}{tokens:8}{100 * errors / tokens:9.2f}%{100 * peer_errors / tokens:15.2f}%")
    print(f"seconds: lingting {my_seconds:.1f}, faster-whisper {peer_seconds:.1f}")
    print(f"ratio of speed: {peer_seconds / my_seconds:.2f}")
    if args.diff:
        for row in rows:
            if mine[row.id].strip() != peer[row.id].strip():
                print(
                    f"\n{row.id} [{row.group}]\n  ref  {row.transcript}\n  ours {mine[row.id]}\n  peer {peer[row.id]}"
                )


if __name__ == "__main__":
    sys.exit(main())
