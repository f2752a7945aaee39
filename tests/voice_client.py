"""A client of `/v1/chat/voice` that speaks recordings in real time, or at once, and keeps all it was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from lingting.client import ReplyEnded
from lingting.client.conversation import Talk
from lingting.client.events import Event
from lingting.client.talk_events import TalkEvent
from lingting.domain import Samples

PIECE_SECONDS = 0.1
BYTES_PER_SECOND = 32_000
DEADLINE_SECONDS = 120.0
REPLY_RATE_HZ = 24_000


class VoiceClient:
    """One conversation; read by one task at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[dict] = []
        self.sounds: dict[int, list[bytes]] = {}

    async def send(self, kind: str, **fields: object) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def begin(self, **config: object) -> dict:
        await self.send("INIT", config=config)
        return await self.until("READY", "ERROR")

    async def speak(self, pcm: bytes, *, pace: float = 0.0) -> None:
        """16 kHz samples.

        pace    how long a second of it takes; 0 sends it at once
        """
        size_bytes = int(PIECE_SECONDS * BYTES_PER_SECOND)
        for first in range(0, len(pcm), size_bytes):
            await self.socket.send(pcm[first : first + size_bytes])
            await asyncio.sleep(PIECE_SECONDS * pace)

    async def next(self) -> dict:
        """The next JSON message; sound is put aside, under its reply."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            message = await self.socket.recv()
        if isinstance(message, bytes):
            about = self.told[-1]
            assert about["type"] == "REPLY_AUDIO", about
            if not about.get("filler"):
                self.sounds.setdefault(about["reply"], []).append(message)
            return about
        self.told.append(json.loads(message))
        return self.told[-1]

    async def until(self, *kinds: str, which: Callable[[dict], bool] = lambda _: True) -> dict:
        """The next message of one of the kinds."""
        while True:
            message = await self.next()
            if message["type"] in kinds and which(message):
                return message

    def of(self, kind: str) -> list[dict]:
        return [message for message in self.told if message["type"] == kind]

    def reply_text(self, reply: int) -> str:
        return "".join(message["text"] for message in self.of("REPLY_TEXT") if message["reply"] == reply)

    def reply_samples(self, reply: int) -> Samples:
        """At 24 kHz."""
        return np.frombuffer(b"".join(self.sounds.get(reply, [])), "<i2").astype(np.float32) / 32_768


@asynccontextmanager
async def voice_client(port: int, **options: object) -> AsyncIterator[VoiceClient]:
    async with connect(f"ws://127.0.0.1:{port}/v1/chat/voice", proxy=None, max_size=None, **options) as socket:
        yield VoiceClient(socket)


async def to_its_end(bot: Talk) -> list[Event | TalkEvent]:
    """All that the client of the house is told; it hangs up after the first reply."""
    events = []
    async for event in bot:
        events.append(event)
        if isinstance(event, ReplyEnded):
            await bot.finish()
    return events
