"""How a clause of Kokoro's is made, in pieces: the first is heard while the rest is made, and others come between.

Of a short clause half is silence, 0.4 s before the words and 0.9 s after, as dear as speech. How much of it is left is
bounded, since the network normalises over all frames: on 697 characters Whisper base heard 107 errors with this much,
108 with all of it, 119 with (5, 6) frames, 135 with (2, 2).

Pieces are made with the statistics of the norms taken from another clause of the same voice, the same for all pieces.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples
from lingting.speech.voices.kokoro_networks import (
    DECODED,
    ENERGY,
    FEATURES,
    PITCH,
    SOUND,
    SOURCE,
    STYLE,
    load_networks,
)
from lingting.speech.voices.kokoro_pieces import (
    FADE_SAMPLES,
    FRAME_SAMPLES,
    FRAME_SECONDS,
    NEIGHBOUR_FRAMES,
    first_cut,
    joined,
    next_cut,
)

__all__ = ["KokoroModel", "Manner"]

BEFORE_FRAMES, AFTER_FRAMES = 8, 12
"""Of silence that is left."""
LEAD_FRAMES, TAIL_FRAMES = 2, 4
"""Of these, what sound is made of."""
SILENT_ENERGY = -5.0
"""Silence has about -9, soft consonants -2 and more."""
DECODED_OF_FRAME = 2
SOURCE_MARGIN_SAMPLES = 10
"""On either side: half of a window of the transform."""
FIRST_FRAME_SECONDS = 0.0125
"""To make one, until it is known better: on two slow cores."""
MEASURED_PIECES = 5
"""The last ones, whose middle is what is known of that: a moment of other work counts for nothing."""

Statistics = Mapping[str, NDArray[np.float32]]
"""Of the generator's norms, by their names."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice sounds whatever it says."""

    style: NDArray[np.float32]
    """(1, 256); the voice's styles for other counts of sounds differ, and the statistics with them."""
    statistics: Statistics


class KokoroModel:
    """Blocking; may be used by one thread at a time."""

    def __init__(self, weights: Path) -> None:
        """raises    RuntimeError, OSError, ImportError, ValueError for weights that are not there or not these"""
        self._networks = load_networks(weights)
        self._frame_seconds = deque([FIRST_FRAME_SECONDS], MEASURED_PIECES)

    def manner(self, ids: Iterable[int], style: NDArray[np.float32]) -> Manner:
        """What `say` needs to know of a voice, from a clause of middling length; takes as long as that."""
        return Manner(style, self._statistics_of(self._decode(ids, style, 1.0)))

    def say(
        self, ids: Iterable[int], style: NDArray[np.float32], speed: float, manner: Manner, *, is_urgent: bool
    ) -> Iterator[Samples]:
        """The sound of a clause at 24 kHz, piece by piece, without the silence before.

        ids          of its sounds, at most 510
        style        (1, 256), of the voice, for so many sounds
        is_urgent    whether somebody waits: the first piece is short, and each next one is there in time
        """
        clause = self._decode(ids, style, speed, sounding=manner.style)
        energies = clause.energies[: clause.voiced_to + TAIL_FRAMES]
        count, voiced = len(energies), max(0, clause.voiced_from - LEAD_FRAMES)
        held = np.zeros(0, np.float32)
        """The end of the piece before, which is faded into the next."""
        until_seconds = None if is_urgent else math.inf
        """When what was given will have been heard."""
        begin = voiced
        while begin < count:
            end = self._end_of(energies, begin, until_seconds)
            first, last = max(0, begin - NEIGHBOUR_FRAMES), min(count, end + NEIGHBOUR_FRAMES)
            made = self._generate_steadily(clause.part(first, last), manner.statistics)
            made = made[: len(made) - (last - end) * FRAME_SAMPLES]
            if begin > voiced:
                made = joined(held, made[(begin - first) * FRAME_SAMPLES - FADE_SAMPLES :])
            else:
                made = made[(begin - first) * FRAME_SAMPLES :]
            kept = FADE_SAMPLES if end < count else 0
            held = made[len(made) - kept :]
            if until_seconds is None:
                until_seconds = time.perf_counter()
            until_seconds += (end - begin) * FRAME_SECONDS
            yield made[: len(made) - kept]
            begin = end

    def _end_of(self, energies: NDArray[np.float32], begin: int, until_seconds: float | None) -> int:
        """Of the piece from `begin`.

        until_seconds    when what is before it will have been heard; None where nothing is
        """
        frame_seconds = median_low(self._frame_seconds)
        if until_seconds is None:
            return begin + first_cut(energies[begin:], frame_seconds)
        return next_cut(energies, begin, until_seconds - time.perf_counter(), frame_seconds)

    def _decode(
        self,
        ids: Iterable[int],
        style: NDArray[np.float32],
        speed: float,
        *,
        sounding: NDArray[np.float32] | None = None,
    ) -> _Clause:
        """
        sounding    the style after the pace and the tune are known; None for the same
        """
        asked = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            STYLE: style,
            "speed": np.array([speed], np.float32),
        }
        features, pitch, energy = self._networks.predictor.run([FEATURES, PITCH, ENERGY], asked)
        energies = np.asarray(energy.reshape(-1, 2).mean(axis=1), np.float32)
        loud = np.flatnonzero(energies > SILENT_ENERGY)
        voiced, over = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(energies))
        first, last = max(0, voiced - BEFORE_FRAMES), over + AFTER_FRAMES
        halves = slice(2 * first, 2 * last)
        framed = {FEATURES: features[:, :, first:last], PITCH: pitch[:, halves], ENERGY: energy[:, halves]}
        tone = style if sounding is None else sounding
        decoded, source = self._networks.decoder.run([DECODED, SOURCE], {**framed, STYLE: tone})
        return _Clause(decoded, source, tone, energies[first:last], voiced - first, over - first)

    def _statistics_of(self, clause: _Clause) -> Statistics:
        names = self._networks.statistics
        return dict(zip(names, self._networks.generator.run([*names], clause.asked), strict=True))

    def _generate_steadily(self, piece: _Clause, statistics: Statistics) -> Samples:
        began = time.perf_counter()
        sound = self._networks.steady_generator.run([SOUND], {**piece.asked, **statistics})[0]
        self._frame_seconds.append((time.perf_counter() - began) / len(piece.energies))
        return np.asarray(sound, np.float32).ravel()


@dataclass(frozen=True, slots=True)
class _Clause:
    """What the generator takes, for n frames."""

    decoded: NDArray[np.float32]
    """(1, 512, 2 n)"""
    source: NDArray[np.float32]
    """(1, 600 n + 20)"""
    style: NDArray[np.float32]
    energies: NDArray[np.float32]
    """(n,)"""
    voiced_from: int
    """The frame at which it stops to be silent."""
    voiced_to: int
    """That from which it is silent again."""

    @property
    def asked(self) -> dict[str, NDArray[np.float32]]:
        return {DECODED: self.decoded, SOURCE: self.source, STYLE: self.style}

    def part(self, begin: int, end: int) -> _Clause:
        return _Clause(
            self.decoded[:, :, DECODED_OF_FRAME * begin : DECODED_OF_FRAME * end],
            self.source[:, FRAME_SAMPLES * begin : FRAME_SAMPLES * end + 2 * SOURCE_MARGIN_SAMPLES],
            self.style,
            self.energies[begin:end],
            max(0, self.voiced_from - begin),
            max(0, self.voiced_to - begin),
        )
