"""What live audio may come as, and the stream of 16 kHz samples made of it, however it was cut on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from lingting.domain import PcmFormat, Samples

__all__ = ["CONTAINERS", "LiveDecoder", "LiveFormat"]

Container = Literal["webm", "ogg", "mp3", "aac", "flac", "wav"]
CONTAINERS: tuple[Container, ...] = ("webm", "ogg", "mp3", "aac", "flac", "wav")
"""What can be decoded while it arrives: a browser's MediaRecorder makes WebM or Ogg, with Opus inside."""


@dataclass(frozen=True, slots=True)
class LiveFormat:
    """Headerless samples, or a container that arrives in chunks."""

    pcm: PcmFormat | None = PcmFormat()  # noqa: RUF009 - frozen
    """None when `container` is given."""
    container: Container | None = None


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
