"""WeChat and QQ voice messages: SILK v3 behind a one-line header, decoded by the optional silk-python.

Runs in the decoder process only. A voice message is short, so it is decoded whole; the frame table is walked
first, so a cut or an over-long file costs nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import BinaryIO

import numpy as np

from lingting.audio.block import Block
from lingting.audio.pcm import from_pcm
from lingting.domain import SAMPLE_RATE_HZ, AudioInfo
from lingting.domain.errors import AudioTooLong, AudioUndecodable

__all__ = ["SilkReader", "is_silk", "load_codec"]

_MAGIC = b"#!SILK_V3"
_FRAME_SECONDS = 0.02
_BLOCK_SAMPLES = SAMPLE_RATE_HZ
_MAX_FRAME_BYTES = 1_024
"""The most one packet may hold. Source: SKP_Silk_define.h, MAX_ARITHM_BYTES."""


def is_silk(head: bytes) -> bool:
    """True for a SILK header, with or without the byte 0x02 that WeChat writes before it."""
    return head.removeprefix(b"\x02").startswith(_MAGIC)


def load_codec() -> bool:
    """Import silk-python if it is installed, and say whether it is."""
    if find_spec("pysilk") is None:
        return False
    import_module("pysilk")
    return True


class SilkReader:
    """One SILK file, checked; `blocks` decodes it.

    raises    AudioUndecodable if it is cut, empty or damaged, or silk-python is not installed; AudioTooLong
    """

    def __init__(self, file: BinaryIO, *, max_seconds: float) -> None:
        if not load_codec():
            raise AudioUndecodable("WeChat SILK audio needs one more package: pip install lingting[silk]")
        self._frames = _read_frames(file)
        duration_seconds = len(self._frames) * _FRAME_SECONDS
        if duration_seconds > max_seconds:
            raise AudioTooLong(max_seconds)
        self.info = AudioInfo("silk", "silk", SAMPLE_RATE_HZ, 1, duration_seconds)

    def blocks(self) -> Iterator[Block]:
        """The whole sound at 16 kHz, the rate the codec was asked for, in blocks of one second."""
        pysilk = import_module("pysilk")
        packed = b"".join(len(frame).to_bytes(2, "little") + frame for frame in self._frames)
        out = io.BytesIO()
        try:
            pysilk.decode(io.BytesIO(_MAGIC + packed), out, SAMPLE_RATE_HZ)
        except pysilk.SilkError as error:
            raise AudioUndecodable("WeChat SILK audio, damaged") from error
        samples = np.frombuffer(out.getbuffer(), dtype="<i2")
        if not len(samples):
            raise AudioUndecodable("WeChat SILK audio without any sound in it")
        for start in range(0, len(samples), _BLOCK_SAMPLES):
            yield Block(
                from_pcm(samples[start : start + _BLOCK_SAMPLES].tobytes(), "s16le")[np.newaxis, :], SAMPLE_RATE_HZ
            )

    def close(self) -> None:
        self._frames = []


def _read_frames(file: BinaryIO) -> list[bytes]:
    file.seek(0)
    data = file.read().removeprefix(b"\x02").removeprefix(_MAGIC)
    frames: list[bytes] = []
    position = 0
    while position + 2 <= len(data):
        length = int.from_bytes(data[position : position + 2], "little")
        position += 2
        if length == 0xFFFF:  # the end, where the writer marks it
            break
        if length > _MAX_FRAME_BYTES:
            raise AudioUndecodable("WeChat SILK audio, damaged: a frame is longer than the codec allows")
        if position + length > len(data):
            raise AudioUndecodable("WeChat SILK audio, cut in the middle of a frame")
        frames.append(data[position : position + length])
        position += length
    if not frames:
        raise AudioUndecodable("WeChat SILK audio without any sound in it")
    return frames
