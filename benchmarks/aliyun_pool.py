"""How many calls a second the Aliyun engine makes with its pool of connections, and without.

A stand-in in another process answers at once; `--latency-ms` is what each way over the network takes, and is paid by
connecting (one round trip, and one for the WebSocket's handshake) as by asking.

usage: python benchmarks/aliyun_pool.py [--calls 1000] [--at-once 20] [--latency-ms 10] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from aliyun_cloud import APPKEY, KEY_ID, KEY_SECRET, aliyun_cloud  # noqa: E402
from lingting.domain import Audio, RecognizeOptions  # noqa: E402
from lingting.engines.aliyun.engine import AliyunEngine  # noqa: E402
from lingting.engines.aliyun.settings import AliyunSettings, Mode  # noqa: E402
from lingting.engines.base import Clip  # noqa: E402

SECONDS = 1.0
WARM_UP = 50


async def serve(latency_seconds: float) -> None:
    """The stand-in, behind a line that is as long as was asked for; says where it is, and ends with its input."""
    carrying: set[asyncio.Task[None]] = set()
    async with aliyun_cloud() as cloud:

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            carrying.add(task)
            task.add_done_callback(carrying.discard)
            await asyncio.sleep(2 * latency_seconds)  # the handshake of TCP, which takes no time here
            there, back = await asyncio.open_connection("127.0.0.1", cloud.port)
            await asyncio.gather(copy(reader, back), copy(there, writer), return_exceptions=True)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            loop = asyncio.get_running_loop()
            while data := await source.read(65_536):
                loop.call_later(latency_seconds, target.write, data)
            loop.call_later(latency_seconds, target.close)

        async with await asyncio.start_server(carry, "127.0.0.1", 0, backlog=1_000) as line:
            print(line.sockets[0].getsockname()[1], flush=True)
            await asyncio.to_thread(sys.stdin.read)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)


async def measure(port: int, mode: Mode, pool_size: int, calls: int, at_once: int) -> float:
    """Calls a second."""
    url = f"http://127.0.0.1:{port}"
    settings = AliyunSettings(
        mode=mode,
        gateway_url=url,
        token_url=url,
        max_concurrent=at_once,
        per_second=10_000.0,
        pool_size=pool_size,
        speedup=1_000.0,
    )
    samples = np.random.default_rng(0).normal(0.0, 0.1, int(SECONDS * 16_000)).astype(np.float32)
    clip = Clip(Audio(samples), RecognizeOptions(language="zh"))
    engine = AliyunEngine(settings)
    try:
        await asyncio.gather(*(engine.transcribe(clip) for _ in range(WARM_UP)))
        started = perf_counter()
        await asyncio.gather(*(engine.transcribe(clip) for _ in range(calls)))
        return calls / (perf_counter() - started)
    finally:
        await engine.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--latency-ms", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve(args.latency_ms / 1000))
        return
    os.environ["ALIYUN_NLS_APPKEY"] = APPKEY
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = KEY_ID
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = KEY_SECRET
    command = [sys.executable, __file__, "--serve", "--latency-ms", str(args.latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as line:
        assert line.stdout is not None
        port = int(line.stdout.readline())
        for mode in ("rest", "recognizer"):
            found: dict[int, list[float]] = {args.at_once: [], 0: []}
            for _ in range(args.rounds):
                for pool_size, rates in found.items():
                    rates.append(asyncio.run(measure(port, mode, pool_size, args.calls, args.at_once)))
            kept, fresh = (statistics.median(rates) for rates in found.values())
            print(f"{mode}: {kept:.0f} calls/s with the pool, {fresh:.0f} without: {kept / fresh:.2f} times")
        line.communicate()


if __name__ == "__main__":
    main()
