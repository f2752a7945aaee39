"""What live audio may come as, and the stream of 16 kHz samples made of it, however it was cut on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from lingting.domain import PcmFormat, Samples

__all__ = ["CONTAINERS", "Container", "LiveDecoder", "LiveFormat", "LiveSettings"]

Container = Literal["webm", "ogg", "mp3", "aac", "flac", "wav"]
CONTAINERS: tuple[Container, ...] = ("webm", "ogg", "mp3", "aac", "flac", "wav")
"""What can be decoded while it arrives: a browser's MediaRecorder makes WebM or Ogg, with Opus inside."""


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
