"""The numbers that every measurement ends in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Spread", "quantile"]


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share of the values lies, between neighbours in proportion; None of no values."""
    return float(np.quantile(np.asarray(values, np.float64), share)) if values else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How values lie; None throughout where there are none."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(len(values), quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0.99))
