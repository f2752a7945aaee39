"""Metrics of the models that are served: what is in memory."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import WAIT_BUCKETS_SECONDS
from lingting.telemetry.logs import log

__all__ = ["RoutingMetrics"]


class RoutingMetrics:
    """Watches the residency of models. The label `model` is a name from the settings, never a caller's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._loaded = Gauge("asr_model_loaded", "1 while the model is in memory", ["model"], registry=registry)
        self._memory = Gauge(
            "asr_model_memory_bytes",
            "Of the budget, while it is loaded",
            ["model"],
            registry=registry,
        )
        self._loads = Counter("asr_model_loads", "Loads of models", ["model", "outcome"], registry=registry)
        self._load_seconds = Histogram(
            "asr_model_load_seconds", "From use to loaded and warm", buckets=WAIT_BUCKETS_SECONDS, registry=registry
        )

    def loaded(self, name: str, *, seconds: float, memory_bytes: int) -> None:
        self._loaded.labels(name).set(1)
        self._memory.labels(name).set(memory_bytes)
        self._loads.labels(name, "loaded").inc()
        self._load_seconds.observe(seconds)
        log.info("model.loaded", model=name, seconds=round(seconds, 3))

    def load_failed(self, name: str, error: Exception) -> None:
        self._loads.labels(name, str(getattr(error, "code", "unknown"))).inc()

    def unloaded(self, name: str) -> None:
        self._loaded.labels(name).set(0)
        self._memory.labels(name).set(0)
        log.info("model.unloaded", model=name)
