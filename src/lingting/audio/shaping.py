"""From blocks as a file has them to blocks as the house wants them: 16 kHz, one second, the wished channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lingting.audio.block import Block
from lingting.audio.denoise import Denoiser
from lingting.audio.resample import StreamResampler
from lingting.domain import SAMPLE_RATE_HZ, ChannelMode
from lingting.domain.errors import AudioTooLong, AudioUndecodable, InvalidOption

__all__ = ["BLOCK_SAMPLES", "Shaper"]

BLOCK_SAMPLES = SAMPLE_RATE_HZ
LENGTH_SLACK_SECONDS = 0.1
"""A file of exactly the longest length may decode to a codec frame more."""


class Shaper:
    """Mixes or picks channels, resamples, optionally denoises, and cuts into blocks of one second.

    keeps     duration to one sample per change of rate; order
    raises    InvalidOption for a channel that is not there; AudioTooLong past the limit; AudioUndecodable if the
              number of channels changes where that matters
    """

    def __init__(self, mode: ChannelMode, channel: int, *, channels_in: int, denoise: bool, max_seconds: float) -> None:
        if mode is ChannelMode.PICK and channel >= channels_in:
            raise InvalidOption("channel", f"{channel} is not there; the audio has {channels_in}, counted from 0")
        self._mode, self._channel, self._channels_in = mode, channel, channels_in
        self.channels = channels_in if mode is ChannelMode.SPLIT else 1
        self._denoisers = [Denoiser() for _ in range(self.channels)] if denoise else []
        self._max_seconds = max_seconds
        self._left_samples = int((max_seconds + LENGTH_SLACK_SECONDS) * SAMPLE_RATE_HZ)
        self._rate_hz = 0
        self._resampler: StreamResampler | None = None
        self._ready: list[NDArray[np.float32]] = []
        self._ready_samples = 0

    def push(self, block: Block) -> Iterator[NDArray[np.float32]]:
        """Take one block and yield whole ones, shape (channels, BLOCK_SAMPLES)."""
        if block.rate_hz != self._rate_hz or self._resampler is None:
            yield from self._flush_resampler()
            self._rate_hz = block.rate_hz
            self._resampler = StreamResampler(block.rate_hz, SAMPLE_RATE_HZ, channels=self.channels)
        yield from self._collect(self._resampler.push(self._choose(block.samples)))

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yield what is left; the last block is shorter, never empty."""
        yield from self._flush_resampler()
        if self._denoisers:
            yield from self._keep(np.stack([denoiser.finish() for denoiser in self._denoisers]))
        if self._ready_samples:
            yield np.concatenate(self._ready, axis=1)

    def _flush_resampler(self) -> Iterator[NDArray[np.float32]]:
        if self._resampler is not None:
            yield from self._collect(self._resampler.finish())
            self._resampler = None

    def _choose(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._mode is ChannelMode.MIX:
            # A product with equal weights: ten times as fast as mean() on interleaved samples.
            weights = np.full((1, len(samples)), 1.0 / len(samples), np.float32)
            return samples if len(samples) == 1 else weights @ samples
        if len(samples) != self._channels_in:
            raise AudioUndecodable(
                f"the audio changes from {self._channels_in} to {len(samples)} channels; only mode mix can take that"
            )
        return samples[self._channel : self._channel + 1] if self._mode is ChannelMode.PICK else samples

    def _collect(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        self._left_samples -= samples.shape[1]
        if self._left_samples < 0:
            raise AudioTooLong(self._max_seconds)
        if self._denoisers:
            samples = np.stack([denoiser.push(row) for denoiser, row in zip(self._denoisers, samples, strict=True)])
        yield from self._keep(samples)

    def _keep(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        self._ready.append(samples)
        self._ready_samples += samples.shape[1]
        if self._ready_samples < BLOCK_SAMPLES:
            return
        joined = np.concatenate(self._ready, axis=1)
        whole_samples = self._ready_samples - self._ready_samples % BLOCK_SAMPLES
        for start in range(0, whole_samples, BLOCK_SAMPLES):
            yield joined[:, start : start + BLOCK_SAMPLES]
        # A copy, so that the small rest does not keep the whole array alive.
        self._ready = [joined[:, whole_samples:].copy()]
        self._ready_samples -= whole_samples
