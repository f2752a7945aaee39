"""How the samples of a WAV file lie: read from its "fmt " chunk, turned into float32."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lingting.audio.block import MAX_RATE_HZ, MIN_RATE_HZ
from lingting.audio.pcm import from_pcm, to_float
from lingting.domain.errors import AudioUndecodable

__all__ = ["WavLayout"]

MAX_CHANNELS = 16
_WHOLE, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
"""Source: Microsoft, mmreg.h, WAVE_FORMAT_PCM and the following."""
_BITS = {_WHOLE: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _MULAW: (8,)}
_FIELDS = struct.Struct("<HHIIHH")
_SUBFORMAT = struct.Struct("<H")
_SUBFORMAT_OFFSET = 24


@dataclass(frozen=True, slots=True)
class WavLayout:
    """Interleaved samples of one kind."""

    kind: int
    bits: int
    rate_hz: int
    channels: int

    @classmethod
    def read(cls, body: bytes) -> Self:
        """raises AudioUndecodable for what is damaged, or no plain samples"""
        if len(body) < _FIELDS.size:
            raise AudioUndecodable("a WAV file with a damaged header")
        kind, channels, rate_hz, _, _, bits = _FIELDS.unpack_from(body)
        if kind == _EXTENSIBLE and len(body) >= _SUBFORMAT_OFFSET + _SUBFORMAT.size:
            (kind,) = _SUBFORMAT.unpack_from(body, _SUBFORMAT_OFFSET)
        if bits not in _BITS.get(kind, ()):
            raise AudioUndecodable(
                "a WAV file whose samples are not plain ones; live, it holds whole numbers of 8 to 32 bits, floats, "
                "mu-law or A-law"
            )
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise AudioUndecodable(f"a WAV file at {rate_hz} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be decoded")
        if not 1 <= channels <= MAX_CHANNELS:
            raise AudioUndecodable(f"a WAV file with {channels} channels; 1 to {MAX_CHANNELS} can be decoded")
        return cls(kind, bits, rate_hz, channels)

    @property
    def frame_bytes(self) -> int:
        return self.bits // 8 * self.channels

    def samples(self, data: bytes) -> NDArray[np.float32]:
        """Whole frames as float32 of shape (channels, n)."""
        return self._flat(data).reshape(-1, self.channels).T

    def _flat(self, data: bytes) -> NDArray[np.float32]:
        if self.kind in {_ALAW, _MULAW}:
            return from_pcm(data, "alaw" if self.kind == _ALAW else "mulaw")
        if self.kind == _FLOAT:
            return to_float(np.frombuffer(data, f"<f{self.bits // 8}"))
        if self.bits == 24:
            # The three bytes become the upper ones of a number of 32 bits, which has the same scale.
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return to_float(wide.view("<i4").reshape(-1))
        return to_float(np.frombuffer(data, np.uint8 if self.bits == 8 else f"<i{self.bits // 8}"))
