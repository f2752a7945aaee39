"""How much of an error rate is chance: bootstrap intervals over utterances. Pure.

The same numbers give the same interval.

source    Bisani and Ney, Bootstrap Estimates for Confidence Intervals in ASR Performance Evaluation (ICASSP 2004)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "difference_interval", "rate_interval"]

RESAMPLES = 2_000
LEVEL = 0.95
FEWEST = 5
"""Utterances; of fewer, those that were drawn say little about others."""
SEED = 20_040_517
"""Of the month in which the source appeared; any other does as well."""
MAX_CELLS = 4_000_000
"""Of one block of drawn counts: 32 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies in 95 of 100 such samples."""

    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


def rate_interval(errors: Sequence[int], tokens: Sequence[int]) -> Interval | None:
    """Of the rate sum(errors) / sum(tokens), by utterance; None for fewer than five."""
    return _interval(np.asarray(errors, np.float64), np.asarray(tokens, np.float64))


def difference_interval(errors: Sequence[int], other: Sequence[int], tokens: Sequence[int]) -> Interval | None:
    """Of the rate of `errors` less that of `other`, utterance by utterance: what both find hard cancels out."""
    return _interval(np.asarray(errors, np.float64) - np.asarray(other, np.float64), np.asarray(tokens, np.float64))


def _interval(above: NDArray[np.float64], below: NDArray[np.float64]) -> Interval | None:
    if len(above) != len(below):
        raise ValueError("errors and tokens are counted for the same utterances")
    if len(above) < FEWEST or not below.sum():
        return None
    rates = np.concatenate([(drawn @ above) / np.maximum(drawn @ below, 1.0) for drawn in _drawn(len(above))])
    low, high = np.quantile(rates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def _drawn(count: int) -> Iterator[NDArray[np.float64]]:
    """How often each utterance is drawn, one row for each sample, in blocks that fit in memory."""
    chance, left = np.random.default_rng(SEED), RESAMPLES
    while left:
        rows = min(left, max(1, MAX_CELLS // count))
        yield chance.multinomial(count, np.full(count, 1 / count), size=rows).astype(np.float64)
        left -= rows
