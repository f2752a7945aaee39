"""Answers from the cache: requests per second, waits, and what the server itself costs for each.

A server with a scripted engine, with a key, history, audit and limits as `lingting serve` has them, on SQLite; wrk
sends the same recording of about 100 KB on the same machine. Needs wrk (apt-get install wrk).

usage: python benchmarks/cached.py [--seconds 10] [--connections 32] [--no-audit] [--no-key] [--redis URL]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil

from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import Audio, KeyLimits, Scope, SystemClock
from lingting.security.key_wishes import KeyWish
from lingting.security.keys import AccessSettings, Keys
from lingting.storage.db import Database, StorageSettings
from lingting.storage.key_store import KeyStore
from lingting.testing import wav_bytes
from servers import serving

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "samples" / "en-short.flac"
WAV_SECONDS = 3.2
"""Of 16 kHz, 16 bit, mono: 102 KB."""
PATHS = ("/recognize", "/v1/audio/transcriptions")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run of wrk."""

    requests_per_second: float
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    loop_ms: float
    """Processor time of the server's event loop for each request, which bounds what one server can do."""
    server_ms: float
    """Of all its threads."""


def speech_wav() -> bytes:
    with Decoder() as decoder, decoder.open(AudioSource(path=SAMPLE)) as decoded:
        blocks = [block[0] for block, _ in zip(decoded, range(4), strict=False)]
    samples = np.concatenate(blocks)[: int(WAV_SECONDS * 16_000)]
    return wav_bytes(Audio(samples))


async def make_key(folder: Path) -> str:
    """One with limits that are never reached, so that they are counted."""
    clock, limits = SystemClock(), KeyLimits(requests_per_minute=1_000_000, audio_seconds_per_day=10**6)
    async with (
        Database.opened(StorageSettings(), folder) as database,
        Keys.opened(KeyStore(database), clock, AccessSettings()) as keys,
    ):
        wish = KeyWish(label="benchmark", scopes=frozenset({Scope.TRANSCRIBE}), limits=limits)
        return (await keys.issue(wish)).text


def measure(url: str, server: psutil.Process, wav: Path, key: str, args: argparse.Namespace) -> Figures:
    before = cpu_seconds(server)
    command = ["wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s", "-s", str(HERE / "cached.lua"), url]
    told = subprocess.run([*command, "--", str(wav), key], check=True, capture_output=True, text=True).stdout
    loop_seconds, all_seconds = (now - then for now, then in zip(cpu_seconds(server), before, strict=True))
    line = next(line for line in told.splitlines() if line.startswith("FIGURES"))
    requests, wall_us, failed, p50, p95, p99 = (int(word) for word in line.split()[1:])
    each_ms = (loop_seconds / requests * 1e3, all_seconds / requests * 1e3)
    return Figures(requests / wall_us * 1e6, failed, p50 / 1e3, p95 / 1e3, p99 / 1e3, *each_ms)


def cpu_seconds(server: psutil.Process) -> tuple[float, float]:
    """Of the main thread, on which the loop runs, and of all."""
    threads = {thread.id: thread.user_time + thread.system_time for thread in server.threads()}
    return threads[server.pid], sum(threads.values())


def require_hit(url: str, wav: bytes, key: str) -> None:
    for wanted in ("miss", "hit"):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = httpx.post(url, files={"file": wav}, data={"model": "whisper-1"}, headers=headers, timeout=60)
        answer.raise_for_status()
        if answer.headers["x-lingting-cache"] != wanted and wanted == "hit":
            raise SystemExit(f"{url}: the cache said {answer.headers['x-lingting-cache']}")


def settings_of(folder: str, args: argparse.Namespace) -> dict[str, str]:
    chosen = {"DATA_DIR": folder, "LOG__LEVEL": args.log_level, "LOG__STYLE": "json"}
    if args.no_audit:
        chosen["AUDIT__ENABLED"] = "false"
    if args.redis:
        chosen["CACHE__REDIS_URL"] = args.redis
    return chosen


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--no-audit", action="store_true")
    parser.add_argument("--no-key", action="store_true")
    parser.add_argument("--redis", default="")
    parser.add_argument("--log-level", default="info")
    args = parser.parse_args(argv)
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(folder, args)
        key = "" if args.no_key else asyncio.run(make_key(Path(folder)))
        wav = Path(folder) / "speech.wav"
        wav.write_bytes(speech_wav())
        with serving(scripted=True, settings=settings) as server:
            assert server.process is not None
            for path in PATHS:
                require_hit(f"{server.url}{path}", wav.read_bytes(), key)
                seen = measure(f"{server.url}{path}", server.process, wav, key, args)
                print(
                    f"{path}: {seen.requests_per_second:.0f} requests/s, failed {seen.failed}, "
                    f"p50 {seen.p50_ms:.1f} ms, p95 {seen.p95_ms:.1f} ms, p99 {seen.p99_ms:.1f} ms, "
                    f"each {seen.loop_ms:.3f} ms of the loop, {seen.server_ms:.3f} of all threads"
                )


if __name__ == "__main__":
    main()
