"""Metrics of recognition: the queue, the batches, the engine, the guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import BATCH_BUCKETS, FACTOR_BUCKETS, WAIT_BUCKETS_SECONDS
from lingting.telemetry.logs import log

__all__ = ["BatchFigures", "EngineMetrics"]


class BatchFigures(Protocol):
    """What the metrics need of a finished batch."""

    @property
    def count(self) -> int: ...
    @property
    def audio_seconds(self) -> float: ...
    @property
    def cost_seconds(self) -> float: ...
    @property
    def busy_seconds(self) -> float: ...
    @property
    def waited_seconds(self) -> Sequence[float]: ...


class QueueMetrics:
    """Watches the queue of one model; the gauges show the sum over all."""

    def __init__(self, engine: EngineMetrics) -> None:
        self._engine = engine
        self._items, self._audio_seconds = 0, 0.0

    def queued(self, *, items: int, audio_seconds: float) -> None:
        self._engine.queue_changed(items=items - self._items, audio_seconds=audio_seconds - self._audio_seconds)
        self._items, self._audio_seconds = items, audio_seconds

    def batch_done(self, report: BatchFigures) -> None:
        self._engine.batch_done(report)

    def dropped(self, reason: str) -> None:
        self._engine.dropped(reason)

    def failed(self, error: Exception, *, count: int) -> None:
        self._engine.failed(error, count=count)


class EngineMetrics:
    """Watches the queues and the pipeline."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._factor = Histogram(
            "asr_real_time_factor",
            "Wall time of a request by the length of its audio",
            ["engine"],
            buckets=FACTOR_BUCKETS,
            registry=registry,
        )
        self._audio = Counter("asr_audio_seconds", "Audio recognised", ["engine"], registry=registry)
        self._queue_items = Gauge("asr_queue_clips", "Clips waiting for the engine", registry=registry)
        self._queue_seconds = Gauge("asr_queue_audio_seconds", "Audio waiting for the engine", registry=registry)
        self._queue_wait = Histogram(
            "asr_queue_wait_seconds",
            "From submission to the engine",
            buckets=WAIT_BUCKETS_SECONDS,
            registry=registry,
        )
        self._batch_size = Histogram("asr_batch_clips", "Clips in a batch", buckets=BATCH_BUCKETS, registry=registry)
        self._batch_busy = Counter("asr_engine_busy_seconds", "Time the engine worked", registry=registry)
        self._batch_padded = Counter("asr_engine_padded_seconds", "Audio computed, with padding", registry=registry)
        self._dropped = Counter("asr_dropped_clips", "Clips the engine never saw", ["reason"], registry=registry)
        self._guarded = Counter("asr_guard_suppressed", "Text withheld as invented", ["reason"], registry=registry)
        self._engine_errors = Counter("asr_engine_errors", "Clips in batches that failed", ["code"], registry=registry)

    def watch(self) -> QueueMetrics:
        """For one queue."""
        return QueueMetrics(self)

    def queue_changed(self, *, items: int, audio_seconds: float) -> None:
        self._queue_items.inc(items)
        self._queue_seconds.inc(audio_seconds)

    def batch_done(self, report: BatchFigures) -> None:
        self._batch_size.observe(report.count)
        self._batch_busy.inc(report.busy_seconds)
        self._batch_padded.inc(report.cost_seconds)
        for waited_seconds in report.waited_seconds:
            self._queue_wait.observe(waited_seconds)

    def dropped(self, reason: str) -> None:
        self._dropped.labels(str(reason)).inc()

    def failed(self, error: Exception, *, count: int) -> None:
        code = str(getattr(error, "code", "unknown"))
        self._engine_errors.labels(code).inc(count)
        log.error("engine.failed", code=code, clips=count, cause=type(error.__cause__ or error).__name__)

    def suppressed(self, reason: str) -> None:
        self._guarded.labels(str(reason)).inc()

    def transcribed(self, *, engine: str, audio_seconds: float, wall_seconds: float) -> None:
        self._audio.labels(engine).inc(audio_seconds)
        if audio_seconds > 0:
            self._factor.labels(engine).observe(wall_seconds / audio_seconds)
