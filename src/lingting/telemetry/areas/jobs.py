"""Metrics of jobs."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import LONG_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["JobMetrics"]


class JobMetrics:
    """Told by the job door, the runners and the workers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter("asr_jobs_accepted", "Jobs accepted", registry=registry)
        self._ended = Counter("asr_jobs_ended", "Jobs that ended", ["state"], registry=registry)
        self._attempts = Counter("asr_job_attempts", "Attempts at a job that ended", ["outcome"], registry=registry)
        from_zero(self._ended, "succeeded", "failed", "cancelled")
        from_zero(self._attempts, "succeeded", "failed", "cancelled", "retried", "released", "lost")
        self._open = Gauge("asr_jobs_open", "Jobs that have not ended, of all servers", ["state"], registry=registry)
        self._running = Gauge("asr_jobs_running_here", "Jobs that this process works on", registry=registry)
        self._wait = Histogram(
            "asr_job_wait_seconds",
            "From acceptance to the first attempt",
            buckets=LONG_BUCKETS_SECONDS,
            registry=registry,
        )
        self._seconds = Histogram(
            "asr_job_seconds", "From acceptance to the end", ["state"], buckets=LONG_BUCKETS_SECONDS, registry=registry
        )

    def job_accepted(self, count: int = 1) -> None:
        self._accepted.inc(count)

    def job_began(self, *, waited_seconds: float | None = None) -> None:
        """waited_seconds    None for a later attempt"""
        self._running.inc()
        if waited_seconds is not None:
            self._wait.observe(waited_seconds)

    def job_left(self, outcome: str) -> None:
        """outcome: `succeeded`, `failed`, `cancelled`, `retried`, `released` or `lost`"""
        self._running.dec()
        self._attempts.labels(str(outcome)).inc()

    def job_ended(self, state: str, *, seconds: float) -> None:
        """state: the last one; told once for each job"""
        self._ended.labels(str(state)).inc()
        self._seconds.labels(str(state)).observe(seconds)

    def jobs_open(self, counts: Mapping[str, int]) -> None:
        """counts    by state, all of them, as the table has them"""
        for state, count in counts.items():
            self._open.labels(str(state)).set(count)
