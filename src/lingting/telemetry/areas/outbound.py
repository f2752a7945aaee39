"""Metrics of what goes out: callbacks, fetches of recordings, messages to Kafka; never to which host."""

from __future__ import annotations

import itertools

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import WAIT_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["OutboundMetrics"]


class OutboundMetrics:
    """Told by the courier, the guarded fetch and the publisher."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._callbacks = Counter("asr_callback_attempts", "Callbacks sent", ["outcome"], registry=registry)
        from_zero(self._callbacks, "delivered", "retried", "dead")
        self._seconds = Histogram(
            "asr_callback_seconds", "An attempt at a callback", buckets=WAIT_BUCKETS_SECONDS, registry=registry
        )
        self._open = Gauge(
            "asr_callbacks_open", "Callbacks not delivered, of all servers", ["state"], registry=registry
        )
        self._fetches = Counter("asr_fetches", "Recordings fetched by URL", ["outcome"], registry=registry)
        self._fetched = Counter("asr_fetched_bytes", "Size of the recordings fetched", registry=registry)
        self._messages = Counter("asr_kafka_messages", "Messages to Kafka", ["topic", "outcome"], registry=registry)
        for topic, outcome in itertools.product(("finals", "jobs"), ("delivered", "failed", "dropped")):
            self._messages.labels(topic, outcome)
        self._waiting = Gauge("asr_kafka_waiting", "Messages that Kafka has not acknowledged", registry=registry)

    def callback_tried(self, outcome: str, *, seconds: float) -> None:
        """outcome: `delivered`, `retried` or `dead`"""
        self._callbacks.labels(str(outcome)).inc()
        self._seconds.observe(seconds)

    def callbacks_open(self, *, waiting: int, dead: int) -> None:
        self._open.labels("waiting").set(waiting)
        self._open.labels("dead").set(dead)

    def fetched(self, outcome: str, *, size_bytes: int = 0) -> None:
        """outcome: `ok`, `broken_off` when the caller gave up, or the code of the error"""
        self._fetches.labels(str(outcome)).inc()
        self._fetched.inc(size_bytes)

    def published(self, topic: str, outcome: str) -> None:
        """topic: `finals` or `jobs`; outcome: `delivered`, `failed` or `dropped`"""
        self._messages.labels(topic, str(outcome)).inc()

    def kafka_waiting(self, count: int) -> None:
        self._waiting.set(count)
