"""Long recordings: Lingting beside faster-whisper's batched pipeline (batches of 8), same weights, same run.

usage: python benchmarks/long.py [--rounds 2] [--hours 0]     --hours H also shows the memory peak on H hours
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from corpus import Recording, error_rates, recordings
from lingting.audio.decode import AudioSource
from lingting.domain import ChannelMode, RecognizeOptions
from lingting.server import locate_model, open_recognition
from lingting.settings import load_settings


async def ours(rows: list[Recording], rounds: int) -> tuple[dict[str, str], list[float]]:
    async with open_recognition(load_settings()) as services:
        said, walls = {}, []
        for turn in range(rounds + 1):
            started = perf_counter()
            for row in rows if turn else rows[:1]:
                answer = await services.pipeline.transcribe(
                    AudioSource(path=row.path), RecognizeOptions(language=row.language)
                )
                said[row.id] = answer.text
            walls.append(perf_counter() - started)
        return said, walls[1:]


def theirs(rows: list[Recording], rounds: int) -> tuple[dict[str, str], list[float]]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whole = WhisperModel(str(locate_model(load_settings())), device="cpu", compute_type="int8", cpu_threads=2)
    model = BatchedInferencePipeline(whole)
    said, walls = {}, []
    for turn in range(rounds + 1):
        started = perf_counter()
        for row in rows if turn else rows[:1]:
            segments, _ = model.transcribe(str(row.path), beam_size=5, language=row.language, batch_size=8)
            said[row.id] = "".join(segment.text for segment in segments)
        walls.append(perf_counter() - started)
    return said, walls[1:]


def decoder_peak(hours: float) -> None:
    """Repeat a long recording into one file of that many hours and transcribe it in a fresh process."""
    import av

    source = next(row for row in recordings() if row.id == "en_long_lj001_chapter")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hours.flac"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("flac", rate=16_000)
            stream.layout = "mono"
            written = 0
            while written < hours * 3600 * 16_000:
                with av.open(str(source.path)) as audio:
                    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
                    for frame in audio.decode(audio=0):
                        for part in resampler.resample(frame):
                            part.pts = None
                            written += part.samples
                            out.mux(stream.encode(part))
            out.mux(stream.encode(None))
        subprocess.run([sys.executable, __file__, "--one", str(path)], check=True)


async def one(path: Path) -> None:
    async with open_recognition(load_settings()) as services:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started, shown = perf_counter(), [0.0]

        def progress(step) -> None:
            if step.done_seconds - shown[0] >= 1200:
                shown[0] = step.done_seconds
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(f"  {step.done_seconds / 60:5.0f} min of audio, peak {peak / 1024:.0f} MiB", flush=True)

        options = RecognizeOptions(language="en", beam_size=1, channel_mode=ChannelMode.MIX)
        answer = await services.pipeline.transcribe(AudioSource(path=path), options, on_progress=progress)
        wall = perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{answer.duration_seconds / 3600:.2f} h in {wall:.0f} s (beam 1), {len(answer.text)} characters")
        print(f"peak memory: {before / 1024:.0f} MiB loaded, {peak / 1024:.0f} MiB at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        asyncio.run(one(args.one))
        return
    if args.hours:
        decoder_peak(args.hours)
        return
    rows = [row for row in recordings() if "_long_" in row.id]
    audio_seconds = sum(row.seconds for row in rows)
    mine, my_walls = asyncio.run(ours(rows, args.rounds))
    peer, peer_walls = theirs(rows, args.rounds)
    for name, said, walls in (("lingting", mine, my_walls), ("faster-whisper, 8", peer, peer_walls)):
        rates = ", ".join(f"{g} {100 * e / t:.2f}%" for g, (_, e, t) in error_rates(said, rows).items())
        lengths = ", ".join(f"{row.id} {len(said[row.id])} characters" for row in rows)
        factors = " ".join(f"{wall / audio_seconds:.4f}" for wall in walls)
        print(f"{name:20} real-time factor {factors}  {rates}  ({lengths})")
    print(f"ratio of speed: {np.mean(peer_walls) / np.mean(my_walls):.2f}")


if __name__ == "__main__":
    main()
