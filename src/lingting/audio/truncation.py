"""Whether a file ends before its own header says: pure rules over its bytes, one per container.

A streaming header that promises nothing (size 0 or all ones) is legal and never counts as cut short.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["missing_bytes", "ogg_is_cut", "xing_samples"]

STREAMING_SIZE_BYTES = 0x7FFF_F000
"""From here up a RIFF size is a placeholder: sox writes this one, ffmpeg and others all ones."""
WAV_SLACK_SECONDS, MIN_SLACK_BYTES = 0.1, 64
_MAX_CHUNKS = 64
_FAR = 1 << 62
"""Past the end of any file, and still a position that can be sought."""
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_PROPERTIES_BYTES = 104
_ASF_HEAD_BYTES = 8_192
"""Source: Advanced Systems Format specification, sections 3.1 and 3.2."""
_OGG_TAIL_BYTES = 128 * 1024
"""More than one Ogg page can be (65,307 bytes). Source: RFC 3533."""
_MP3_HEAD_BYTES = 4096
_SAMPLES_PER_FRAME = {3: 1152, 2: 576, 0: 576}
"""Layer III, by the version bits of the frame header (MPEG 1, 2, 2.5)."""


def missing_bytes(file: BinaryIO, size_bytes: int) -> int:
    """How many bytes of sound a WAV, CAF or ASF header promises and the file does not hold; 0 for other files.

    WAV headers are often a little wrong; what is within a tenth of a second of the size counts as whole.
    """
    head = _read_at(file, 0, 16)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        slack_bytes = struct.unpack("<I", _read_at(file, 28, 4).ljust(4, b"\0"))[0] * WAV_SLACK_SECONDS
        missing = _data_end(file, 12, "<4sI", streaming_from=STREAMING_SIZE_BYTES) - size_bytes
        return missing if missing > max(slack_bytes, MIN_SLACK_BYTES) else 0
    if head[:4] == b"caff":
        return max(0, _data_end(file, 8, ">4sQ", streaming_from=1 << 63) - size_bytes)
    if head == _ASF_HEADER:
        return max(0, _asf_size_bytes(_read_at(file, 0, _ASF_HEAD_BYTES)) - size_bytes)
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


def _data_end(file: BinaryIO, position: int, layout: str, *, streaming_from: int) -> int:
    """Where the chunk named data ends, by its header; 0 if there is none, or it does not say."""
    head_bytes = struct.calcsize(layout)
    for _ in range(_MAX_CHUNKS):
        head = _read_at(file, position, head_bytes)
        if len(head) < head_bytes:
            return 0
        name, length = struct.unpack(layout, head)
        position += head_bytes
        if name == b"data":
            return 0 if length >= streaming_from else position + int(length)
        position = min(position + length + (length % 2 if layout[0] == "<" else 0), _FAR)
    return 0


def _asf_size_bytes(head: bytes) -> int:
    """The file size in the File Properties Object; 0 if it is not there, or the file is a broadcast."""
    start = head.find(_ASF_PROPERTIES)
    properties = head[start : start + _ASF_PROPERTIES_BYTES]
    if start < 0 or len(properties) < _ASF_PROPERTIES_BYTES or properties[88] & 1:
        return 0
    return int.from_bytes(properties[40:48], "little")


def _id3_length_bytes(head: bytes) -> int:
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    a, b, c, d = head[6:10]
    return 10 + ((a & 127) << 21 | (b & 127) << 14 | (c & 127) << 7 | (d & 127))


def _read_at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    data: bytes = file.read(length)
    return data
