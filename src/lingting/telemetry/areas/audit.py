"""Metrics of the audit log."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lingting.telemetry.areas.buckets import QUICK_BUCKETS_SECONDS

__all__ = ["AuditMetrics"]


class AuditMetrics:
    """Told by the writer of the audit log what became of its rows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._written = Counter("asr_audit_entries", "Audit rows committed", registry=registry)
        self._failures = Counter("asr_audit_failures", "Audit rows that could not be written", registry=registry)
        self._summarised = Counter(
            "asr_audit_summarised", "Refused calls that share a row with others", registry=registry
        )
        self._waiting = Gauge("asr_audit_waiting", "Audit rows that wait to be written", registry=registry)
        self._commit = Histogram(
            "asr_audit_commit_seconds", "A commit of audit rows", buckets=QUICK_BUCKETS_SECONDS, registry=registry
        )

    def audit_waiting(self, count: int) -> None:
        self._waiting.set(count)

    def audit_written(self, count: int, *, commit_seconds: float) -> None:
        self._written.inc(count)
        self._commit.observe(commit_seconds)

    def audit_failed(self, count: int = 1) -> None:
        self._failures.inc(count)

    def audit_summarised(self, count: int = 1) -> None:
        self._summarised.inc(count)
