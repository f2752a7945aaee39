"""What a client has sent and its session has not yet heard: audio and orders, in the order in which they came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from lingting.audio.live_formats import LiveFormat
from lingting.audio.pcm import BYTES_PER_SAMPLE
from lingting.domain import StreamOptions
from lingting.live.arrivals import Arrivals

__all__ = ["Configure", "Inbox", "Item", "Order"]

BITE_SECONDS = 1.0
"""Of audio, heard in one visit to the thread."""
CONTAINER_BYTES_PER_SECOND = 16_000
"""Assumed of compressed audio: 128 kbit/s."""


class Order(Enum):
    """What a client wants done between two sounds."""

    COMMIT = "commit"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Configure:
    """Other options, and another format where one is given, from here on."""

    options: StreamOptions
    format: LiveFormat | None


Item = bytes | Order | Configure


class Inbox:
    """Counts what came in, so that a client that resumes knows where to go on."""

    def __init__(self, fmt: LiveFormat, *, max_ahead_seconds: float) -> None:
        self.format = fmt
        self.received_bytes = 0
        self.arrivals = Arrivals()
        self._max_ahead_seconds = max_ahead_seconds
        self._items: deque[Item] = deque()
        self._waiting_bytes = 0
        self._base_seconds = 0.0
        """What was received in formats that are no longer in use."""
        self._base_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    @property
    def ahead_seconds(self) -> float:
        """How much audio waits to be heard."""
        return self._waiting_bytes / _bytes_per_second(self.format)

    @property
    def is_far_ahead(self) -> bool:
        return self.ahead_seconds > self._max_ahead_seconds

    def received_seconds(self, heard_seconds: float) -> float:
        """How much audio came; of compressed audio only what was heard is known."""
        if self.format.pcm is None:
            return heard_seconds
        return self._base_seconds + (self.received_bytes - self._base_bytes) / _bytes_per_second(self.format)

    def put_audio(self, data: bytes, *, now_seconds: float | None = None) -> None:
        """now_seconds    None for what fills a gap"""
        self.received_bytes += len(data)
        self._waiting_bytes += len(data)
        self._items.append(data)
        if self.format.pcm is not None and now_seconds is not None:
            self.arrivals.note(self.received_seconds(0.0), now_seconds=now_seconds)

    def note_heard(self, heard_seconds: float, *, now_seconds: float) -> None:
        """Of compressed audio it is known only now how much came."""
        if self.format.pcm is None:
            self.arrivals.note(heard_seconds, now_seconds=now_seconds)

    def put(self, order: Order | Configure) -> None:
        self._items.append(order)

    def complete_sample(self) -> None:
        """A client that comes back begins with a whole sample; the rest of a half one would shift all that follows."""
        pcm = self.format.pcm
        if pcm is None:
            return
        frame_bytes = BYTES_PER_SAMPLE[pcm.encoding] * pcm.channels
        missing = bytes(-(self.received_bytes - self._base_bytes) % frame_bytes)
        if missing:
            self.put_audio(missing)

    def next(self) -> Item:
        """The next order, or as much audio as one visit to the thread takes."""
        first = self._items.popleft()
        if not isinstance(first, bytes):
            return first
        bite_bytes = int(BITE_SECONDS * _bytes_per_second(self.format))
        taken, size_bytes = [first], len(first)
        while size_bytes < bite_bytes and self._items and isinstance(more := self._items[0], bytes):
            self._items.popleft()
            taken.append(more)
            size_bytes += len(more)
        data = b"".join(taken)
        if size_bytes > bite_bytes:
            self._items.appendleft(data[bite_bytes:])
            data = data[:bite_bytes]
        self._waiting_bytes -= len(data)
        return data

    def switch(self, fmt: LiveFormat, *, heard_seconds: float) -> None:
        """What comes from here on is in another format; call when all before has been heard."""
        self._base_seconds, self._base_bytes = self.received_seconds(heard_seconds), self.received_bytes
        self.format = fmt

    def clear(self) -> None:
        self._items.clear()
        self._waiting_bytes = 0


def _bytes_per_second(fmt: LiveFormat) -> float:
    if fmt.pcm is None:
        return CONTAINER_BYTES_PER_SECOND
    return float(BYTES_PER_SAMPLE[fmt.pcm.encoding] * fmt.pcm.rate_hz * fmt.pcm.channels)
