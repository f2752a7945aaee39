"""What was said of late, so that greetings and prompts are not made again. In the memory of this process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray

from lingting.domain import Samples
from lingting.domain.audio import INT16_SCALE, pcm16

__all__ = ["Phrases", "phrase_key"]

LARGEST_PART = 8
"""A clause that would take more than this part of the room is not kept."""


def phrase_key(*parts: object) -> bytes:
    """A name that does not tell the text."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).digest()


class Phrases:
    """Clauses by key; those least recently asked for go first. Belongs to one event loop."""

    def __init__(self, *, max_bytes: int, seconds: float, timer: Callable[[], float]) -> None:
        self._kept: TTLCache[bytes, NDArray[np.int16]] = TTLCache(
            max(1, max_bytes), seconds, timer=timer, getsizeof=lambda steps: steps.nbytes
        )

    @property
    def size_bytes(self) -> int:
        return int(self._kept.currsize)

    def get(self, key: bytes) -> Samples | None:
        steps = self._kept.get(key)
        return None if steps is None else steps.astype(np.float32) / np.float32(INT16_SCALE)

    def put(self, key: bytes, samples: Samples) -> bool:
        """False, and nothing is kept, for one that is too long."""
        fits = bool(samples.nbytes // 2 <= self._kept.maxsize // LARGEST_PART)
        if fits:
            self._kept[key] = pcm16(samples)
        return fits
