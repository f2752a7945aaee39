"""Voices by the clock: a print of every 1.6 s of speech, in short steps, for networks that hear windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingting.audio.features import HOP_SAMPLES, mel_power
from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.engines.ge2e import MEL_BANDS, WINDOW_FRAMES, VoiceEncoder
from lingting.engines.sherpa.voices import SherpaVoices
from lingting.engines.voices import Prints

__all__ = ["SampledVoices", "WindowedVoices"]

STEP_FRAMES = 40
"""0.4 s: how finely a change of voices is placed. A smaller step costs as much more as it is smaller."""
_FRAME_SECONDS = HOP_SAMPLES / SAMPLE_RATE_HZ
_WINDOW_SAMPLES = WINDOW_FRAMES * HOP_SAMPLES
_LEVEL_DBFS = -30.0
"""Quieter speech is made this loud. Source: Resemblyzer, hparams.py, audio_norm_target_dBFS."""


class WindowedVoices:
    """The GE2E encoder as a voice model."""

    same_voice = 0.83
    change_cost = 0.1

    def __init__(self, folder: Path) -> None:
        """raises    ModelCorrupt"""
        self._encoder = VoiceEncoder(folder)

    def prints(self, samples: Samples) -> Prints:
        """Each part is a step long, and its print is of the window around it.

        cost      about a tenth of the sound's duration on one core
        """
        frames = mel_power(_raised(samples), mel_bands=MEL_BANDS).T
        if not len(frames):
            return Prints(np.zeros((0, 2)), self._encoder.prints(np.zeros((0, WINDOW_FRAMES, MEL_BANDS), np.float32)))
        if len(frames) < WINDOW_FRAMES:  # too little is heard again until the window is full
            frames = np.tile(frames, (-(-WINDOW_FRAMES // len(frames)), 1))[:WINDOW_FRAMES]
        starts = _starts(len(frames))
        windows = np.stack([frames[start : start + WINDOW_FRAMES] for start in starts])
        return Prints(_spans(starts, len(samples)), self._encoder.prints(windows))


class SampledVoices:
    """An embedding of sherpa-onnx as a voice model, by the same clock as GE2E's."""

    same_voice = 0.5
    """As far apart as sherpa-onnx's own clustering lets voices of one person be.
    Source: sherpa-onnx, csrc/fast-clustering-config.h, threshold"""
    change_cost = 0.2
    """Twice GE2E's, as the likeness of these voices covers about twice its range."""

    def __init__(self, folder: Path) -> None:
        """raises    ModelCorrupt"""
        self._network = SherpaVoices(folder)

    def prints(self, samples: Samples) -> Prints:
        """Each part is a step long, and its print is of the window around it.

        cost      every second of sound is heard four times
        """
        if not len(samples):
            return Prints(np.zeros((0, 2)), self._network.prints(np.zeros((0, _WINDOW_SAMPLES), np.float32)))
        heard = samples
        if len(samples) < _WINDOW_SAMPLES:  # too little is heard again until the window is full
            heard = np.tile(samples, -(-_WINDOW_SAMPLES // len(samples)))[:_WINDOW_SAMPLES]
        starts = _starts(len(heard) // HOP_SAMPLES)
        windows = np.stack([heard[start : start + _WINDOW_SAMPLES] for start in starts * HOP_SAMPLES])
        return Prints(_spans(starts, len(samples)), self._network.prints(windows))


def _raised(samples: Samples) -> Samples:
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    if power <= 0.0:
        return samples
    gain_db = max(_LEVEL_DBFS - 10.0 * np.log10(power), 0.0)
    raised: Samples = (samples * 10.0 ** (gain_db / 20.0)).astype(np.float32)
    return raised


def _starts(frames: int) -> NDArray[np.int64]:
    """Where windows begin, so that the last one ends with the sound."""
    last = frames - WINDOW_FRAMES
    starts: NDArray[np.int64] = np.arange(0, last + 1, STEP_FRAMES, dtype=np.int64)
    return starts if starts[-1] == last else np.concatenate([starts, np.array([last], np.int64)])


def _spans(starts: NDArray[np.int64], length_samples: int) -> NDArray[np.float64]:
    """The parts meet half way between the middles of their windows; the outer ones reach to the ends."""
    middles = (starts + WINDOW_FRAMES / 2) * _FRAME_SECONDS
    edges = np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [length_samples / SAMPLE_RATE_HZ]])
    return np.stack([edges[:-1], edges[1:]], axis=1)
