"""The edges of the histograms: few, and where a reader of a board would look."""

from __future__ import annotations

__all__ = [
    "BATCH_BUCKETS",
    "FACTOR_BUCKETS",
    "LATENCY_BUCKETS_SECONDS",
    "LONG_BUCKETS_SECONDS",
    "QUICK_BUCKETS_SECONDS",
    "RATIO_BUCKETS",
    "WAIT_BUCKETS_SECONDS",
]

LATENCY_BUCKETS_SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
WAIT_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
QUICK_BUCKETS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""For what should take milliseconds: a transaction, a turn of the event loop."""
LONG_BUCKETS_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0)
"""For what may take hours: jobs."""
FACTOR_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 3.0, 10.0)
RATIO_BUCKETS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
BATCH_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 32)
