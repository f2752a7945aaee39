"""Metrics of limits: what was refused for them, what was charged."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from lingting.telemetry.areas.starting import from_zero

__all__ = ["LimitMetrics"]


class LimitMetrics:
    """Told by the limiter what it did."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._limited = Counter("asr_limited", "Calls refused for a limit", ["limit"], registry=registry)
        from_zero(self._limited, "requests", "audio", "streams")
        self._charged = Counter("asr_charged_audio_seconds", "Audio charged to callers", registry=registry)
        self._places = Gauge("asr_stream_places", "Streams that hold a place here", registry=registry)
        self._failures = Counter(
            "asr_limit_store_failures", "Times the store of limits did not answer", registry=registry
        )

    def limited(self, limit: str) -> None:
        """limit: `requests`, `audio` or `streams`"""
        self._limited.labels(str(limit)).inc()

    def charged(self, audio_seconds: float) -> None:
        self._charged.inc(audio_seconds)

    def stream_began(self) -> None:
        self._places.inc()

    def stream_ended(self) -> None:
        self._places.dec()

    def store_failed(self) -> None:
        self._failures.inc()
