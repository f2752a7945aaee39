"""Public fakes and makers for tests: sounds, WAV bytes, a clock that is moved by hand, a recording observer.

Everything is deterministic and needs no test framework. The scripted engine is `lingting.engines.fake`.
"""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np

from lingting.domain import (
    ANYBODY,
    SAMPLE_RATE_HZ,
    Audio,
    Hypothesis,
    Principal,
    Priority,
    RecognizeOptions,
    Samples,
    Span,
)
from lingting.domain.errors import LingtingError
from lingting.engines.base import Clip, Origin
from lingting.recognition.batch_reports import BatchReport, DropReason
from lingting.recognition.engine_doors import EngineDoor, EngineQueue, as_asked, require_able

__all__ = [
    "DirectRoute",
    "NoAudit",
    "NoLimits",
    "OpenHouse",
    "RecordingObserver",
    "VirtualClock",
    "bursts",
    "clip_of",
    "join",
    "noise",
    "silence",
    "tone",
    "wav_bytes",
]

PCM_SCALE = 32_767


def silence(seconds: float, *, rate_hz: int = SAMPLE_RATE_HZ) -> Audio:
    """Return exact zeros."""
    return Audio(np.zeros(round(seconds * rate_hz), dtype=np.float32), rate_hz)


def tone(hz: float, seconds: float, *, level: float = 0.5, rate_hz: int = SAMPLE_RATE_HZ) -> Audio:
    """Return a sine; `level` is its peak, 0..1."""
    phase = 2 * np.pi * hz / rate_hz * np.arange(round(seconds * rate_hz))
    return Audio((level * np.sin(phase)).astype(np.float32), rate_hz)


def noise(seconds: float, *, level: float = 0.1, seed: int = 0, rate_hz: int = SAMPLE_RATE_HZ) -> Audio:
    """Return white noise; `level` is its root mean square."""
    samples = level * np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    return Audio(samples.astype(np.float32), rate_hz)


def bursts(spans: Sequence[Span], seconds: float, *, level: float = 0.2, seed: int = 0) -> Audio:
    """Return noise inside the spans and exact zeros elsewhere: speech, for a detector that goes by energy."""
    samples: Samples = np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    loud = noise(seconds, level=level, seed=seed).samples
    for span in spans:
        samples[span.start_samples : span.end_samples] = loud[span.start_samples : span.end_samples]
    return Audio(samples)


def join(parts: Sequence[Audio]) -> Audio:
    """Return the parts one after another; they share a rate."""
    rates = {part.rate_hz for part in parts}
    assert len(rates) == 1, "the parts share a rate"
    return Audio(np.concatenate([part.samples for part in parts]), rates.pop())


def wav_bytes(*channels: Audio) -> bytes:
    """Return a 16-bit WAV file of one or more channels, which share a rate and a length."""
    frames = np.stack([channel.samples for channel in channels], axis=1)
    pcm = np.round(np.clip(frames, -1.0, 1.0) * PCM_SCALE).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(2)
        writer.setframerate(channels[0].rate_hz)
        writer.writeframes(pcm.tobytes())
    return file.getvalue()


def clip_of(seconds: float, options: RecognizeOptions | None = None) -> Clip:
    """Return a silent clip of this length, for engines that do not listen."""
    return Clip(silence(seconds), options or RecognizeOptions())


class NoLimits:
    """Stands in for the limiter of a server: everybody may ask for everything."""

    async def admit(self, principal: Principal) -> None: ...


class NoAudit:
    """Stands in for the audit log of a server: nothing is written down."""

    def require(self) -> None: ...

    async def record(self, entry: object) -> None: ...

    async def record_unknown(self, entry: object) -> None: ...


class VirtualClock:
    """A `Clock` that stands still until it is moved."""

    def __init__(self, *, start: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_seconds = 0.0

    def advance(self, seconds: float) -> None:
        assert seconds >= 0.0, "time does not go back"
        self._elapsed_seconds += seconds

    def monotonic(self) -> float:
        return self._elapsed_seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_seconds)


class OpenHouse:
    """Stands for `Keys` where none was ever made: everybody is let in."""

    async def is_required(self) -> bool:
        return False


class DirectRoute:
    """A `Routes` that leads everybody to one engine."""

    def __init__(self, door: EngineDoor) -> None:
        self._door = door

    @property
    def engine(self) -> str:
        return self._door.engine

    @property
    def model(self) -> str:
        return self._door.model

    def route(
        self,
        options: RecognizeOptions,
        *,
        caller: Principal = ANYBODY,
        priority: Priority = Priority.REQUEST,
        seconds: float | None = None,
    ) -> DirectRoute:
        return self

    @asynccontextmanager
    async def held(self) -> AsyncIterator[EngineQueue]:
        yield self._door.scheduler

    def check(self, options: RecognizeOptions) -> None:
        require_able(self._door.capabilities, options, model=self._door.model)

    async def transcribe(
        self,
        audio: Audio,
        options: RecognizeOptions,
        *,
        priority: Priority,
        coalesce: str | None = None,
        origin: Origin | None = None,
    ) -> Hypothesis:
        clip = as_asked(Clip(audio, options, origin), self._door.capabilities)
        return await self._door.scheduler.submit(clip, priority=priority, coalesce=coalesce)


class RecordingObserver:
    """A `SchedulerObserver` that keeps all it was told."""

    def __init__(self) -> None:
        self.queue_sizes: list[int] = []
        self.reports: list[BatchReport] = []
        self.drops: list[DropReason] = []
        self.failures: list[LingtingError] = []

    def queued(self, *, items: int, audio_seconds: float) -> None:
        assert audio_seconds >= 0.0
        self.queue_sizes.append(items)

    def batch_done(self, report: BatchReport) -> None:
        self.reports.append(report)

    def dropped(self, reason: DropReason) -> None:
        self.drops.append(reason)

    def failed(self, error: LingtingError, *, count: int) -> None:
        assert count > 0
        self.failures.append(error)
