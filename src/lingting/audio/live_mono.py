"""Sound of any rate and any channels as a stream of 16 kHz mono, let out as soon as the filter does."""

from __future__ import annotations

import numpy as np

from lingting.audio.block import Block
from lingting.audio.resample import StreamResampler
from lingting.domain import SAMPLE_RATE_HZ, Samples

__all__ = ["NO_SAMPLES", "MonoStream"]

NO_SAMPLES: Samples = np.zeros(0, np.float32)


class MonoStream:
    """Mixes to the mean of the channels and resamples; what comes out does not depend on how the blocks are cut.

    The filter holds back the latest sound: at most 40 ms of 22.05 to 48 kHz, 58 ms of 32 kHz, 84 ms of 11.025 kHz and
    116 ms of 8 kHz; nothing at 16 kHz, where it is not used. `finish` gives it out. The length is kept to one
    sample for every change of rate.
    """

    def __init__(self) -> None:
        self._rate_hz = 0
        self._resampler: StreamResampler | None = None

    def push(self, block: Block) -> Samples:
        """Take a block, which may differ in rate and channels from the one before, and return what is ready."""
        before = NO_SAMPLES
        if block.rate_hz != self._rate_hz or self._resampler is None:
            before = self.finish()
            self._rate_hz = block.rate_hz
            self._resampler = StreamResampler(block.rate_hz, SAMPLE_RATE_HZ)
        mono = block.samples
        if len(mono) > 1:
            mono = np.full((1, len(mono)), 1.0 / len(mono), np.float32) @ mono
        ready: Samples = self._resampler.push(mono)[0]
        return np.concatenate([before, ready]) if len(before) else ready

    def finish(self) -> Samples:
        """Return what the filter holds; more may be pushed afterwards, as a sound of its own."""
        resampler, self._resampler = self._resampler, None
        return NO_SAMPLES if resampler is None else resampler.finish()[0]
