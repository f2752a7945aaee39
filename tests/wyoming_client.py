"""The official Wyoming client, without the warning that its import of `audioop` gives before Python 3.13."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from wyoming.asr import Transcribe, Transcript
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.client import AsyncTcpClient
    from wyoming.error import Error
    from wyoming.event import Event
    from wyoming.info import Describe, Info
    from wyoming.ping import Ping, Pong

__all__ = [
    "RATE",
    "AsyncTcpClient",
    "AudioChunk",
    "AudioStart",
    "AudioStop",
    "Describe",
    "Error",
    "Event",
    "Info",
    "Ping",
    "Pong",
    "Transcribe",
    "Transcript",
    "heard",
    "speak",
    "told_until",
]

PIECE_BYTES = 2_048
RATE = {"rate": 16_000, "width": 2, "channels": 1}


async def told_until(client: AsyncTcpClient, *kinds: str) -> list[Event]:
    """Everything up to the first event of one of the kinds."""
    events: list[Event] = []
    while not events or events[-1].type not in kinds:
        event = await client.read_event()
        assert event is not None, f"the connection was closed after {[each.type for each in events]}"
        events.append(event)
    return events


async def speak(client: AsyncTcpClient, data: bytes) -> None:
    """An utterance of 16 kHz samples, whole."""
    await client.write_event(AudioStart(**RATE).event())
    for first in range(0, len(data), PIECE_BYTES):
        await client.write_event(AudioChunk(**RATE, audio=data[first : first + PIECE_BYTES]).event())
    await client.write_event(AudioStop().event())


async def heard(client: AsyncTcpClient) -> list[Event]:
    """What comes of an utterance."""
    return await told_until(client, "transcript-stop", "error")
