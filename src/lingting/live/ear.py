"""One session's hearing: bytes as they come in, whole frames with their probability of speech as they go out.

Blocking; runs in a worker thread, one call at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lingting.audio.buffers import FrameChunker
from lingting.audio.live_formats import LiveDecoder
from lingting.audio.vad import FrameScorer
from lingting.audio.vad_history import FRAME_SAMPLES
from lingting.audio.wake_words import Spotted
from lingting.domain import Samples
from lingting.live.cleaning import Cleaning, FarEnd

__all__ = ["Ear", "Heard", "Spotter"]

MAX_FRAMES = 31
"""About a second: what the session takes at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Whole frames, and how likely each holds speech."""

    samples: Samples
    probabilities: tuple[float, ...]


class Spotter(Protocol):
    """Hears fixed words in the sound itself."""

    def hear(self, samples: Samples) -> Sequence[Spotted]: ...

    def close(self) -> None: ...


class Ear:
    """Decodes and scores one session's audio; what comes out does not depend on how the bytes were cut."""

    def __init__(self, decoder: LiveDecoder, scorer: FrameScorer, cleaning: Cleaning | None = None) -> None:
        self._decoder = decoder
        self._scorer = scorer
        self._cleaning = cleaning
        self._chunker = FrameChunker(FRAME_SAMPLES)
        self._held_samples = 0
        self._spotter: Spotter | None = None
        self._spotted: list[Spotted] = []

    @property
    def far_end(self) -> FarEnd | None:
        """Told what a loudspeaker plays; None where the microphone does not hear one."""
        return None if self._cleaning is None else self._cleaning.far_end

    def hear(self, data: bytes) -> list[Heard]:
        """raises    AudioUndecodable"""
        return list(self._take(self._cleaned(self._decoder.push(data))))

    def spot_with(self, spotter: Spotter) -> None:
        """Listen for words as well, from the first sound on; it is closed with the ear."""
        self._spotter = spotter

    def take_spotted(self) -> list[Spotted]:
        """The words that ended in what was heard since the last call."""
        spotted, self._spotted = self._spotted, []
        return spotted

    def finish(self) -> tuple[list[Heard], Samples]:
        """Return the rest: frames, and less than a frame.

        raises    AudioUndecodable
        """
        last = self._cleaned(self._decoder.finish())
        if self._cleaning is not None:
            last = np.concatenate([last, self._cleaning.finish()])
        heard = list(self._take(last))
        return heard, self._chunker.finish().reshape(-1)[: self._held_samples]

    def switch(self, decoder: LiveDecoder) -> None:
        """Go on with audio in another format."""
        self._decoder.close()
        self._decoder = decoder

    def close(self) -> None:
        self._decoder.close()
        if self._spotter is not None:
            self._spotter.close()

    def _cleaned(self, samples: Samples) -> Samples:
        return samples if self._cleaning is None else self._cleaning.push(samples)

    def _take(self, samples: Samples) -> Iterator[Heard]:
        if self._spotter is not None:
            self._spotted += self._spotter.hear(samples)
        frames = self._chunker.push(samples)
        self._held_samples += len(samples) - frames.size
        for first in range(0, len(frames), MAX_FRAMES):
            part = frames[first : first + MAX_FRAMES]
            probabilities = self._scorer.score(part)
            yield Heard(np.ascontiguousarray(part).reshape(-1), tuple(float(value) for value in probabilities))
