"""WebRTC noise suppression as an option: quieter for a listener, rarely better for a recogniser."""

from __future__ import annotations

import numpy as np
import pywebrtc_audio

from lingting.domain import SAMPLE_RATE_HZ, Samples

__all__ = ["Denoiser", "denoise"]

FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
"""10 ms, the only frame WebRTC's suppressor takes."""
DELAY_SAMPLES = 96
"""What the suppressor's overlap-add holds back at 16 kHz: its 256-sample window less one frame."""
LEVEL = 1
"""Medium, 12 dB at most: the strongest that leaves speech mostly alone. Source: WebRTC NsConfig."""


class Denoiser:
    """Suppresses steady noise in a mono 16 kHz stream; what goes in comes out at the same place and length."""

    def __init__(self) -> None:
        self._suppressor = pywebrtc_audio.NoiseSuppressor(SAMPLE_RATE_HZ, 1, LEVEL)
        self._waiting: list[Samples] = []
        self._waiting_samples = 0
        self._skip_samples = DELAY_SAMPLES
        self._owed_samples = 0

    def push(self, samples: Samples) -> Samples:
        """Take any number of samples and return those that are ready."""
        self._waiting.append(samples)
        self._waiting_samples += len(samples)
        self._owed_samples += len(samples)
        whole_samples = self._waiting_samples - self._waiting_samples % FRAME_SAMPLES
        if not whole_samples:
            return np.zeros(0, np.float32)
        joined = np.concatenate(self._waiting)
        self._waiting = [joined[whole_samples:]]
        self._waiting_samples -= whole_samples
        frames: Samples = np.ascontiguousarray(joined[:whole_samples], np.float32)
        done: Samples = self._suppressor.process(frames)
        ready = done[self._skip_samples :]
        self._skip_samples = 0
        self._owed_samples -= len(ready)
        return ready

    def finish(self) -> Samples:
        """Return the rest, so that all that went in has come out."""
        owed_samples = self._owed_samples
        return self.push(np.zeros(2 * FRAME_SAMPLES, np.float32))[:owed_samples]


def denoise(samples: Samples) -> Samples:
    """Return a whole mono 16 kHz clip with steady noise suppressed; length and timing are kept."""
    denoiser = Denoiser()
    return np.concatenate([denoiser.push(samples), denoiser.finish()])
