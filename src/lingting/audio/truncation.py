"""Whether a file ends before its own header says: pure rules over its bytes, one per container.

A streaming header that promises nothing (size 0 or all ones) is legal and never counts as cut short.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["missing_wav_bytes", "ogg_is_cut", "xing_samples"]

STREAMING_SIZE_BYTES = 0x7FFF_F000
"""From here up a RIFF size is a placeholder: sox writes this one, ffmpeg and others all ones."""
_MAX_CHUNKS = 64
_OGG_TAIL_BYTES = 128 * 1024
"""More than one Ogg page can be (65,307 bytes). Source: RFC 3533."""
_MP3_HEAD_BYTES = 4096
_ID3_HEADER = struct.Struct(">3sBBB4B")
_SAMPLES_PER_FRAME = {3: 1152, 2: 576, 0: 576}
"""Layer III, by the version bits of the frame header (MPEG 1, 2, 2.5)."""


def missing_wav_bytes(file: BinaryIO, size_bytes: int) -> int:
    """How many bytes of a RIFF/WAVE data chunk are promised and not there; 0 for any other file."""
    head = _read_at(file, 0, 12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0
    position = 12
    for _ in range(_MAX_CHUNKS):
        chunk = _read_at(file, position, 8)
        if len(chunk) < 8:
            return 0
        name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        position += 8
        if name == b"data":
            return 0 if length >= STREAMING_SIZE_BYTES else max(0, position + length - size_bytes)
        position += length + length % 2
    return 0


def ogg_is_cut(file: BinaryIO, size_bytes: int) -> bool:
    """True when the last page of an Ogg file runs past the end of the file."""
    start = max(0, size_bytes - _OGG_TAIL_BYTES)
    tail = _read_at(file, start, _OGG_TAIL_BYTES)
    page = tail.rfind(b"OggS")
    if page < 0:
        return False
    segments = tail[page + 26 : page + 27]
    if not segments:
        return True
    table = tail[page + 27 : page + 27 + segments[0]]
    return page + 27 + segments[0] + sum(table) > len(tail)


def xing_samples(file: BinaryIO) -> int | None:
    """How many samples an MP3's Xing or Info header promises; None when it has none."""
    start = _id3_length_bytes(_read_at(file, 0, 10))
    head = _read_at(file, start, _MP3_HEAD_BYTES)
    sync = head.find(b"\xff")
    tag = max(head.find(b"Xing"), head.find(b"Info"))
    if sync < 0 or tag < sync or len(head) < tag + 12 or not head[tag + 7] & 1:
        return None
    frames = int.from_bytes(head[tag + 8 : tag + 12], "big")
    return frames * _SAMPLES_PER_FRAME.get((head[sync + 1] >> 3) & 3, 1152)


def _id3_length_bytes(head: bytes) -> int:
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    *_, a, b, c, d = _ID3_HEADER.unpack(head)
    return 10 + ((a & 127) << 21 | (b & 127) << 14 | (c & 127) << 7 | (d & 127))


def _read_at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    data: bytes = file.read(length)
    return data
