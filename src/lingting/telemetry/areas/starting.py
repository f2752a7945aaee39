"""Counters that start at zero for every label value that is known: else the first event of a kind raises no alert."""

from __future__ import annotations

from prometheus_client import Counter

__all__ = ["from_zero"]


def from_zero(counter: Counter, *values: str) -> Counter:
    """The counter, shown at 0 for these values of its only label."""
    for value in values:
        counter.labels(value)
    return counter
