"""Brings voices to the same loudness, clause by clause, without waiting for the end of the text."""

from __future__ import annotations

import numpy as np

from lingting.domain import Samples

__all__ = ["Leveller"]

TARGET_RMS = 0.1
"""-20 dB below full scale, in frames where there is sound: where broadcasters' -23 LUFS puts speech, about."""
MAX_GAIN, MIN_GAIN = 4.0, 0.25
"""12 dB either way: beyond that it is not loudness that is wrong."""
PEAK = 0.95
FRAME_SAMPLES = 480
QUIET_RMS = 0.005
"""-46 dB: frames below are pauses."""


class Leveller:
    """Of one text: what was heard so far decides, so that clauses do not jump."""

    def __init__(self) -> None:
        self._energy = 0.0
        self._samples = 0
        self._gain: float | None = None

    def level(self, samples: Samples) -> Samples:
        """The same sound, louder or softer; never clipped."""
        whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        powers = np.mean(np.square(whole, dtype=np.float64), axis=1)
        sounding = powers[powers > QUIET_RMS**2]
        self._energy += float(np.sum(sounding)) * FRAME_SAMPLES
        self._samples += len(sounding) * FRAME_SAMPLES
        if not len(samples):
            return samples
        wanted = self._wanted()
        peak = float(np.max(np.abs(samples)))
        gain = min(wanted, PEAK / peak) if peak * wanted > PEAK else wanted
        ramp = np.linspace(gain if self._gain is None else self._gain, gain, min(len(samples), FRAME_SAMPLES))
        self._gain = gain
        levelled = samples * np.float32(gain)
        levelled[: len(ramp)] = np.clip(samples[: len(ramp)] * ramp, -PEAK, PEAK)
        return levelled.astype(np.float32)

    def _wanted(self) -> float:
        if not self._samples:
            return 1.0
        return float(np.clip(TARGET_RMS / np.sqrt(self._energy / self._samples), MIN_GAIN, MAX_GAIN))
