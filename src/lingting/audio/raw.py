"""Headerless PCM whose format the caller declared: nothing to probe, so only its length can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lingting.audio.block import MAX_RATE_HZ, MIN_RATE_HZ, Block
from lingting.audio.pcm import BYTES_PER_SAMPLE, from_pcm
from lingting.domain import AudioInfo, PcmFormat
from lingting.domain.errors import AudioTooLong, AudioUndecodable, InvalidOption

__all__ = ["RawReader", "check_declaration"]


def check_declaration(pcm: PcmFormat, max_channels: int) -> None:
    """raises InvalidOption, naming the field that cannot be"""
    if pcm.encoding not in BYTES_PER_SAMPLE:
        raise InvalidOption("encoding", f"{str(pcm.encoding)[:20]!r} is not one of {', '.join(BYTES_PER_SAMPLE)}")
    if not MIN_RATE_HZ <= pcm.rate_hz <= MAX_RATE_HZ:
        raise InvalidOption("rate_hz", f"{pcm.rate_hz} is outside {MIN_RATE_HZ} to {MAX_RATE_HZ}")
    if not 1 <= pcm.channels <= max_channels:
        raise InvalidOption("channels", f"{pcm.channels} is outside 1 to {max_channels}")


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
