"""MP3 as it comes from elsewhere, piece by piece, as samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from lingting.domain import Samples

__all__ = ["Mp3Stream"]


MOST_DAMAGED = 3
"""Packets, of all."""


class Mp3Stream:
    """One stream of one channel; however its bytes are cut, its sound is the same.

    raises    ValueError for what is no MP3, or not at the rate; tags before the sound are passed over
    """

    def __init__(self, rate_hz: int) -> None:
        codec = av.CodecContext.create("mp3float", "r")
        assert isinstance(codec, AudioCodecContext)
        self._codec = codec
        self._rate_hz = rate_hz
        self._damaged = 0
        self._has_sound = False

    def push(self, data: bytes) -> Iterator[Samples]:
        """What can be heard of what came."""
        yield from self._decoded(self._codec.parse(data))

    def finish(self) -> Iterator[Samples]:
        yield from self._decoded([*self._codec.parse(b""), None])
        if not self._has_sound:
            raise ValueError("no MP3")

    def _decoded(self, packets: Sequence[av.Packet[Any] | None]) -> Iterator[Samples]:
        for packet in packets:
            try:
                frames = self._codec.decode(packet)
            except av.FFmpegError as problem:
                self._damaged += 1
                if self._damaged > MOST_DAMAGED:
                    raise ValueError("no MP3") from problem
                continue
            for frame in frames:
                if frame.sample_rate != self._rate_hz or frame.layout.nb_channels != 1:
                    raise ValueError("another rate or more channels than were asked for")
                self._has_sound = True
                yield np.ascontiguousarray(frame.to_ndarray()[0], np.float32)
