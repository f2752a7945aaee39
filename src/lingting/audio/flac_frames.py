"""FLAC as it arrives, cut into its frames: each is out when the next one begins, where FFmpeg's own search takes ten.

Source: RFC 9639, sections 7 to 9. Used in the decoder process; the frames are decoded by FFmpeg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["FlacFrame", "FlacFrames"]

_MAGIC = b"fLaC"
_STREAM_INFO_BYTES = 34
_MAX_HEADER_BYTES = 16
_START = re.compile(rb"\xff[\xf8\xf9]|" + _MAGIC)


class _Part(Enum):
    MAGIC = auto()
    METADATA = auto()
    FRAMES = auto()


@dataclass(frozen=True, slots=True)
class FlacFrame:
    """One whole frame, and what its stream says of itself, in the form that FFmpeg calls extradata."""

    data: bytes
    stream_info: bytes


class FlacFrames:
    """Takes bytes, gives frames whose check sum is right; another stream may follow the first.

    raises    ValueError for what is no FLAC, and when no frame ends where one must have ended
    """

    def __init__(self) -> None:
        self._part = _Part.MAGIC
        self._held = bytearray()
        self._stream_info = b""
        self._skip_bytes = 0
        self._is_last_block = False
        self._look_from = 2
        """Where in `_held` the search for the end of its first frame goes on."""

    def push(self, data: bytes) -> Iterator[FlacFrame]:
        self._held += data
        return self._frames(is_last=False)

    def finish(self) -> Iterator[FlacFrame]:
        """Yield what is still held, but for a frame that is cut off."""
        yield from self._frames(is_last=True)
        if self._part is _Part.FRAMES and self._held and not _crc16(self._held):
            yield FlacFrame(bytes(self._held), self._stream_info)

    def _frames(self, *, is_last: bool) -> Iterator[FlacFrame]:
        while True:
            if self._part is _Part.FRAMES:
                end = self._find_end(is_last=is_last)
                if end:
                    yield FlacFrame(bytes(self._held[:end]), self._stream_info)
                    del self._held[:end]
                    self._look_from = 2
                elif not self._held.startswith(_MAGIC):
                    return
                else:
                    self._part = _Part.MAGIC
            elif not (self._take_magic() if self._part is _Part.MAGIC else self._take_block()):
                return

    def _take_magic(self) -> bool:
        if len(self._held) < len(_MAGIC):
            return False
        if not self._held.startswith(_MAGIC):
            raise ValueError("a FLAC stream begins with fLaC")
        del self._held[: len(_MAGIC)]
        self._stream_info = b""
        self._part = _Part.METADATA
        return True

    def _take_block(self) -> bool:
        """Take one block of what comes before the frames; False when more bytes are needed."""
        skipped_bytes = min(self._skip_bytes, len(self._held))
        self._skip_bytes -= skipped_bytes
        del self._held[:skipped_bytes]
        if not self._skip_bytes and self._is_last_block:
            self._is_last_block = False
            self._part = _Part.FRAMES
            return True
        if self._skip_bytes or len(self._held) < 4 + (0 if self._stream_info else _STREAM_INFO_BYTES):
            return False
        kind, length_bytes = self._held[0] & 0x7F, int.from_bytes(self._held[1:4])
        if not self._stream_info:
            if kind != 0 or length_bytes < _STREAM_INFO_BYTES:
                raise ValueError("a FLAC stream describes itself first")
            self._stream_info = bytes(self._held[4 : 4 + _STREAM_INFO_BYTES])
        self._is_last_block = bool(self._held[0] & 0x80)
        self._skip_bytes = 4 + length_bytes
        return True

    def _find_end(self, *, is_last: bool) -> int:
        """Where the first frame in hand ends; 0 when that has not come yet."""
        if self._held.startswith(_MAGIC) or (len(self._held) < _MAX_HEADER_BYTES and not is_last):
            return 0
        header = _Header.read(self._held, 0)
        if header is None:
            if is_last:
                return 0
            raise ValueError("no FLAC frame where one must begin")
        while (start := _next_start(self._held, self._look_from)) >= 0:
            self._look_from = start
            if len(self._held) < start + _MAX_HEADER_BYTES and not is_last:
                return 0
            if self._is_next(start, header) and not _crc16(self._held[:start]):
                return start
            self._look_from = start + 1
        self._look_from = max(2, len(self._held) - len(_MAGIC) + 1)
        if len(self._held) > self._max_frame_bytes(header):
            raise ValueError("a FLAC frame that does not end")
        return 0

    def _is_next(self, start: int, header: _Header) -> bool:
        if self._held.startswith(_MAGIC, start):
            return True
        following = _Header.read(self._held, start)
        return following is not None and following.number == header.next_number

    def _max_frame_bytes(self, header: _Header) -> int:
        """Twice what the samples take when they are written out, with a bit more for the difference of channels."""
        channels = (self._stream_info[12] >> 1 & 7) + 1
        bits = ((self._stream_info[12] & 1) << 4 | self._stream_info[13] >> 4) + 1
        return 1_024 + 2 * channels * header.block_samples * (bits + 1) // 8


@dataclass(frozen=True, slots=True)
class _Header:
    """The parts of a frame's header that say how it goes on."""

    number: int
    next_number: int
    block_samples: int

    @classmethod
    def read(cls, data: bytearray, at: int) -> _Header | None:
        """None if there is none at that place, or if it is cut off."""
        try:
            return cls._read(data, at)
        except IndexError:
            return None

    @classmethod
    def _read(cls, data: bytearray, at: int) -> _Header | None:
        sizes, kinds = data[at + 2], data[at + 3]
        size_code, rate_code = sizes >> 4, sizes & 0x0F
        if data[at] != 0xFF or data[at + 1] & 0xFE != 0xF8 or not size_code or rate_code == 15 or kinds & 1:
            return None
        number, end = _coded_number(data, at + 4)
        if size_code in {6, 7}:
            extra_bytes = size_code - 5
            block_samples = int.from_bytes(data[end : end + extra_bytes]) + 1
            end += extra_bytes
        else:
            block_samples = _block_samples(size_code)
        end += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
        if number < 0 or data[end] != _crc8(data[at:end]):
            return None
        is_numbered_by_samples = data[at + 1] & 1
        return cls(number, number + (block_samples if is_numbered_by_samples else 1), block_samples)


def _block_samples(size_code: int) -> int:
    if size_code == 1:
        return 192
    return 576 << (size_code - 2) if size_code < 6 else 256 << (size_code - 8)


def _coded_number(data: bytearray, at: int) -> tuple[int, int]:
    """A number in UTF-8's way, of up to seven bytes, and where it ends; -1 if it is none."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 7:
        return -1, at + 1
    number = first & (0x7F >> length)
    for byte in data[at + 1 : at + length]:
        number = number << 6 | byte & 0x3F
    return number, at + length


def _next_start(data: bytearray, at: int) -> int:
    found = _START.search(data, at)
    return found.start() if found else -1


def _crc_table(bits: int, polynomial: int) -> tuple[int, ...]:
    table = []
    for index in range(256):
        value = index << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> (bits - 1) else 0)) & ((1 << bits) - 1)
        table.append(value)
    return tuple(table)


_CRC8, _CRC16 = _crc_table(8, 0x07), _crc_table(16, 0x8005)


def _crc8(data: bytearray) -> int:
    value = 0
    for byte in data:
        value = _CRC8[value ^ byte]
    return value


def _crc16(data: bytearray) -> int:
    """0 over a whole frame, which ends with its own sum."""
    value, table = 0, _CRC16
    for byte in data:
        value = (value << 8 & 0xFF00) ^ table[value >> 8 ^ byte]
    return value
