"""The audio that may have to be sent again: what has no final yet, within a bound.

Pure. Positions are bytes from the start of the stream; all but `sent` and `confirmed` only rise.
"""

from __future__ import annotations

from collections import deque

__all__ = ["Backlog"]


class Backlog:
    """Pieces that were written, and how far they were sent, taken in, and made final.

    limit_bytes    of what is kept; over it, what the server has taken in goes first, and then nothing more fits
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._pieces: deque[bytes] = deque()
        self._next = 0
        """Of the pieces, the first that was not sent to its end."""
        self._next_start = 0
        self.start = 0
        """The first byte that is kept."""
        self.end = 0
        """The next byte that will be written."""
        self.sent = 0
        """The next byte that will be sent."""
        self.confirmed = 0
        """What the server has taken in."""
        self.settled = 0
        """What is final."""

    @property
    def is_full(self) -> bool:
        """Nothing more fits until the server confirms."""
        return self.end - self.confirmed >= self._limit_bytes

    def write(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.end += len(piece)
        self._trim()

    def take(self) -> bytes | None:
        """The next piece to send; None when all was sent."""
        if self._next == len(self._pieces):
            return None
        piece = self._pieces[self._next]
        rest = piece[self.sent - self._next_start :]
        self._next += 1
        self._next_start += len(piece)
        self.sent = self._next_start
        return rest

    def confirm(self, position: int) -> None:
        """The server has everything before this."""
        self.confirmed = max(self.confirmed, min(position, self.sent))
        self._trim()

    def settle(self, position: int) -> None:
        """Everything before this is final, and will not be sent again."""
        self.confirm(position)
        self.settled = max(self.settled, min(position, self.sent))
        self._drop(self.settled)

    def rewind(self, low: int, high: int) -> tuple[int, int]:
        """Send again from where the server stopped, which is known only as low <= place < high.

        A server takes in whole pieces, so the end of one that lies there is the place, else `low`. Returns the place,
        and from where on there still is audio; they differ when the outage was longer than what is kept.
        """
        place = min(next((edge for edge in self._edges() if low <= edge < high), low), self.end)
        self._send_from(max(place, self.start))
        self.confirmed = self.sent
        return place, self.sent

    def restart(self) -> int:
        """Send everything again that is not final; returns where that begins."""
        self._send_from(max(self.settled, self.start))
        self.confirmed = self.sent
        return self.sent

    def _send_from(self, position: int) -> None:
        self.sent, self._next, self._next_start = position, 0, self.start
        while self._next < len(self._pieces):
            length = len(self._pieces[self._next])
            if self._next_start + length > position:
                return
            self._next += 1
            self._next_start += length

    def _edges(self) -> list[int]:
        edges = [self.start]
        for piece in self._pieces:
            edges.append(edges[-1] + len(piece))
        return edges

    def _trim(self) -> None:
        if self.end - self.start > self._limit_bytes:
            self._drop(min(self.confirmed, self.end - self._limit_bytes))

    def _drop(self, before: int) -> None:
        """Let go of the pieces that were sent and end before this; one that reaches over it stays whole."""
        while self._next and self.start + len(self._pieces[0]) <= before:
            self.start += len(self._pieces.popleft())
            self._next -= 1
