"""What is taken out of a microphone's sound before it is heard: what the loudspeaker plays, and steady noise.

Told from the event loop what is played, asked in a hearing thread for what is left; nothing is computed but there.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from lingting.audio.denoise import Denoiser
from lingting.audio.echo import EchoCanceller
from lingting.audio.resample import StreamResampler
from lingting.domain import SAMPLE_RATE_HZ, Samples, StreamOptions

__all__ = ["Cleaning", "FarEnd", "cleaning_for"]


class FarEnd:
    """What a loudspeaker is given to play, on its way to the hearing thread; safe from both.

    Holds what a conversation makes ahead of what is heard, a few seconds, while the microphone's sound comes; the
    canceller bounds what it takes.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._lock = threading.Lock()
        self._given: deque[Samples] = deque()
        self._is_stopped = False
        self._resampler: StreamResampler | None = None

    def play(self, samples: Samples) -> None:
        """It is played after what was given before."""
        with self._lock:
            self._given.append(samples)

    def stop(self) -> None:
        """What has not been played will not be."""
        with self._lock:
            self._given.clear()
            self._is_stopped = True

    def hand_over(self, canceller: EchoCanceller) -> None:
        """Give the canceller what came since; called by the hearing thread."""
        with self._lock:
            given, is_stopped = list(self._given), self._is_stopped
            self._given.clear()
            self._is_stopped = False
        if is_stopped:
            canceller.stop()
            self._resampler = None
        for samples in given:
            self._resampler = self._resampler or StreamResampler(self._rate_hz, SAMPLE_RATE_HZ)
            canceller.play(self._resampler.push(samples[np.newaxis, :])[0])
        if not given and self._resampler is not None and not canceller.unplayed_seconds:
            canceller.play(self._resampler.finish()[0])
            self._resampler = None


class Cleaning:
    """One microphone's. What goes in comes out, at the same place and length, up to a frame later."""

    def __init__(self, far_end: FarEnd | None, *, denoise: bool) -> None:
        self.far_end = far_end
        self._canceller = EchoCanceller() if far_end is not None else None
        self._denoiser = Denoiser() if denoise else None

    def push(self, samples: Samples) -> Samples:
        """Take what was heard; gives what is left of it."""
        if self.far_end is not None and self._canceller is not None:
            self.far_end.hand_over(self._canceller)
            samples = self._canceller.push(samples)
        return samples if self._denoiser is None else self._denoiser.push(samples)

    def finish(self) -> Samples:
        """Return the rest."""
        rest = np.zeros(0, np.float32) if self._canceller is None else self._canceller.finish()
        if self._denoiser is None:
            return rest
        return np.concatenate([self._denoiser.push(rest), self._denoiser.finish()])


def cleaning_for(options: StreamOptions, *, played_rate_hz: int) -> Cleaning | None:
    """What the options ask for; None where the sound is heard as it is."""
    if not options.echo and not options.recognize.denoise:
        return None
    far_end = FarEnd(played_rate_hz) if options.echo else None
    return Cleaning(far_end, denoise=options.recognize.denoise)
