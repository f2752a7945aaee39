"""Audio in hand, with a bound: fixed frames out of ragged pieces, and the last seconds of a stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples

__all__ = ["FrameChunker", "RingBuffer"]


class FrameChunker:
    """Cuts a stream into frames of a fixed length and keeps the leftover for the next piece."""

    def __init__(self, frame_samples: int) -> None:
        self._frame_samples = frame_samples
        self._pieces: list[Samples] = []
        self._held_samples = 0

    def push(self, samples: Samples) -> NDArray[np.float32]:
        """Return the whole frames now there, shape (n, frame_samples); n may be 0."""
        self._pieces.append(samples)
        self._held_samples += len(samples)
        count = self._held_samples // self._frame_samples
        if not count:
            return np.zeros((0, self._frame_samples), np.float32)
        joined = np.concatenate(self._pieces)
        cut = count * self._frame_samples
        self._pieces = [joined[cut:].copy()]
        self._held_samples -= cut
        return joined[:cut].reshape(count, self._frame_samples)

    def finish(self) -> NDArray[np.float32]:
        """Return the leftover as one frame filled up with zeros, or no frame if there is none."""
        if not self._held_samples:
            return np.zeros((0, self._frame_samples), np.float32)
        return self.push(np.zeros(self._frame_samples - self._held_samples, np.float32))


class RingBuffer:
    """The latest samples of a stream, addressed by their position since its start.

    Holds at most `capacity_samples`; what falls out is gone. Used for pre-roll: the sound before the moment
    that something was noticed in it.
    """

    def __init__(self, capacity_samples: int) -> None:
        self._ring = np.zeros(capacity_samples, np.float32)
        self._end_samples = 0

    @property
    def capacity_samples(self) -> int:
        return len(self._ring)

    def skip_to(self, position_samples: int) -> None:
        """Begin to count there; only before anything was pushed."""
        assert not self._end_samples, "a ring that holds something cannot skip"
        self._end_samples = position_samples

    @property
    def start_samples(self) -> int:
        """Position of the oldest sample held."""
        return max(0, self._end_samples - len(self._ring))

    @property
    def end_samples(self) -> int:
        """Position after the newest sample."""
        return self._end_samples

    def push(self, samples: Samples) -> None:
        latest = samples[-len(self._ring) :]
        first = self._end_samples + len(samples) - len(latest)
        offset = first % len(self._ring)
        head = latest[: len(self._ring) - offset]
        self._ring[offset : offset + len(head)] = head
        self._ring[: len(latest) - len(head)] = latest[len(head) :]
        self._end_samples += len(samples)

    def read(self, start_samples: int, end_samples: int) -> Samples:
        """Return a copy of the part of start..end that is still held; shorter if some of it is gone or to come."""
        first = max(start_samples, self.start_samples)
        last = min(end_samples, self._end_samples)
        if first >= last:
            return np.zeros(0, np.float32)
        offset, length = first % len(self._ring), last - first
        head = self._ring[offset : offset + length]
        return np.concatenate([head, self._ring[: length - len(head)]])
