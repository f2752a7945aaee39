"""Covers stretches of sound with a tone or with silence, so that what was said there cannot be heard. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lingting.domain import Audio

__all__ = ["PAD_SECONDS", "beeped"]

PAD_SECONDS = 0.12
"""On each side: word times of recognisers are off by about as much."""
TONE_HZ = 1_000.0
TONE_LEVEL = 0.2
"""Of full scale: as loud as speech, not louder."""


def beeped(audio: Audio, spans_seconds: Iterable[tuple[float, float]], *, is_silent: bool = False) -> Audio:
    """The same sound, nothing of it left within the spans.

    spans    start and end, in any order, overlaps and times outside the sound allowed
    keeps    length; every sample outside the padded spans
    """
    samples = audio.samples.copy()
    for start_seconds, end_seconds in spans_seconds:
        start = max(0, int((start_seconds - PAD_SECONDS) * audio.rate_hz))
        end = min(len(samples), int(np.ceil((end_seconds + PAD_SECONDS) * audio.rate_hz)))
        if start >= end:
            continue
        turns = np.arange(start, end, dtype=np.float64) * (2 * np.pi * TONE_HZ / audio.rate_hz)
        samples[start:end] = 0.0 if is_silent else (TONE_LEVEL * np.sin(turns)).astype(np.float32)
    return Audio(samples, audio.rate_hz)
