"""One session's hearing: bytes as they come in, whole frames with their probability of speech as they go out.

Blocking; runs in a worker thread, one call at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lingting.audio.buffers import FrameChunker
from lingting.audio.live_formats import LiveDecoder
from lingting.audio.vad import FrameScorer
from lingting.audio.vad_history import FRAME_SAMPLES
from lingting.domain import Samples

__all__ = ["Ear", "Heard"]

MAX_FRAMES = 31
"""About a second: what the session takes at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Whole frames, and how likely each holds speech."""

    samples: Samples
    probabilities: tuple[float, ...]


class Ear:
    """Decodes and scores one session's audio; what comes out does not depend on how the bytes were cut."""

    def __init__(self, decoder: LiveDecoder, scorer: FrameScorer) -> None:
        self._decoder = decoder
        self._scorer = scorer
        self._chunker = FrameChunker(FRAME_SAMPLES)
        self._held_samples = 0

    def hear(self, data: bytes) -> list[Heard]:
        """raises    AudioUndecodable"""
        return list(self._take(self._decoder.push(data)))

    def finish(self) -> tuple[list[Heard], Samples]:
        """Return the rest: frames, and less than a frame.

        raises    AudioUndecodable
        """
        heard = list(self._take(self._decoder.finish()))
        return heard, self._chunker.finish().reshape(-1)[: self._held_samples]

    def switch(self, decoder: LiveDecoder) -> None:
        """Go on with audio in another format."""
        self._decoder.close()
        self._decoder = decoder

    def close(self) -> None:
        self._decoder.close()

    def _take(self, samples: Samples) -> Iterator[Heard]:
        frames = self._chunker.push(samples)
        self._held_samples += len(samples) - frames.size
        for first in range(0, len(frames), MAX_FRAMES):
            part = frames[first : first + MAX_FRAMES]
            probabilities = self._scorer.score(part)
            yield Heard(np.ascontiguousarray(part).reshape(-1), tuple(float(value) for value in probabilities))
