"""Metrics of what is kept: the database, history, blobs, retention and erasure."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from lingting.telemetry.areas.buckets import QUICK_BUCKETS_SECONDS
from lingting.telemetry.areas.starting import from_zero

__all__ = ["StorageMetrics"]


class StorageMetrics:
    """Told by the database, the history, the blobs and the sweeper."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "asr_database_seconds",
            "A transaction, with its wait for a connection",
            ["work"],
            buckets=QUICK_BUCKETS_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "asr_database_failures", "Transactions that did not come about", ["work"], registry=registry
        )
        from_zero(self._failures, "read", "write")
        self._retries = Counter("asr_database_retries", "Transactions tried again", registry=registry)
        self._saved = Counter("asr_history_saved", "Transcripts kept", ["kind"], registry=registry)
        self._unsaved = Counter("asr_history_failures", "Transcripts that could not be kept", registry=registry)
        self._blobs = Counter("asr_blob_bytes", "Sealed files written or read", ["direction"], registry=registry)
        self._expired = Counter("asr_retention_deleted", "What the sweeper deleted", ["kind"], registry=registry)
        self._sweeps_failed = Counter("asr_retention_failures", "Sweeps that failed", registry=registry)
        self._erased = Counter("asr_erased", "What was erased on demand", ["kind"], registry=registry)

    def database_done(self, work: str, *, seconds: float) -> None:
        """work: `read` or `write`"""
        self._seconds.labels(work).observe(seconds)

    def database_failed(self, work: str) -> None:
        self._failures.labels(work).inc()

    def database_retried(self) -> None:
        self._retries.inc()

    def history_saved(self, kind: str) -> None:
        """kind: `file`, `stream` or `job`"""
        self._saved.labels(str(kind)).inc()

    def history_failed(self) -> None:
        self._unsaved.inc()

    def blob_written(self, count_bytes: int) -> None:
        self._blobs.labels("in").inc(count_bytes)

    def blob_read(self, count_bytes: int) -> None:
        self._blobs.labels("out").inc(count_bytes)

    def expired(self, kind: str, count: int) -> None:
        """kind: of row or blob, such as `transcripts`"""
        self._expired.labels(str(kind)).inc(count)

    def sweep_failed(self) -> None:
        self._sweeps_failed.inc()

    def erased(self, kind: str, count: int) -> None:
        self._erased.labels(str(kind)).inc(count)
