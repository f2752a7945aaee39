"""Short requests over HTTP, eight clients: Lingting beside a server that calls faster-whisper per request.

Same weights, same recordings, same machine, one server at a time, in turns. Beam 5 on both sides.
usage: python benchmarks/throughput.py [--clients 8] [--requests 96] [--rounds 2]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

import httpx

from corpus import Recording, error_rates, recordings
from lingting.server import locate_model
from lingting.settings import load_settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(kind: str) -> Iterator[str]:
    port = free_port()
    if kind == "lingting":
        command = [sys.executable, "-m", "lingting", "serve", "--port", str(port)]
    else:
        peer = Path(__file__).with_name("peer_server.py")
        command = [sys.executable, str(peer), str(locate_model(load_settings())), str(port)]
    environment = os.environ | {"LINGTING_LOG__LEVEL": "warning"}
    server = subprocess.Popen(command, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            sleep(0.1)
        else:
            raise SystemExit(f"{kind} did not get ready")
        yield url
    finally:
        server.terminate()
        server.wait(30)


async def load(url: str, rows: list[Recording], clients: int) -> tuple[dict[str, str], float, list[float]]:
    waiting, said, latencies = list(reversed(rows)), {}, []

    async def client() -> None:
        async with httpx.AsyncClient(timeout=300) as http:
            while waiting:
                row = waiting.pop()
                started = perf_counter()
                answer = await http.post(
                    f"{url}/v1/audio/transcriptions",
                    files={"file": (row.path.name, row.path.read_bytes())},
                    data={"model": "whisper-base", "language": row.language},
                )
                answer.raise_for_status()
                latencies.append(perf_counter() - started)
                said[row.id] = answer.json()["text"]

    started = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return said, perf_counter() - started, latencies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    rows = [
        row
        for row in recordings()
        if 3 <= row.seconds <= 10 and row.language in ("zh", "en") and row.transcript and not row.weak
    ]
    rows = rows[:: max(1, len(rows) // args.requests)][: args.requests]
    audio_seconds = sum(row.seconds for row in rows)
    print(f"{len(rows)} requests of 3-10 s ({audio_seconds:.0f} s of audio), {args.clients} clients, beam 5")
    print(f"{'server':16}{'round':>6}{'seconds':>9}{'req/s':>7}{'p50 s':>7}{'p95 s':>7}  error rates")
    best: dict[str, list[float]] = {"faster-whisper": [], "lingting": []}
    for turn in range(args.rounds):
        for kind, walls in best.items():
            with running(kind) as url:
                asyncio.run(load(url, rows[:8], args.clients))
                said, wall, latencies = asyncio.run(load(url, rows, args.clients))
            walls.append(wall)
            quantiles = statistics.quantiles(latencies, n=20)
            rates = ", ".join(f"{g} {100 * e / t:.1f}%" for g, (_, e, t) in error_rates(said, rows).items())
            p50 = statistics.median(latencies)
            print(f"{kind:16}{turn + 1:6}{wall:9.1f}{len(rows) / wall:7.2f}{p50:7.2f}{quantiles[-1]:7.2f}  {rates}")
    ratio = statistics.mean(best["faster-whisper"]) / statistics.mean(best["lingting"])
    print(f"ratio of throughput, lingting to faster-whisper per request: {ratio:.2f}")


if __name__ == "__main__":
    main()
