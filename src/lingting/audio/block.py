"""A piece of sound as a file has it, before it becomes the house's own: any rate, any channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_RATE_HZ", "MIN_RATE_HZ", "Block"]

MIN_RATE_HZ, MAX_RATE_HZ = 2_000, 768_000
"""The rates that are taken; outside them a header is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A few milliseconds of sound, nominally -1..1."""

    samples: NDArray[np.float32]
    """Shape (channels, n)."""
    rate_hz: int
