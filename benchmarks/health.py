"""How fast /healthz answers while sixteen recordings are being recognised, asked from another process.

usage: python benchmarks/health.py [--requests 16] [--asks 200]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from time import perf_counter

import httpx

from corpus import recordings
from throughput import running


async def measure(url: str, requests: int, asks: int) -> tuple[list[float], int]:
    rows = [row for row in recordings() if row.language in ("zh", "en") and 5 <= row.seconds <= 26][:requests]
    async with httpx.AsyncClient(timeout=600) as http:
        work = [
            asyncio.create_task(
                http.post(
                    f"{url}/v1/audio/transcriptions",
                    files={"file": (row.path.name, row.path.read_bytes())},
                    data={"model": "whisper-1"},
                )
            )
            for row in rows
        ]
        await asyncio.sleep(0.3)
        waits, in_hand = [], 0
        async with httpx.AsyncClient() as probe:
            for _ in range(asks):
                started = perf_counter()
                (await probe.get(f"{url}/healthz")).raise_for_status()
                waits.append(perf_counter() - started)
                in_hand += any(not task.done() for task in work)
                await asyncio.sleep(0.02)
        for answer in await asyncio.gather(*work):
            answer.raise_for_status()
    return waits, in_hand


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=16)
    parser.add_argument("--asks", type=int, default=200)
    args = parser.parse_args()
    with running("lingting") as url:
        waits, in_hand = asyncio.run(measure(url, args.requests, args.asks))
    worst = sorted(waits)
    print(f"{args.requests} requests, {args.asks} asks of /healthz, {in_hand} of them with requests in hand")
    print(
        f"p50 {1000 * statistics.median(waits):.1f} ms, p95 {1000 * worst[int(0.95 * len(worst))]:.1f} ms, "
        f"max {1000 * worst[-1]:.1f} ms"
    )


if __name__ == "__main__":
    main()
