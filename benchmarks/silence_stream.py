"""Ten minutes in which nobody speaks, streamed: no text should come, and little should be computed.

usage: python benchmarks/silence_stream.py [--minutes 10] [--pace 0] [--url URL]

--pace 1 sends at real pace, 4 four times as fast, 0 as fast as the server takes it. Sounds: digital silence, faint
hiss, and the recorded noise, each for a share of the time. Ends with 1 when there was text.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from corpus import recordings
from lingting.audio.decode import AudioSource, Decoder
from lingting.client import Ended, Event, Final, Partial, SpeechStarted, connect
from lingting.domain import SAMPLE_RATE_HZ
from servers import Server, serving
from talks import pcm

PIECE_SECONDS = 0.1


def sounds() -> Iterator[tuple[str, NDArray[np.float32]]]:
    second = SAMPLE_RATE_HZ
    yield "digital silence", np.zeros(10 * second, np.float32)
    hiss = np.random.default_rng(0).standard_normal(10 * second)
    yield "faint hiss", (0.003 * hiss).astype(np.float32)
    with Decoder() as decoder:
        for row in recordings():
            if row.language != "none":
                continue
            with decoder.open(AudioSource(path=row.path)) as decoded:
                yield row.id, np.concatenate([block[0] for block in decoded])


def fill(sound: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """The sound again and again."""
    return np.resize(sound, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


async def stream_of(server: Server, sound: NDArray[np.float32], pace: float) -> list[Event]:
    data, step = pcm(sound), int(PIECE_SECONDS * SAMPLE_RATE_HZ) * 2
    async with connect(server.url, language="auto") as stream:
        began = perf_counter()

        async def send() -> None:
            for index, first in enumerate(range(0, len(data), step)):
                if pace:
                    await asyncio.sleep(max(0.0, began + (index + 1) * PIECE_SECONDS / pace - perf_counter()))
                await stream.send(data[first : first + step])
            await stream.finish()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            return [event async for event in stream]


def report(name: str, seconds: float, events: list[Event], cpu_seconds: float, wall_seconds: float) -> int:
    """A row; how many characters came."""
    kinds = Counter(type(event) for event in events)
    withheld = Counter(event.suppressed for event in events if isinstance(event, Final) and event.suppressed)
    shown = sum(len(event.text) for event in events if isinstance(event, Partial))
    final = sum(len(event.text) for event in events if isinstance(event, Ended))
    reasons = ", ".join(f"{reason} {count}" for reason, count in withheld.items())
    print(
        f"{name:18}{seconds / 60:8.2f}{wall_seconds:9.1f}{60 * cpu_seconds / seconds:12.2f}{kinds[SpeechStarted]:10}"
        f"{shown:10}{final:8}  {reasons}",
        flush=True,
    )
    return final + shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--url", help="of another server; its cost is not measured")
    args = parser.parse_args()
    made = list(sounds())
    seconds = 60 * args.minutes / len(made)
    characters = 0
    print(
        f"{'sound':18}{'minutes':>8}{'wall s':>9}{'CPU s/min':>12}{'segments':>10}{'partials':>10}{'text':>8}  withheld"
    )
    with serving(args.url) as server:
        for name, sound in made:
            before = server.cost()
            events = asyncio.run(stream_of(server, fill(sound, seconds), args.pace))
            after = server.cost()
            spent_seconds = after.cpu_seconds - before.cpu_seconds
            characters += report(name, seconds, events, spent_seconds, after.wall_seconds - before.wall_seconds)
    print(f"characters in all: {characters}")
    sys.exit(1 if characters else 0)


if __name__ == "__main__":
    main()
