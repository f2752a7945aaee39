"""What a stream has to send: its audio with the commits between, and again what a lost connection took. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from lingting.client.backlog import Backlog
from lingting.client.events import AudioLost, Committed
from lingting.client.sound import StreamFormat
from lingting.client.wire import order
from lingting.domain.errors import InvalidMessage

__all__ = ["Outbound"]

CONTAINER_BYTES_PER_SECOND = 16_000
"""Assumed of compressed audio, for the bound on what waits."""
COMMIT_SLACK_MS = 50
"""A commit takes effect at a frame of the voice detector, up to 32 ms early."""
SILENCE_BYTES = 65_536
"""In one message."""


class Outbound:
    """One stream's audio on its way out. Times and positions of the server are those of its current session.

    buffer_seconds    of audio that is kept to be sent again
    window_seconds    of audio that may be under way without an acknowledgement; None where there are none
    """

    def __init__(self, sound: StreamFormat, *, buffer_seconds: float, window_seconds: float | None) -> None:
        self._sound = sound
        self._frame_bytes = sound.frame_bytes
        rate = sound.rate_hz * sound.frame_bytes if sound.frame_bytes else CONTAINER_BYTES_PER_SECOND
        self._window_bytes = None if window_seconds is None or not sound.frame_bytes else int(window_seconds * rate)
        self._audio = Backlog(int(buffer_seconds * rate))
        self._half_frame = b""
        self._base = 0
        """Where in the stream the session's audio begins."""
        self._silence_bytes = 0
        """To be sent first, instead of audio that is no longer there."""
        self._commits: deque[int] = deque()
        """The positions of those that were not answered."""
        self._commits_sent = 0
        self._committed = 0
        self.is_finished = False
        self.has_sent_end = False

    @property
    def is_full(self) -> bool:
        """Nothing more should be written until a message comes, or goes."""
        if self._window_bytes is None:
            self._audio.confirm(self._audio.sent)
        return self._audio.is_full

    @property
    def is_unanswered(self) -> bool:
        """The server owes a word: an acknowledgement, or the end."""
        rounding = self._sound.position_bytes(2)  # acknowledgements are in whole milliseconds
        return self.has_sent_end or (self._window_bytes is not None and self._in_flight_bytes > rounding)

    @property
    def confirmed_seconds(self) -> float:
        return self._sound.seconds(self._audio.confirmed)

    def write(self, data: bytes) -> None:
        """More audio, cut anywhere; half a frame waits for its other half.

        raises    InvalidMessage after `finish`
        """
        self._require_open()
        data = self._half_frame + data
        whole = len(data) - len(data) % (self._frame_bytes or 1)
        self._half_frame = data[whole:]
        if whole:
            self._audio.write(data[:whole])

    def commit(self) -> None:
        """raises    InvalidMessage after `finish`"""
        self._require_open()
        self._commits.append(self._audio.end)

    def finish(self) -> None:
        self.is_finished = True

    def connected(self) -> None:
        """Nothing was sent on this connection."""
        self.has_sent_end = False
        self._commits_sent = 0
        self._silence_bytes = 0

    def next(self) -> str | bytes | None:
        """The next message; None when there is none for now."""
        if self.has_sent_end:
            return None
        if self._silence_bytes:
            return self._silence()
        if self._commits_sent < len(self._commits) and self._commits[self._commits_sent] <= self._audio.sent:
            self._commits_sent += 1
            return order("COMMIT")
        if self._window_bytes is not None and self._in_flight_bytes >= self._window_bytes:
            return None
        piece = self._audio.take()
        if self._frame_bytes is None:
            self._audio.settle(self._audio.sent)
        if piece is None and self.is_finished:
            self.has_sent_end = True
            return order("END")
        return piece

    def confirm(self, milliseconds: float) -> None:
        """The server has the audio up to here."""
        self._audio.confirm(self._position(milliseconds))

    def settle(self, milliseconds: float) -> None:
        """Up to here it is final."""
        self._audio.settle(self._position(milliseconds))

    def committed(self, milliseconds: float) -> Committed | None:
        """The commit that lies there was answered; None if that was answered before."""
        reached = self._position(milliseconds + COMMIT_SLACK_MS)
        if not self._commits_sent or (self._frame_bytes and self._commits[0] > reached):
            return None
        self._commits_sent -= 1
        self._commits.popleft()
        self._committed += 1
        return Committed(self._committed, self._sound.seconds(self._base) + milliseconds / 1_000)

    def rewind(self, milliseconds: int) -> AudioLost | None:
        """Go on where the server is, in the same session. A container goes on with what was not sent."""
        if self._frame_bytes is None:
            return None
        place, start = self._audio.rewind(self._position(milliseconds), self._position(milliseconds + 1))
        self._commits_sent = sum(position < place for position in self._commits)
        self._silence_bytes = start - place
        return AudioLost(self._sound.seconds(place), self._sound.seconds(start)) if start > place else None

    def restart(self) -> tuple[float, Sequence[Committed]]:
        """Begin another session with all that is not final; returns where it begins, and commits that are met by then.

        raises    InvalidMessage for a container, which makes no sense without its beginning
        """
        if self._frame_bytes is None:
            raise InvalidMessage("the session is gone, and compressed audio cannot be sent again from its middle")
        self._base = self._audio.restart()
        met: list[Committed] = []
        while self._commits and self._commits[0] < self._base:
            self._committed += 1
            met.append(Committed(self._committed, self._sound.seconds(self._commits.popleft())))
        return self._sound.seconds(self._base), met

    @property
    def _in_flight_bytes(self) -> int:
        return self._audio.sent - self._audio.confirmed

    def _require_open(self) -> None:
        if self.is_finished:
            raise InvalidMessage("nothing can be sent after finish(); begin another stream")

    def _position(self, milliseconds: float) -> int:
        return self._base + self._sound.position_bytes(int(milliseconds))

    def _silence(self) -> bytes:
        length = min(self._silence_bytes, SILENCE_BYTES - SILENCE_BYTES % (self._frame_bytes or 1))
        self._silence_bytes -= length
        return self._sound.silence(length)
