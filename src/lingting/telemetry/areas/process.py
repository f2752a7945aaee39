"""Metrics of the process: memory, files and processor time, threads, the event loop's lag, and what was built."""

from __future__ import annotations

import platform
import threading
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector

from lingting.telemetry.areas.buckets import QUICK_BUCKETS_SECONDS

__all__ = ["ProcessMetrics"]


class ProcessMetrics:
    """The standard `process_` metrics, where the system tells them, and ours."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ProcessCollector(registry=registry)
        threads = Gauge("asr_threads", "Threads of Python", registry=registry)
        threads.set_function(threading.active_count)
        self._lag = Histogram(
            "asr_event_loop_lag_seconds",
            "How late the event loop woke a timer",
            buckets=QUICK_BUCKETS_SECONDS,
            registry=registry,
        )
        self._build = Gauge(
            "asr_build_info", "What runs; always 1", ["version", "python", "engine", "model"], registry=registry
        )

    def lagged(self, seconds: float) -> None:
        self._lag.observe(seconds)

    def serving(self, *, engine: str, model: str) -> None:
        self._build.clear()
        self._build.labels(version("lingting"), platform.python_version(), engine, model).set(1)
