"""One anti-aliased resampler for whole clips and for streams: the same filter, so the same answer.

The filter is libsoxr's "high quality" (20 bit, linear phase); its delay is compensated.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from lingting.domain import Samples

__all__ = ["StreamResampler", "resample"]

_QUALITY = "HQ"


class StreamResampler:
    """Changes the rate of a stream of blocks; what comes out does not depend on how the input is cut."""

    def __init__(self, rate_hz: int, target_hz: int, *, channels: int = 1) -> None:
        self._stream = (
            None if rate_hz == target_hz else soxr.ResampleStream(rate_hz, target_hz, channels, quality=_QUALITY)
        )
        self._channels = channels

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block of shape (channels, n) and return what is ready, of shape (channels, m); m may be 0."""
        return block if self._stream is None else self._run(block, last=False)

    def finish(self) -> NDArray[np.float32]:
        """Return what the filter still holds; the stream takes nothing afterwards."""
        rest = np.zeros((self._channels, 0), np.float32)
        return rest if self._stream is None else self._run(rest, last=True)

    def _run(self, block: NDArray[np.float32], *, last: bool) -> NDArray[np.float32]:
        assert self._stream is not None
        done: NDArray[np.float32] = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last)
        return done.T


def resample(samples: Samples, rate_hz: int, target_hz: int) -> Samples:
    """Return the same sound at another rate, filtered so that nothing folds back.

    samples   float32, shape (n,); result has shape (n * target_hz / rate_hz,) to one sample
    keeps     duration to one output sample; level; silence stays exactly zero
    source    libsoxr, SOXR_HQ
    """
    stream = StreamResampler(rate_hz, target_hz)
    return np.concatenate([stream.push(samples[np.newaxis, :])[0], stream.finish()[0]])
