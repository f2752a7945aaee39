"""Recorded speech as headerless samples, as clients of live doors send it."""

from __future__ import annotations

import io

import av

__all__ = ["pcm_of", "pieces_of"]


def pcm_of(recording: bytes, rate_hz: int = 16_000) -> bytes:
    """16-bit samples, mono."""
    parts = []
    with av.open(io.BytesIO(recording)) as source:
        resampler = av.AudioResampler("s16", "mono", rate_hz)
        for frame in source.decode(audio=0):
            parts += [part.to_ndarray().tobytes() for part in resampler.resample(frame)]
        parts += [part.to_ndarray().tobytes() for part in resampler.resample(None)]
    return b"".join(parts)


def pieces_of(data: bytes, size_bytes: int) -> list[bytes]:
    return [data[first : first + size_bytes] for first in range(0, len(data), size_bytes)]
