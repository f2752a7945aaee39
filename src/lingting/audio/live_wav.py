"""A WAV file as it arrives: its few headers are read here, field by field, so it needs no FFmpeg and no process.

Only plain samples are taken (whole numbers, floats, mu-law, A-law); a live source has no reason to send ADPCM.
"""

from __future__ import annotations

import struct
from enum import Enum, auto

import numpy as np

from lingting.audio import sniff
from lingting.audio.block import Block
from lingting.audio.live_mono import NO_SAMPLES, MonoStream
from lingting.audio.wav_layout import WavLayout
from lingting.domain import Samples
from lingting.domain.errors import AudioUndecodable, ShuttingDown

__all__ = ["WavDecoder"]

MAX_HEADER_BYTES = 65_536
"""How much may come before the sound; titles and marks fit many times over."""
_FILE_BYTES, _CHUNK_BYTES = 12, 8
_ENDLESS = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)
"""What writers put for the length of a sound whose end they do not know yet."""
_AFTER_SOUND = (b"LIST", b"id3 ", b"ID3 ", b"fact", b"cue ", b"bext", b"JUNK", b"PAD ", b"smpl", b"iXML", b"_PMX")
"""Chunks that follow the sound in files of common programs."""


class _Part(Enum):
    HEADER = auto()
    SOUND = auto()
    TAIL = auto()


class WavDecoder:
    """A `LiveDecoder` for the container "wav".

    A declared length of 0 or all ones is a stream. So is any other that more sound follows: a header written ahead
    of the sound is a guess. A second file after the first is read on.
    """

    def __init__(self) -> None:
        self._part = _Part.HEADER
        self._held = bytearray()
        self._layout: WavLayout | None = None
        self._left_bytes: int | None = None
        """Of the sound, in whole frames; None for a stream."""
        self._odd_bytes = 0
        """What the header declares past the last whole frame, with padding."""
        self._skip_bytes = 0
        self._mono = MonoStream()
        self._is_closed = False

    def push(self, data: bytes) -> Samples:
        """raises AudioUndecodable; ShuttingDown after `close`"""
        if self._is_closed:
            raise ShuttingDown("the decoding was stopped", retry_after_seconds=1.0)
        self._held += data
        ready = [NO_SAMPLES]
        while self._advance(ready):
            pass
        return np.concatenate(ready)

    def finish(self) -> Samples:
        """raises AudioUndecodable if bytes have come, but no sound's beginning"""
        if self._layout is None and self._held:
            raise AudioUndecodable("declared as wav, but it ended within its header")
        return self._mono.finish()

    def close(self) -> None:
        self._is_closed = True

    def _advance(self, ready: list[Samples]) -> bool:
        """Take one part as far as it has come; False when more bytes are needed."""
        if self._part is _Part.HEADER:
            return self._take_header()
        if self._part is _Part.SOUND:
            return self._take_sound(ready)
        return self._take_tail()

    def _take_header(self) -> bool:
        if len(self._held) < _FILE_BYTES:
            return False
        if not _begins_file(self._held):
            raise AudioUndecodable(f"declared as wav, but it looks like {sniff.describe(bytes(self._held[:64]))}")
        layout, start = None, _FILE_BYTES
        while len(self._held) >= start + _CHUNK_BYTES:
            name, length_bytes = struct.unpack_from("<4sI", self._held, start)
            start += _CHUNK_BYTES
            if name == b"data":
                self._begin_sound(layout, length_bytes, start)
                return True
            if name == b"fmt " and len(self._held) >= start + length_bytes:
                layout = WavLayout.read(bytes(self._held[start : start + length_bytes]))
            start += length_bytes + length_bytes % 2
        if max(start, len(self._held)) > MAX_HEADER_BYTES:
            raise AudioUndecodable(f"a WAV file without sound in its first {MAX_HEADER_BYTES} bytes")
        return False

    def _begin_sound(self, layout: WavLayout | None, length_bytes: int, start: int) -> None:
        if layout is None:
            raise AudioUndecodable("a WAV file whose sound comes before its format")
        self._layout, self._part = layout, _Part.SOUND
        self._odd_bytes = length_bytes % layout.frame_bytes + length_bytes % 2
        self._left_bytes = None if length_bytes in _ENDLESS else length_bytes - length_bytes % layout.frame_bytes
        del self._held[:start]

    def _take_sound(self, ready: list[Samples]) -> bool:
        assert self._layout is not None
        there_bytes = len(self._held) if self._left_bytes is None else min(len(self._held), self._left_bytes)
        whole_bytes = there_bytes - there_bytes % self._layout.frame_bytes
        if whole_bytes:
            samples = self._layout.samples(bytes(self._held[:whole_bytes]))
            ready.append(self._mono.push(Block(samples, self._layout.rate_hz)))
            del self._held[:whole_bytes]
        if self._left_bytes is None:
            return False
        self._left_bytes -= whole_bytes
        if not self._left_bytes:
            self._part = _Part.TAIL
        return not self._left_bytes

    def _take_tail(self) -> bool:
        """Find out what follows the declared sound: chunks without sound, another file, or more of the sound."""
        skipped_bytes = min(self._skip_bytes, len(self._held))
        self._skip_bytes -= skipped_bytes
        del self._held[:skipped_bytes]
        if len(self._held) < self._odd_bytes + _FILE_BYTES:
            return False
        name, length_bytes = struct.unpack_from("<4sI", self._held, self._odd_bytes)
        if _begins_file(self._held[self._odd_bytes :]):
            del self._held[: self._odd_bytes]
            self._part = _Part.HEADER
        elif name in _AFTER_SOUND:
            self._skip_bytes = self._odd_bytes + _CHUNK_BYTES + length_bytes + length_bytes % 2
            self._odd_bytes = 0
        else:
            self._left_bytes = None
            self._part = _Part.SOUND
        return True


def _begins_file(data: bytearray) -> bool:
    return data.startswith((b"RIFF", b"RF64")) and data[8:12] == b"WAVE"
