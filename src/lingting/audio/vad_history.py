"""Where speech was least likely: the memory of a voice detector, asked when long speech must be cut somewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ

__all__ = ["FRAME_SAMPLES", "ProbabilityHistory"]

FRAME_SAMPLES = 512
"""32 ms, what Silero was trained on at 16 kHz."""
SMOOTHING_FRAMES = 5
"""160 ms: shorter than a pause worth cutting in, longer than a stop consonant."""
_TIE = 0.005
"""Smoothed probabilities this close are the same silence."""


class ProbabilityHistory:
    """One stream's latest probabilities, in a ring."""

    def __init__(self, memory_seconds: float) -> None:
        self._ring = np.ones(int(memory_seconds * SAMPLE_RATE_HZ / FRAME_SAMPLES), np.float32)
        self._seen = 0

    def quietest_cut(self, start_samples: int, end_samples: int) -> int:
        """Where in a range speech is least likely, as a sample position to cut a long span at.

        The middle of the longest run of the lowest smoothed probability. The middle of the range where nothing
        is known of it: longer back than is remembered, or not yet heard.
        """
        cut = self._quietest(start_samples // FRAME_SAMPLES, -(-end_samples // FRAME_SAMPLES))
        if cut is None:
            return (start_samples + end_samples) // 2
        return min(max(cut * FRAME_SAMPLES // 2, start_samples), end_samples)

    def extend(self, probabilities: NDArray[np.float32]) -> None:
        latest = probabilities[-len(self._ring) :]
        first = self._seen + len(probabilities) - len(latest)
        self._ring[(first + np.arange(len(latest))) % len(self._ring)] = latest
        self._seen += len(probabilities)

    def _quietest(self, start_frame: int, end_frame: int) -> int | None:
        """Twice the frame position (so that a middle is whole) of the quietest point; None if not remembered."""
        first = max(start_frame, self._seen - len(self._ring), 0)
        last = min(end_frame, self._seen)
        if first >= last:
            return None
        values = self._ring[np.arange(first, last) % len(self._ring)]
        kernel = np.ones(min(SMOOTHING_FRAMES, len(values)), np.float32)
        weights = np.convolve(np.ones_like(values), kernel, "same")
        smooth = np.convolve(values, kernel, "same") / weights
        start, end = _longest_run(smooth <= smooth.min() + _TIE)
        return 2 * first + start + end


def _longest_run(flags: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and exclusive end of the longest stretch of True; the first of equals."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])
