"""Metrics of the doors: requests, live connections, errors by code."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import LATENCY_BUCKETS_SECONDS

__all__ = ["DoorMetrics"]


class DoorMetrics:
    """Told by every door what came in and how it ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
        self._received = Counter("asr_received_bytes", "Bodies of requests", registry=registry)
        self._sockets_open = Gauge("asr_sockets_open", "Live connections open", ["door"], registry=registry)
        self._sockets = Counter("asr_sockets", "Live connections closed", ["door", "outcome"], registry=registry)

    def answered_with_error(self, code: str) -> None:
        """code: of the error tree, so that there are few."""
        self._errors.labels(code).inc()

    def request_began(self) -> None:
        self._in_hand.inc()

    def request_ended(self, *, door: str, outcome: str, wall_seconds: float) -> None:
        """door: the route's pattern, or the method; outcome: the status."""
        self._in_hand.dec()
        self._requests.labels(door, outcome).inc()
        self._latency.labels(door).observe(wall_seconds)

    def received(self, count_bytes: int) -> None:
        self._received.inc(count_bytes)

    def socket_opened(self, door: str) -> None:
        self._sockets_open.labels(door).inc()

    def socket_closed(self, door: str, outcome: str) -> None:
        """outcome: the close code or status, or "other" for a code that a client made up."""
        self._sockets_open.labels(door).dec()
        self._sockets.labels(door, outcome).inc()
