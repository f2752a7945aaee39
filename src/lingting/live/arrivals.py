"""When a place in a session's audio reached the server, to tell when something was said. Pure, and bounded."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

__all__ = ["Arrivals"]

STEP_SECONDS = 0.02
"""Pieces that are shorter count with those after them."""
MAX_PIECES = 1_000
"""20 s of the shortest: longer than any pause that ends a sentence."""


@dataclass(frozen=True, slots=True)
class _Piece:
    end_seconds: float
    """Of the audio that was there by then."""
    came_seconds: float


class Arrivals:
    """One session's; times are those of the clock that its caller goes by."""

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque(maxlen=MAX_PIECES)

    def note(self, end_seconds: float, *, now_seconds: float) -> None:
        """Audio up to this place is there."""
        if not self._pieces or end_seconds - self._pieces[-1].end_seconds >= STEP_SECONDS:
            self._pieces.append(_Piece(end_seconds, now_seconds))

    def moment_of(self, place_seconds: float) -> float | None:
        """When this place was spoken: before it came by as much as came after it in the same piece, but not before the
        piece before had come, as in audio that is sent faster than it was spoken. None where that is not known.
        """
        at = bisect_left(self._pieces, place_seconds, key=lambda piece: piece.end_seconds)
        if at == len(self._pieces):
            return None
        piece = self._pieces[at]
        spoken_seconds = piece.came_seconds - (piece.end_seconds - place_seconds)
        return spoken_seconds if at == 0 else max(self._pieces[at - 1].came_seconds, spoken_seconds)
