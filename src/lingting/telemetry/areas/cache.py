"""Metrics of the cache of results."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from lingting.telemetry.areas.starting import from_zero

__all__ = ["CacheMetrics"]


class CacheMetrics:
    """Told by the cache and by what stands in front of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lookups = Counter("asr_cache_lookups", "Questions to the cache", ["outcome"], registry=registry)
        from_zero(self._lookups, "hit", "miss", "joined", "off")
        self._entries = Gauge("asr_cache_entries", "Results in memory", registry=registry)
        self._bytes = Gauge("asr_cache_bytes", "Size of the results in memory", registry=registry)
        self._evicted = Counter("asr_cache_evicted", "Results put out for room", registry=registry)
        self._failures = Counter("asr_cache_failures", "Times the cache did not answer", registry=registry)

    def looked_up(self, outcome: str) -> None:
        """outcome: `hit`, `miss`, `joined` a request in hand, or `off`"""
        self._lookups.labels(str(outcome)).inc()

    def cache_holds(self, *, entries: int, size_bytes: int) -> None:
        self._entries.set(entries)
        self._bytes.set(size_bytes)

    def cache_evicted(self, count: int = 1) -> None:
        self._evicted.inc(count)

    def cache_failed(self) -> None:
        self._failures.inc()
