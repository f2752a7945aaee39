"""What live audio may come as, and the stream of 16 kHz samples made of it, however it was cut on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from lingting.domain import PcmFormat, Samples

__all__ = ["CONTAINERS", "HEAD_BYTES", "Container", "LiveDecoder", "LiveFormat", "LiveSettings", "container_of"]

Container = Literal["webm", "ogg", "mp3", "aac", "flac", "wav", "amr"]
CONTAINERS: tuple[Container, ...] = ("webm", "ogg", "mp3", "aac", "flac", "wav", "amr")
"""What can be decoded while it arrives: a browser's MediaRecorder makes WebM or Ogg, with Opus inside."""

HEAD_BYTES = 4
"""Enough to know a container by."""
SIGNATURES: tuple[tuple[bytes, Container], ...] = (
    (b"RIFF", "wav"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
)
MPEG_SYNC, MPEG_LAYER, LAYER_3 = 0xE0, 0x06, 0x02
"""Of the second byte of a frame of MPEG audio, after one of 0xFF; ADTS, which AAC comes in, has no layer.
Source: ISO/IEC 11172-3, section 2.4.1.3, and 13818-7, section 6.2."""


def container_of(head: bytes) -> Container | None:
    """The container whose first bytes these are; None for headerless samples, and for what cannot be decoded live."""
    for signature, container in SIGNATURES:
        if head.startswith(signature):
            return container
    if len(head) < 2 or head[0] != 0xFF or head[1] & MPEG_SYNC != MPEG_SYNC:
        return None
    layer = head[1] & MPEG_LAYER
    return "mp3" if layer == LAYER_3 else "aac" if layer == 0 and head[1] & 0xF0 == 0xF0 else None


@dataclass(frozen=True, slots=True)
class LiveFormat:
    """Headerless samples, or a container that arrives in chunks."""

    pcm: PcmFormat | None = PcmFormat()  # noqa: RUF009 - frozen
    """None when `container` is given."""
    container: Container | None = None


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Limits on compressed live streams; headerless samples and WAV need none."""

    max_processes: int = 32
    """Streams at once; each has a process of about 50 MB."""
    spare_processes: int = 1
    """Kept ready on top, so that a stream begins at once."""
    memory_bytes: int = 256 * 1024 * 1024
    """Per process, on top of what its libraries map."""
    prompt_seconds: float = 0.05
    """How long a push may wait for the sound of its own bytes; what takes longer comes with the next push."""
    stall_seconds: float = 10.0
    """How long a process may have bytes in hand and give no sign of life."""


class LiveDecoder(Protocol):
    """One stream's decoder. Blocking; used by one thread at a time, which need not be the same each time."""

    def push(self, data: bytes) -> Samples:
        """Take any number of bytes, be it one, and return the 16 kHz mono samples that are ready; may be none.

        raises    AudioUndecodable, after which only `close` may be called
        """
        ...

    def finish(self) -> Samples:
        """Return the rest; nothing may be pushed afterwards. Half a frame at the end is dropped.

        raises    AudioUndecodable
        """
        ...

    def close(self) -> None:
        """Give everything back; may be called at any time, twice, and from another thread."""
        ...
