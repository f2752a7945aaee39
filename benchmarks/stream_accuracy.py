"""Error rates of recordings streamed at their own pace, beside the same server's file route.

usage: python benchmarks/stream_accuracy.py [--streams 4] [--group "zh speech"] [--each 40] [--url URL]

Each recording is a session of its own, with a second of silence after it. It is sent at real pace, because where a live
session cuts, and what it shows meanwhile, depend on when sound comes.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter

import httpx
import numpy as np

from corpus import Recording, error_rates, recordings
from lingting.client import Ended, SegmentError, connect
from lingting.domain import SAMPLE_RATE_HZ
from servers import Server, serving
from talks import Spoken, hear, pcm

PIECE_SECONDS = 0.1
CLOSING_SECONDS = 1.0
MAX_SECONDS = 30.0


async def streamed(server: Server, one: Spoken) -> str:
    silence = np.zeros(int(CLOSING_SECONDS * SAMPLE_RATE_HZ), np.float32)
    data, step = pcm(np.concatenate([one.samples, silence])), int(PIECE_SECONDS * SAMPLE_RATE_HZ) * 2
    async with connect(server.url, language=one.row.language) as stream:
        await anext(stream)
        began = perf_counter()
        for index, first in enumerate(range(0, len(data), step)):
            await asyncio.sleep(max(0.0, began + (index + 1) * PIECE_SECONDS - perf_counter()))
            await stream.send(data[first : first + step])
        await stream.finish()
        async for event in stream:
            if isinstance(event, SegmentError):
                print(f"{one.row.id}: {event.code}")
            if isinstance(event, Ended):
                return event.text
    raise SystemExit(f"{one.row.id}: the stream ended without END")


async def uploaded(http: httpx.AsyncClient, one: Spoken) -> str:
    answer = await http.post(
        "/v1/audio/transcriptions",
        files={"file": (one.row.path.name, one.row.path.read_bytes())},
        data={"model": "whisper-1", "language": one.row.language},
    )
    answer.raise_for_status()
    return str(answer.json()["text"])


async def measure(server: Server, spoken: Sequence[Spoken], streams: int) -> tuple[dict[str, str], dict[str, str]]:
    gate = asyncio.Semaphore(streams)

    async def one_stream(one: Spoken) -> str:
        async with gate:
            return await streamed(server, one)

    async with httpx.AsyncClient(base_url=server.url, timeout=600) as http:

        async def one_file(one: Spoken) -> str:
            async with gate:
                return await uploaded(http, one)

        files = await asyncio.gather(*map(one_file, spoken))
    live = await asyncio.gather(*map(one_stream, spoken))
    ids = [one.row.id for one in spoken]
    return dict(zip(ids, files, strict=True)), dict(zip(ids, live, strict=True))


def choose(rows: Sequence[Recording], group: str | None, each: int) -> list[Recording]:
    groups: dict[str, list[Recording]] = defaultdict(list)
    for row in rows:
        labelled = row.transcript and not row.weak and row.language in ("zh", "en") and row.seconds <= MAX_SECONDS
        if labelled and group in (None, row.group):
            groups[row.group].append(row)
    return [row for found in groups.values() for row in found[:: max(1, len(found) // each)][:each]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=4, help="at once")
    parser.add_argument("--group", help="only this group of score.py, such as 'zh speech'")
    parser.add_argument("--each", type=int, default=1_000, help="at most so many of each group")
    parser.add_argument("--diff", action="store_true", help="print recordings on which the two differ")
    parser.add_argument("--url", help="of another server")
    args = parser.parse_args()
    spoken = hear(choose(recordings(), args.group, args.each))
    rows = [one.row for one in spoken]
    seconds = sum(one.seconds for one in spoken)
    print(f"{len(rows)} recordings, {seconds:.0f} s, {args.streams} streams at once", flush=True)
    with serving(args.url) as server:
        files, live = asyncio.run(measure(server, spoken, args.streams))
    file_rates, live_rates = error_rates(files, rows), error_rates(live, rows)
    print(f"{'group':22}{'files':>6}{'tokens':>8}{'file':>10}{'stream':>10}{'difference':>12}")
    for group, (count, errors, tokens) in file_rates.items():
        file_rate, live_rate = 100 * errors / tokens, 100 * live_rates[group][1] / tokens
        print(f"{group:22}{count:6}{tokens:8}{file_rate:9.2f}%{live_rate:9.2f}%{live_rate - file_rate:+11.2f}")
    for language in ("en", "zh"):
        errors = {
            name: sum(rates[group][1] for group in rates if group.startswith(f"{language} "))
            for name, rates in (("file", file_rates), ("stream", live_rates))
        }
        tokens = sum(rate[2] for group, rate in file_rates.items() if group.startswith(f"{language} "))
        if tokens:
            shares = ", ".join(f"{name} {100 * count / tokens:.2f} %" for name, count in errors.items())
            print(f"all {language}: {shares}")
    if args.diff:
        for row in rows:
            if files[row.id].strip() != live[row.id].strip():
                print(f"\n{row.id} [{row.group}]\n  ref    {row.transcript}")
                print(f"  file   {files[row.id]}\n  stream {live[row.id]}")


if __name__ == "__main__":
    main()
