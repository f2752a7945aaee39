"""Metrics of the models that are served: what is in memory, who was asked, and what came of it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import LATENCY_BUCKETS_SECONDS, RATIO_BUCKETS, WAIT_BUCKETS_SECONDS
from lingting.telemetry.logs import log

__all__ = ["RoutingMetrics"]


class RoutingMetrics:
    """Watches the residency of models and the router. The label `model` is a name of the settings, never a caller's."""

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

        self._asked = Counter("asr_model_clips", "Clips that came to a model", ["model", "outcome"], registry=registry)
        self._asked_seconds = Histogram(
            "asr_model_answer_seconds",
            "From a clip's coming to a model to its answer",
            ["model"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self._breaker = Gauge(
            "asr_model_left_alone", "1 while the model is left alone for its failures", ["model"], registry=registry
        )

        self._paid = Counter(
            "asr_paid_audio_seconds", "Audio that models with a price recognised", ["model"], registry=registry
        )
        self._money = Counter("asr_spent_money", "What that cost, in the money of prices", ["model"], registry=registry)
        self._shadowed = Histogram(
            "asr_shadow_disagreement_ratio",
            "Words or characters in which a shadow's answer differs from the one given",
            ["model", "shadow"],
            buckets=RATIO_BUCKETS,
            registry=registry,
        )
        self._lost = Counter(
            "asr_shadows_lost", "Clips that were not compared after all", ["shadow", "reason"], registry=registry
        )

    def spent(self, model: str, *, audio_seconds: float, money: float) -> None:
        self._paid.labels(model).inc(audio_seconds)
        self._money.labels(model).inc(money)

    def shadowed(self, model: str, shadow: str, *, disagreement: float) -> None:
        self._shadowed.labels(model, shadow).observe(disagreement)

    def shadow_lost(self, shadow: str, reason: str) -> None:
        self._lost.labels(shadow, reason).inc()

    def asked(self, model: str, outcome: str, *, seconds: float) -> None:
        """outcome: answered, dropped, or why the clip went on to another model"""
        self._asked.labels(model, outcome).inc()
        if outcome == "answered":
            self._asked_seconds.labels(model).observe(seconds)

    def breaker(self, model: str, *, is_open: bool) -> None:
        self._breaker.labels(model).set(int(is_open))

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
