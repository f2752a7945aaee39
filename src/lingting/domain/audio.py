"""Sound inside the house: float32, mono, with its rate. Bytes exist only at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLE_RATE_HZ", "Audio", "AudioInfo", "PcmEncoding", "PcmFormat", "Samples", "Span", "pcm16"]

Samples = NDArray[np.float32]
"""One axis, mono, nominally -1..1."""

SAMPLE_RATE_HZ = 16_000
"""The rate of all audio past the decoder: what every recogniser and VAD in the house was trained on."""

INT16_SCALE = 32_768

PcmEncoding = Literal["s16le", "f32le", "mulaw", "alaw"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of audio, in samples; the end is exclusive."""

    start_samples: int
    end_samples: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_samples <= self.end_samples:
            raise ValueError(f"a span runs forward from 0, got {self.start_samples}..{self.end_samples}")

    @property
    def length_samples(self) -> int:
        return self.end_samples - self.start_samples


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Mono samples and their rate; dtype and rank are checked here and nowhere else."""

    samples: Samples
    rate_hz: int = SAMPLE_RATE_HZ

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise ValueError(f"audio is float32 with one axis, got {self.samples.dtype} {self.samples.shape}")
        if self.rate_hz <= 0:
            raise ValueError(f"rate_hz is positive, got {self.rate_hz}")

    @property
    def duration_seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    def cut(self, span: Span) -> Audio:
        """The part inside `span`, sharing memory with the whole."""
        return Audio(self.samples[span.start_samples : span.end_samples], self.rate_hz)


@dataclass(frozen=True, slots=True)
class PcmFormat:
    """What a caller declares about headerless audio."""

    encoding: PcmEncoding = "s16le"
    rate_hz: int = SAMPLE_RATE_HZ
    channels: int = 1


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the decoder saw in the file before it was mixed and resampled."""

    container: str
    codec: str
    rate_hz: int
    channels: int
    duration_seconds: float | None
    """From the header, so a hint only; None when the container does not say."""


def pcm16(samples: Samples) -> NDArray[np.int16]:
    """Return the samples as 16-bit steps, clipped and rounded to the nearest; NaN becomes silence."""
    finite = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(np.rint(finite * INT16_SCALE), -INT16_SCALE, INT16_SCALE - 1).astype(np.int16)
