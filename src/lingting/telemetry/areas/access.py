"""Metrics of who may call: keys and addresses; never which key or which address."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

__all__ = ["AccessMetrics"]


class AccessMetrics:
    """Told of every check of a caller."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._checks = Counter("asr_access_checks", "Callers let in or refused", ["outcome"], registry=registry)

    def checked(self, outcome: str) -> None:
        """outcome: `allowed`, or the code of the error that refused"""
        self._checks.labels(str(outcome)).inc()
