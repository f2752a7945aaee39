"""Many short live sessions, most of them badly behaved: does the server keep anything of them?

usage: python benchmarks/soak.py [--sessions 5000] [--engine scripted|whisper] [--at-once 16]

Each session sends 2 to 4 s of speech as fast as the socket takes it. A third ends with END; the others are killed and
resumed, killed for good, left with a close frame, or say nothing at all. Memory is what the server and its children do
not share (USS), after a tenth of the sessions (500 of 5,000) and at the end, each time with no session open. Ends with
1 when the end is over 5 % above that, when a session or socket stays open, when a session that ended well got no final,
or when descriptors or threads have grown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from time import perf_counter

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from corpus import recordings
from servers import Cost, Server, serving
from talks import Spoken, hear, pcm

ALLOWED_RATIO = 1.05
PIECE_BYTES = 3_200
RESUME_SECONDS = 1.0
"""Shorter than usual, so that sessions which were killed do not fill the server for a minute each."""
SETTLE_SECONDS = 120.0
KINDS = ("ended", "ended", "resumed", "killed", "left", "idle")


class Soak:
    def __init__(self, server: Server, spoken: Sequence[Spoken], *, seed: int) -> None:
        self._url = f"{server.url.replace('http', 'ws', 1)}/v1/asr/stream"
        self._spoken = spoken
        self._chance = random.Random(seed)
        self.counts: Counter[str] = Counter()

    async def run(self, sessions: int, at_once: int) -> None:
        left = iter(range(sessions))

        async def worker() -> None:
            for _ in left:
                await self._patiently()

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(worker())

    async def _patiently(self) -> None:
        """One session that took place; a full server is asked again."""
        while True:
            kind = self._chance.choice(KINDS)
            try:
                await self._session(kind)
            except Full as full:
                self.counts["asked again"] += 1
                await asyncio.sleep(full.after_seconds)
                continue
            except (ConnectionClosed, OSError, TimeoutError) as error:
                self.counts[f"failed: {type(error).__name__}"] += 1
                return
            self.counts[kind] += 1
            return

    async def _session(self, kind: str) -> None:
        data = self._speech()
        place = self._chance.randrange(len(data) // 2, len(data)) // 2 * 2
        async with connect(self._url, compression=None, proxy=None, open_timeout=60) as client:
            if kind == "idle":
                return
            ready = await begin(client, {"type": "INIT", "config": {"language": "en", "ack": False}})
            await send(client, data if kind == "ended" else data[:place])
            if kind == "ended":
                await self._end(client)
            elif kind != "left":
                client.transport.abort()
        if kind == "resumed":
            async with connect(self._url, compression=None, proxy=None, open_timeout=60) as client:
                resumed = await begin(client, {"type": "RESUME", "session": ready["session"], "seq": 0})
                await send(client, data[resumed["received_ms"] * 32 :])
                await self._end(client)

    async def _end(self, client: ClientConnection) -> None:
        finals = await end(client)
        self.counts["finals"] += finals
        self.counts["failed: without a final"] += not finals

    def _speech(self) -> bytes:
        one = self._chance.choice(self._spoken)
        seconds = self._chance.uniform(2.0, 4.0)
        first = int(one.speech_from * 16_000)
        return pcm(one.samples[first : first + int(seconds * 16_000)]) + bytes(16_000)


class Full(Exception):
    """The server takes no more sessions just now."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__(after_seconds)
        self.after_seconds = after_seconds


async def begin(client: ClientConnection, hello: dict[str, object]) -> dict:
    await client.send(json.dumps(hello))
    async with asyncio.timeout(60):
        answer = json.loads(await client.recv())
    if answer["type"] == "READY":
        return answer
    if answer.get("retry_after_ms"):
        raise Full(answer["retry_after_ms"] / 1_000)
    raise SystemExit(f"the server said {answer}")


async def send(client: ClientConnection, data: bytes) -> None:
    for first in range(0, len(data), PIECE_BYTES):
        await client.send(data[first : first + PIECE_BYTES])


async def end(client: ClientConnection) -> int:
    """How many finals came."""
    await client.send('{"type":"END"}')
    finals = 0
    async with asyncio.timeout(300):
        while (message := json.loads(await client.recv()))["type"] != "END":
            if message["type"] in ("ERROR", "CLOSED"):
                raise SystemExit(f"the server said {message}")
            finals += message["type"] == "FINAL"
    return finals


async def settled(server: Server) -> Cost:
    """The server's cost once no session and no socket is open."""
    until = perf_counter() + SETTLE_SECONDS
    while perf_counter() < until:
        if not server.gauge("asr_live_sessions") + server.gauge("asr_sockets_open"):
            await asyncio.sleep(2.0)  # for what is still being closed behind the counters
            return server.cost()
        await asyncio.sleep(0.5)
    raise SystemExit(
        f"still open: {server.gauge('asr_live_sessions'):.0f} sessions, {server.gauge('asr_sockets_open'):.0f} sockets"
    )


async def soak(server: Server, args: argparse.Namespace) -> bool:
    rows = [row for row in recordings() if row.group == "en speech" and 4 <= row.seconds <= 12 and not row.weak]
    work = Soak(server, hear(rows[:20]), seed=args.seed)
    first = max(args.at_once, min(500, args.sessions // 10))
    fresh = server.cost()
    print(f"{'sessions':>9} {'MiB':>7} {'descriptors':>12} {'threads':>8} {'processes':>10} {'seconds':>8}")
    print(row_of(0, fresh, fresh), flush=True)
    await work.run(first, args.at_once)
    early = await settled(server)
    print(row_of(first, early, fresh), flush=True)
    done = first
    while done < args.sessions:
        more = min(max(first, args.sessions // 10), args.sessions - done)
        await work.run(more, args.at_once)
        done += more
        late = await settled(server)
        print(row_of(done, late, fresh), flush=True)
    ratio = late.unshared_mib / early.unshared_mib
    print(", ".join(f"{name} {count}" for name, count in sorted(work.counts.items()) if count))
    print(f"memory at the end to memory after {first}: {ratio:.3f} (allowed {ALLOWED_RATIO})")
    grown = late.descriptors > early.descriptors + 8 or late.threads > early.threads + 4
    if grown:
        print("descriptors or threads have grown")
    failed = sum(count for name, count in work.counts.items() if name.startswith("failed"))
    return ratio <= ALLOWED_RATIO and not grown and not failed


def row_of(sessions: int, cost: Cost, fresh: Cost) -> str:
    return (
        f"{sessions:9} {cost.unshared_mib:7.1f} {cost.descriptors:12} {cost.threads:8} {cost.processes:10} "
        f"{cost.wall_seconds - fresh.wall_seconds:8.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=5_000)
    parser.add_argument("--engine", choices=("scripted", "whisper"), default="scripted")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    settings = {"LIVE__RESUME_SECONDS": str(RESUME_SECONDS), "LIVE__MAX_SESSIONS": "1000"}
    with serving(scripted=args.engine == "scripted", settings=settings) as server:
        good = asyncio.run(soak(server, args))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
