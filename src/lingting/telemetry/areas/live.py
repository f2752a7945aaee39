"""Metrics of live sessions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import WAIT_BUCKETS_SECONDS
from lingting.telemetry.areas.engine import EngineMetrics

__all__ = ["LiveMetrics"]


class LiveMetrics:
    """Watches live sessions; what their guard withholds counts with the engine's."""

    def __init__(self, registry: CollectorRegistry, engine: EngineMetrics) -> None:
        self._engine = engine
        self._sessions = Gauge("asr_live_sessions", "Live sessions that are open", registry=registry)
        self._ended = Counter("asr_live_ended", "Live sessions that ended", ["reason"], registry=registry)
        self._audio = Counter("asr_live_audio_seconds", "Audio of live sessions that ended", registry=registry)
        self._partials = Counter("asr_live_partials", "Partials given", registry=registry)
        self._lag = Histogram(
            "asr_live_final_lag_seconds",
            "From the end of a segment, its closing silence included, to its final",
            buckets=WAIT_BUCKETS_SECONDS,
            registry=registry,
        )

    def suppressed(self, reason: str) -> None:
        self._engine.suppressed(reason)

    def live_opened(self) -> None:
        self._sessions.inc()

    def live_closed(self, *, reason: str, audio_seconds: float) -> None:
        """reason: of the few that end a session"""
        self._sessions.dec()
        self._ended.labels(str(reason)).inc()
        self._audio.inc(audio_seconds)

    def live_final(self, *, lag_seconds: float) -> None:
        self._lag.observe(lag_seconds)

    def live_partial(self) -> None:
        self._partials.inc()
