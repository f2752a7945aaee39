"""Sample formats in and out of float32: the only place in the house that clips and rounds.

Companding tables follow ITU-T G.711. Nothing here knows about rates; `resample` does that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples
from lingting.domain.audio import PcmEncoding, pcm16

__all__ = ["BYTES_PER_SAMPLE", "clean", "from_pcm", "to_float", "to_pcm"]

BYTES_PER_SAMPLE: dict[PcmEncoding, int] = {"s16le": 2, "f32le": 4, "mulaw": 1, "alaw": 1}

_MULAW_BIAS = 0x84
"""Added before the exponent is taken. Source: ITU-T G.711, mu-law."""


def clean(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples that are finite and inside -1..1: NaN becomes silence, the rest is clipped."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    clipped: NDArray[np.float32] = np.clip(finite, np.float32(-1.0), np.float32(1.0))
    return clipped


def to_float(samples: NDArray[np.generic]) -> NDArray[np.float32]:
    """Scale any PCM array (unsigned 8 bit, signed 16 to 64 bit, float) to float32 in -1..1; the shape is kept."""
    kind, size_bytes = samples.dtype.kind, samples.dtype.itemsize
    if kind == "u":
        middle = float(1 << (8 * size_bytes - 1))
        return ((samples.astype(np.float64) - middle) / middle).astype(np.float32)
    if kind == "i":
        full_scale = float(1 << (8 * size_bytes - 1))
        # Dividing by a power of two is exact in float32 up to 24 bits, and rounds beyond them.
        return samples.astype(np.float32) / np.float32(full_scale)
    with np.errstate(over="ignore"):
        return clean(samples.astype(np.float32))


def from_pcm(data: bytes, encoding: PcmEncoding) -> Samples:
    """Return headerless PCM as float32, in the order of the bytes; channels stay interleaved.

    raises    ValueError if the bytes are not a whole number of samples
    """
    if encoding == "s16le":
        return to_float(np.frombuffer(data, dtype="<i2"))
    if encoding == "f32le":
        return clean(np.frombuffer(data, dtype="<f4").astype(np.float32))
    table = _MULAW_TABLE if encoding == "mulaw" else _ALAW_TABLE
    return table[np.frombuffer(data, dtype=np.uint8)]


def to_pcm(samples: Samples, encoding: PcmEncoding) -> bytes:
    """Return float32 samples as headerless PCM, clipped and rounded to the nearest step."""
    if encoding == "f32le":
        return clean(samples).astype("<f4").tobytes()
    steps = pcm16(samples)
    if encoding == "s16le":
        return steps.astype("<i2").tobytes()
    levels = _MULAW_LEVELS if encoding == "mulaw" else _ALAW_LEVELS
    return _nearest_code(steps, levels)


def _mulaw_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = ((code >> 4) & 7).astype(np.int32), (code & 0x0F).astype(np.int32)
    magnitude = (((mantissa << 3) + _MULAW_BIAS) << exponent) - _MULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = ((code >> 4) & 7).astype(np.int32), (code & 0x0F).astype(np.int32)
    base = (mantissa << 4) + 8
    magnitude = np.where(exponent > 0, (base + 0x100) << np.maximum(exponent - 1, 0), base)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _sorted_levels(table: NDArray[np.int16]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    order = np.argsort(table, kind="stable")
    return table[order].astype(np.int32), order.astype(np.uint8)


def _nearest_code(steps: NDArray[np.int16], levels: tuple[NDArray[np.int32], NDArray[np.uint8]]) -> bytes:
    values, codes = levels
    borders = (values[:-1] + values[1:]) / 2
    return codes[np.searchsorted(borders, steps)].tobytes()


_MULAW_LEVELS, _ALAW_LEVELS = _sorted_levels(_mulaw_table()), _sorted_levels(_alaw_table())
_MULAW_TABLE, _ALAW_TABLE = to_float(_mulaw_table()), to_float(_alaw_table())
