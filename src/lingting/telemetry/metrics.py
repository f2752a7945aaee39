"""Metric names in one list. The only module that imports a metrics library, with those it joins.

Promises: base units; labels are few and never hold a user, a file or a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from lingting.telemetry.logs import log

__all__ = ["METRICS_CONTENT_TYPE", "BatchFigures", "Telemetry"]

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST
LATENCY_BUCKETS_SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
FACTOR_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 3.0, 10.0)
BATCH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 32)
WAIT_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


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


class Telemetry:
    """All metrics of one server, in a registry of its own; watches the scheduler, the pipeline and the doors."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("asr_requests", "Requests answered", ["door", "outcome"], registry=registry)
        self._latency = Histogram(
            "asr_latency_seconds",
            "From the request's first byte to the answer's last",
            ["door"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._errors = Counter("asr_errors", "Requests refused or failed", ["code"], registry=registry)
        self._in_hand = Gauge("asr_requests_in_hand", "Requests being worked on", registry=registry)
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
        self._sockets_open = Gauge("asr_sockets_open", "WebSockets open", ["door"], registry=registry)
        self._sockets = Counter("asr_sockets", "WebSockets closed", ["door", "outcome"], registry=registry)
        self._live_sessions = Gauge("asr_live_sessions", "Live sessions that are open", registry=registry)
        self._live_ended = Counter("asr_live_ended", "Live sessions that ended", ["reason"], registry=registry)
        self._live_audio = Counter("asr_live_audio_seconds", "Audio of live sessions that ended", registry=registry)
        self._live_partials = Counter("asr_live_partials", "Partials given", registry=registry)
        self._live_lag = Histogram(
            "asr_live_final_lag_seconds",
            "From the end of a segment, its closing silence included, to its final",
            buckets=WAIT_BUCKETS_SECONDS,
            registry=registry,
        )
        self._rooms = Gauge("asr_rooms", "Subtitle rooms that somebody here publishes or follows", registry=registry)
        self._room_viewers = Gauge("asr_room_viewers", "Viewers of all rooms", registry=registry)
        self._room_captions = Counter("asr_room_captions", "Captions published, each change counted", registry=registry)
        self._room_skipped = Counter("asr_room_updates_skipped", "Updates slow viewers did not get", registry=registry)
        self._room_cut = Counter("asr_room_viewers_cut", "Viewers cut off for not reading", registry=registry)

    def queued(self, *, items: int, audio_seconds: float) -> None:
        self._queue_items.set(items)
        self._queue_seconds.set(audio_seconds)

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

    def answered_with_error(self, code: str) -> None:
        """code: of the error tree, so that there are few."""
        self._errors.labels(code).inc()

    def request_began(self) -> None:
        self._in_hand.inc()

    def request_ended(self, *, door: str, outcome: str, wall_seconds: float) -> None:
        """door: the route's pattern; outcome: the status code."""
        self._in_hand.dec()
        self._requests.labels(door, outcome).inc()
        self._latency.labels(door).observe(wall_seconds)

    def socket_opened(self, door: str) -> None:
        self._sockets_open.labels(door).inc()

    def socket_closed(self, door: str, outcome: str) -> None:
        """outcome: the close code, or "other" for one that a client made up."""
        self._sockets_open.labels(door).dec()
        self._sockets.labels(door, outcome).inc()

    def live_opened(self) -> None:
        self._live_sessions.inc()

    def live_closed(self, *, reason: str, audio_seconds: float) -> None:
        """reason: of the few that end a session"""
        self._live_sessions.dec()
        self._live_ended.labels(str(reason)).inc()
        self._live_audio.inc(audio_seconds)

    def live_final(self, *, lag_seconds: float) -> None:
        self._live_lag.observe(lag_seconds)

    def live_partial(self) -> None:
        self._live_partials.inc()

    def rooms_open(self, count: int) -> None:
        self._rooms.set(count)

    def room_viewer_joined(self) -> None:
        self._room_viewers.inc()

    def room_viewer_left(self) -> None:
        self._room_viewers.dec()

    def room_caption(self) -> None:
        self._room_captions.inc()

    def room_updates_skipped(self, count: int) -> None:
        self._room_skipped.inc(count)

    def room_viewer_cut(self) -> None:
        self._room_cut.inc()

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    @property
    def metric_names(self) -> list[str]:
        """Every metric, without the suffixes that Prometheus adds."""
        return sorted(family.name for family in self._registry.collect())
