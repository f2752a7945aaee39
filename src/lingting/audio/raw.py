"""Headerless PCM whose format the caller declared: nothing to probe, so only its length can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lingting.audio.block import Block
from lingting.audio.pcm import BYTES_PER_SAMPLE, from_pcm
from lingting.domain import AudioInfo, PcmFormat
from lingting.domain.errors import AudioTooLong, AudioUndecodable

__all__ = ["RawReader"]


class RawReader:
    """One run of headerless samples.

    raises    AudioUndecodable if the bytes are not a whole number of frames; AudioTooLong
    """

    def __init__(self, file: BinaryIO, size_bytes: int, pcm: PcmFormat, *, max_seconds: float) -> None:
        self._file, self._pcm = file, pcm
        frame_bytes = BYTES_PER_SAMPLE[pcm.encoding] * pcm.channels
        if size_bytes % frame_bytes:
            raise AudioUndecodable(
                f"{size_bytes} bytes are no whole number of {pcm.encoding} frames of {frame_bytes} bytes; "
                "check the declared encoding and channels"
            )
        duration_seconds = size_bytes / frame_bytes / pcm.rate_hz
        if duration_seconds > max_seconds:
            raise AudioTooLong(max_seconds)
        self._block_bytes = frame_bytes * pcm.rate_hz
        self.info = AudioInfo("raw", pcm.encoding, pcm.rate_hz, pcm.channels, duration_seconds)

    def blocks(self) -> Iterator[Block]:
        """The samples in blocks of one second."""
        self._file.seek(0)
        while data := self._file.read(self._block_bytes):
            samples = from_pcm(data, self._pcm.encoding).reshape(-1, self._pcm.channels)
            yield Block(samples.T, self._pcm.rate_hz)

    def close(self) -> None:
        """Nothing is held."""
