"""How a clause of Kokoro's is made in pieces, so that the first is heard while the rest is made. Pure.

A few neighbouring frames are made with each piece and thrown away. Pieces then differ from the same part of the whole
by what eight-bit numbers round (they correlate by 0.97 and more), and are faded into each other where it is softest. Of
60 clauses with 816 characters Whisper base heard 138 errors made so, 137 made whole (by their sounds 31 and 29); the
first sound of these long clauses came after 0.44 s at the median instead of some 3 (two cores without VNNI).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples

__all__ = ["FADE_SAMPLES", "FRAME_SAMPLES", "NEIGHBOUR_FRAMES", "first_cut", "joined", "next_cut"]

FRAME_SAMPLES = 600
FRAME_SECONDS = 0.025
NEIGHBOUR_FRAMES = 2
"""Made on either side of a piece."""
LEAST_FRAMES, MOST_FRAMES = 8, 13
"""Of a first piece, with the little silence before it: a syllable."""
STRETCHES = (1.0, 1.5, 2.25)
"""By which a first piece is longer where shorter ones would not give the time to make the next."""
LEAST_RATIO = 0.7
"""Of the longest piece that is made in time, what a later one has at least."""
IN_TIME_RATIO = 0.8
"""Of the sound that is ahead, what the next piece may take to be made."""
SPARE_FRAMES = 8
"""The shortest piece."""
MOST_AT_ONCE_FRAMES = 60
"""The longest: other clauses wait for it."""
LATE_FRAMES = 24
"""A piece that comes too late, whatever its length: shorter ones would take more time in all."""
FADE_SAMPLES = 240


def first_cut(energies: NDArray[np.float32], frame_seconds: float) -> int:
    """Where the first piece ends, for which somebody waits: after a syllable if the next can be made while it sounds,
    else after more, else at the end.

    frame_seconds    that a frame takes to be made
    """
    for stretch in STRETCHES:
        least, most = int(LEAST_FRAMES * stretch), int(MOST_FRAMES * stretch)
        place = _softest(energies, 0, least, most)
        if _is_in_time(energies, place, frame_seconds):
            return place
    return len(energies)


def next_cut(energies: NDArray[np.float32], begin: int, ahead_seconds: float, frame_seconds: float) -> int:
    """Where the piece from `begin` ends: it is to be there before what is ahead has sounded.

    ahead_seconds    of sound, not heard yet; infinite where nobody waits
    """
    most = _most_in_time(ahead_seconds, frame_seconds)
    if most < SPARE_FRAMES:
        most = LATE_FRAMES
    return _softest(energies, begin, int(LEAST_RATIO * most), most)


def _is_in_time(energies: NDArray[np.float32], place: int, frame_seconds: float) -> bool:
    """Whether all that follows the first piece would be, by one who does nothing else."""
    ahead_seconds = place * FRAME_SECONDS
    while place < len(energies):
        if _most_in_time(ahead_seconds, frame_seconds) < SPARE_FRAMES:
            return False
        end = next_cut(energies, place, ahead_seconds, frame_seconds)
        ahead_seconds += (end - place) * FRAME_SECONDS - (end - place + 2 * NEIGHBOUR_FRAMES) * frame_seconds
        place = end
    return True


def _most_in_time(ahead_seconds: float, frame_seconds: float) -> int:
    frames = IN_TIME_RATIO * ahead_seconds / frame_seconds - 2 * NEIGHBOUR_FRAMES
    return int(min(frames, MOST_AT_ONCE_FRAMES))


def _softest(energies: NDArray[np.float32], begin: int, least: int, most: int) -> int:
    """The softest place for the end of a piece of so many frames; the end of all where no more than that is left."""
    if len(energies) - begin <= most:
        return len(energies)
    last = min(begin + most, len(energies) - SPARE_FRAMES)
    first = min(begin + least, last)
    return first + int(np.argmin(energies[first : last + 1]))


def joined(end: Samples, begin: Samples) -> Samples:
    """The last FADE_SAMPLES of a piece, faded into the next, which begins as much before where it belongs."""
    rising = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)
    mixed = end * (1 - rising) + begin[:FADE_SAMPLES] * rising
    return np.concatenate([mixed, begin[FADE_SAMPLES:]]).astype(np.float32)
