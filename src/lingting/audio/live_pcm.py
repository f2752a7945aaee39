"""Headerless samples as they arrive: cheap enough to be decoded in the server itself, and nothing in them to parse."""

from __future__ import annotations

import numpy as np

from lingting.audio.block import Block
from lingting.audio.live_mono import NO_SAMPLES, MonoStream
from lingting.audio.pcm import BYTES_PER_SAMPLE, from_pcm
from lingting.domain import PcmFormat, Samples
from lingting.domain.audio import PcmEncoding
from lingting.domain.errors import ShuttingDown

__all__ = ["PcmDecoder"]


class PcmDecoder:
    """A `LiveDecoder` of one declared format; gives the same samples however the bytes are cut.

    A frame of which a part has come waits for the rest. What is held back is said at `MonoStream`. A float that is
    no number, or infinite, is silence; beyond -1..1 it is clipped. No bytes are wrong, so nothing is ever undecodable.
    """

    def __init__(self, pcm: PcmFormat) -> None:
        self._pcm = pcm
        self._frame_bytes = BYTES_PER_SAMPLE[pcm.encoding] * pcm.channels
        self._part = b""
        self._mono = MonoStream()
        self._is_closed = False

    def push(self, data: bytes) -> Samples:
        """raises ShuttingDown after `close`"""
        if self._is_closed:
            raise ShuttingDown("the decoding was stopped", retry_after_seconds=1.0)
        data = self._part + data
        whole_bytes = len(data) - len(data) % self._frame_bytes
        self._part = data[whole_bytes:]
        if not whole_bytes:
            return NO_SAMPLES
        samples = from_pcm(_without_infinities(data[:whole_bytes], self._pcm.encoding), self._pcm.encoding)
        return self._mono.push(Block(samples.reshape(-1, self._pcm.channels).T, self._pcm.rate_hz))

    def finish(self) -> Samples:
        self._part = b""
        return self._mono.finish()

    def close(self) -> None:
        self._is_closed = True


def _without_infinities(data: bytes, encoding: PcmEncoding) -> bytes:
    """Silence instead of an infinity, which clipped would be a click of full scale."""
    if encoding != "f32le":
        return data
    values = np.frombuffer(data, dtype="<f4")
    finite = np.isfinite(values)
    return data if finite.all() else np.where(finite, values, np.float32(0.0)).astype("<f4").tobytes()
