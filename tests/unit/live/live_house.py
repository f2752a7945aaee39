"""A hub with a scripted engine and a detector that goes by level: live speech without weights, sockets or waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from lingting.audio.live_formats import LiveDecoder, LiveFormat
from lingting.audio.live_pcm import PcmDecoder
from lingting.domain import SAMPLE_RATE_HZ, Event, StreamOptions, SystemClock
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine
from lingting.live.driver import LiveSession
from lingting.live.hub import LiveHub, LiveParts
from lingting.live.outbox import Subscription
from lingting.live.parts import LiveSettings
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.engine_doors import EngineDoor
from lingting.testing import DirectRoute

LEVEL = 8_000
PLAIN = StreamOptions(partials=False)


class LevelScorer:
    """Speech is what is loud."""

    def score(self, frames):
        return (np.abs(frames).max(axis=1) > 0.1).astype(np.float32)


class LevelModel:
    def scorer(self) -> LevelScorer:
        return LevelScorer()


@dataclass
class Watcher:
    """Keeps what the hub's observer was told."""

    lags: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    partials: int = 0
    opened: int = 0

    def suppressed(self, reason: str) -> None: ...

    def live_final(self, *, lag_seconds: float) -> None:
        self.lags.append(lag_seconds)

    def live_partial(self) -> None:
        self.partials += 1

    def live_opened(self) -> None:
        self.opened += 1

    def live_closed(self, *, reason: str, audio_seconds: float) -> None:
        self.reasons.append(str(reason))


def open_decoder(fmt: LiveFormat) -> LiveDecoder:
    assert fmt.pcm is not None
    return PcmDecoder(fmt.pcm)


@dataclass
class House:
    hub: LiveHub
    engine: FakeEngine
    watcher: Watcher

    async def session(self, options: StreamOptions = PLAIN, *, owner: str = "") -> tuple[LiveSession, Subscription]:
        session = await self.hub.open(options, LiveFormat(), owner=owner)
        return session, session.attach()


@asynccontextmanager
async def house(
    engine: FakeEngine | None = None,
    *,
    scheduler: SchedulerSettings | None = None,
    decoder=open_decoder,
    **settings: float,
) -> AsyncIterator[House]:
    engine = engine or FakeEngine(capabilities=replace(FAKE_CAPABILITIES, replicas=2))
    clock, watcher = SystemClock(), Watcher()
    queue = Scheduler(engine, scheduler or SchedulerSettings(), clock=clock)
    await queue.start()
    recognizer = DirectRoute(EngineDoor("fake", "scripted", engine.capabilities, queue))
    parts = LiveParts(recognizer, queue, LevelModel(), decoder, clock, watcher)
    hub = LiveHub(parts, LiveSettings(**settings))  # type: ignore[arg-type]
    try:
        yield House(hub, engine, watcher)
    finally:
        await hub.aclose()
        await queue.stop()


def speech(seconds: float) -> bytes:
    return (np.ones(round(seconds * SAMPLE_RATE_HZ), "<i2") * LEVEL).tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE_HZ))


async def rest(subscription: Subscription) -> list[Event]:
    """Everything up to the end of the session."""
    async with asyncio.timeout(30):
        return [event async for event in subscription]


async def until(subscription: Subscription, kind: type) -> list[Event]:
    """Everything up to the first event of a kind."""
    events: list[Event] = []
    async with asyncio.timeout(30):
        async for event in subscription:
            events.append(event)
            if isinstance(event, kind):
                break
    return events
