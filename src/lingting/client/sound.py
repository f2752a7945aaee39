"""How a client's audio is written: what a second of it weighs, and samples as the bytes that were announced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingting.domain.errors import InvalidOption

__all__ = ["Sound", "StreamFormat"]

Sound = bytes | bytearray | memoryview | NDArray[np.float32]
"""What can be sent: bytes of the announced encoding, or samples of shape (n,) or (n, channels), -1..1."""

_SAMPLE_BYTES = {
    "linear16": 2, "pcm": 2, "s16le": 2, "pcm_s16le": 2,
    "float32": 4, "f32le": 4, "pcm_f32le": 4,
    "mulaw": 1, "pcmu": 1, "alaw": 1, "pcma": 1,
}  # fmt: skip
"""Encodings without a header; all others are containers."""
_SILENT = {"mulaw": b"\xff", "pcmu": b"\xff", "alaw": b"\xd5", "pcma": b"\xd5"}
"""Zeros elsewhere. Source: ITU-T G.711."""
_PCM_SCALE = 32_767


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What the server is told of the audio."""

    encoding: str = "LINEAR16"
    rate_hz: int = 16_000
    channels: int = 1

    @property
    def frame_bytes(self) -> int | None:
        """One sample of every channel; None for a container, whose bytes say nothing of time."""
        sample_bytes = _SAMPLE_BYTES.get(self.encoding.lower())
        return None if sample_bytes is None else sample_bytes * self.channels

    def position_bytes(self, milliseconds: int) -> int:
        """Where in the audio this time is, on a whole frame; 0 in a container."""
        return milliseconds * self.rate_hz // 1_000 * (self.frame_bytes or 0)

    def seconds(self, position_bytes: int) -> float:
        """The time at a position; 0 in a container."""
        return position_bytes / self.frame_bytes / self.rate_hz if self.frame_bytes else 0.0

    def silence(self, length_bytes: int) -> bytes:
        return _SILENT.get(self.encoding.lower(), b"\0") * length_bytes

    def encode(self, sound: Sound) -> bytes:
        """raises    InvalidOption for samples of another type or shape, or in an encoding that has none"""
        if not isinstance(sound, np.ndarray):
            return bytes(sound)
        if sound.dtype != np.float32 or sound.ndim not in (1, 2) or self._channels_of(sound) != self.channels:
            shape = "(n,)" if self.channels == 1 else f"(n, {self.channels})"
            raise InvalidOption("audio", f"send float32 samples of shape {shape}, not {sound.dtype} {sound.shape}")
        sample_bytes = _SAMPLE_BYTES.get(self.encoding.lower())
        if sample_bytes == _SAMPLE_BYTES["float32"]:
            return sound.astype("<f4").tobytes()
        if sample_bytes == _SAMPLE_BYTES["linear16"]:
            return np.round(np.clip(sound, -1.0, 1.0) * _PCM_SCALE).astype("<i2").tobytes()
        raise InvalidOption(
            "audio", f"samples cannot be sent as {self.encoding}; use LINEAR16 or FLOAT32, or send bytes"
        )

    @staticmethod
    def _channels_of(sound: NDArray[np.float32]) -> int:
        return 1 if sound.ndim == 1 else int(sound.shape[1])
