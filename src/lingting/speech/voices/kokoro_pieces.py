"""How a long clause of Kokoro's is made in pieces, so that the first is heard while the rest is made. Pure.

The network normalises over all frames that it is given, so a piece alone is louder or softer than as part of its
clause: by 2.8 dB for each unit by which the mean of its energies differs, and as much for their standard deviation
(least squares over 60 pieces of 30 clauses; what is left has a standard deviation of 0.5 dB, before it was 2.0).
Neighbours are made with it and thrown away. Of 104 clauses with 1,466 characters Whisper base heard 253 errors made so
and 238 made whole, better in 18 and worse in 33; the first sound came after 0.41 s instead of 0.90 at the median, at
most 0.57 instead of 1.64 (two cores).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples

__all__ = ["FRAME_SAMPLES", "NEIGHBOUR_FRAMES", "cuts", "gain", "joined"]

FRAME_SAMPLES = 600
FRAME_SECONDS = 0.025
NEIGHBOUR_FRAMES = 14
"""Made on either side of a piece."""
LEAST_FRAMES, MOST_FRAMES = 34, 84
"""Of a first piece, with the silence before it: two or three syllables; and of a clause that is made whole."""
SPARE_FRAMES = 24
"""The shortest rest that a cut leaves, and half of the shortest piece that is made in time."""
IN_TIME_RATIO = 0.8
"""Of the time that a piece sounds, what the next may take to be made."""
DECIBELS_BY_ENERGY = -2.8
FADE_SAMPLES = 240
LAG_SAMPLES = 200
"""A period of a deep voice: within it the later piece is moved until both sound alike where they meet."""


def cuts(energies: NDArray[np.float32], frame_seconds: float) -> list[int]:
    """Where pieces begin and end, from 0 to the number of frames, at the softest places there are, if anywhere.

    frame_seconds    that a frame takes to be made: each piece must be there before the one before it has sounded
    """
    count, places, least, most = len(energies), [0], LEAST_FRAMES, MOST_FRAMES
    while count - places[-1] > most:
        begin = places[-1]
        last = min(begin + most, count) - SPARE_FRAMES
        place = begin + least + int(np.argmin(energies[begin + least : last]))
        most = int(IN_TIME_RATIO * (place - begin) * FRAME_SECONDS / frame_seconds) - 2 * NEIGHBOUR_FRAMES
        least = most // 2
        if least <= SPARE_FRAMES:
            return [0, count]
        places.append(place)
    return [*places, count]


def gain(whole: NDArray[np.float32], piece: NDArray[np.float32]) -> float:
    """By how much the sound of a piece is to be louder, from the energies of all frames and of its own."""
    apart = (whole.mean() - piece.mean()) + (whole.std() - piece.std())
    return float(10 ** (DECIBELS_BY_ENERGY * apart / 20))


def joined(end: Samples, begin: Samples) -> Samples:
    """The last FADE_SAMPLES of a piece, faded into the next.

    begin    of the next, from LAG_SAMPLES before where it belongs
    """
    lags = range(0, 2 * LAG_SAMPLES, 4)
    best = max(lags, key=lambda lag: _likeness(end, begin[lag : lag + FADE_SAMPLES]))
    rising = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)
    mixed = end * (1 - rising) + begin[best : best + FADE_SAMPLES] * rising
    return np.concatenate([mixed, begin[best + FADE_SAMPLES :]]).astype(np.float32)


def _likeness(one: Samples, other: Samples) -> float:
    return float(np.dot(one, other) / (np.linalg.norm(other) + 1e-6))
