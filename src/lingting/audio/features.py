"""What recognisers look at instead of samples: log-mel as Whisper has it, and MFCC for users' own models.

All functions take mono float32 at 16 kHz and are pure numpy; time is cut into 25 ms windows every 10 ms.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lingting.domain import SAMPLE_RATE_HZ, Samples

__all__ = ["HOP_SAMPLES", "WINDOW_SAMPLES", "log_mel", "mel_filters", "mel_power", "mfcc"]

MelScale = Literal["slaney", "htk"]

WINDOW_SAMPLES = SAMPLE_RATE_HZ * 25 // 1000
HOP_SAMPLES = SAMPLE_RATE_HZ * 10 // 1000
_FLOOR = 1e-10
_WHISPER_RANGE = 8.0
"""Decades below the loudest point at which Whisper cuts off. Source: openai/whisper, audio.py."""


def log_mel(samples: Samples, *, mel_bands: int = 80) -> NDArray[np.float32]:
    """Return Whisper's log-mel spectrogram of a clip.

    samples   float32, shape (n,), 16 kHz; result has shape (mel_bands, n // 160), one column every 10 ms
    units     (log10 of power + 4) / 4, at most 2.0 (8 decades) below the clip's loudest point
    keeps     nothing is padded to 30 s; the ends are mirrored, as Whisper does
    source    openai/whisper, audio.py, log_mel_spectrogram; mel_bands is 128 for large-v3, else 80
    """
    power = _power(samples)[:, : len(samples) // HOP_SAMPLES]
    if not power.shape[1]:
        return np.zeros((mel_bands, 0), np.float32)
    log_power = np.log10(np.maximum(mel_filters(mel_bands, scale="slaney") @ power, _FLOOR))
    clipped = np.maximum(log_power, log_power.max() - _WHISPER_RANGE)
    scaled: NDArray[np.float32] = ((clipped + 4.0) / 4.0).astype(np.float32)
    return scaled


def mel_power(samples: Samples, *, mel_bands: int) -> NDArray[np.float32]:
    """Return the power in each mel band, not its logarithm.

    samples   float32, shape (n,), 16 kHz; result has shape (mel_bands, n // 160), one column every 10 ms
    source    librosa, feature.melspectrogram, with its default scale
    """
    power = _power(samples)[:, : len(samples) // HOP_SAMPLES]
    return (mel_filters(mel_bands, scale="slaney") @ power).astype(np.float32)


def mfcc(
    samples: Samples, *, coefficients: int = 13, mel_bands: int = 40, scale: MelScale = "slaney"
) -> NDArray[np.float32]:
    """Return mel-frequency cepstral coefficients: an orthonormal DCT-II over the natural log of mel power.

    samples   float32, shape (n,), 16 kHz; result has shape (coefficients, n // 160), one column every 10 ms
    units     nepers of power; row 0 is the level (the mean log power times the root of mel_bands)
    scale     "slaney" (linear below 1 kHz, area-normalised filters) or "htk" (2595 log10, peaks of 1)
    keeps     no pre-emphasis, no liftering, no mean removal: apply your own where your model wants them
    source    Davis and Mermelstein (1980); Slaney, Auditory Toolbox (1998); Young et al., The HTK Book
    """
    if not 1 <= coefficients <= mel_bands:
        raise ValueError(f"coefficients is 1 to mel_bands ({mel_bands}), got {coefficients}")
    power = _power(samples)[:, : len(samples) // HOP_SAMPLES]
    log_power = np.log(np.maximum(mel_filters(mel_bands, scale=scale) @ power, _FLOOR))
    return (_dct(coefficients, mel_bands) @ log_power).astype(np.float32)


@cache
def mel_filters(mel_bands: int, *, scale: MelScale = "slaney") -> NDArray[np.float64]:
    """Triangular filters from 0 Hz to half the rate, shape (mel_bands, 201); read-only, computed once."""
    bins_hz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, WINDOW_SAMPLES // 2 + 1)
    to_mel, to_hz = (_slaney_mel, _slaney_hz) if scale == "slaney" else (_htk_mel, _htk_hz)
    edges_hz = to_hz(np.linspace(0.0, to_mel(SAMPLE_RATE_HZ / 2), mel_bands + 2))
    left, middle, right = edges_hz[:-2, np.newaxis], edges_hz[1:-1, np.newaxis], edges_hz[2:, np.newaxis]
    rising, falling = (bins_hz - left) / (middle - left), (right - bins_hz) / (right - middle)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    if scale == "slaney":
        filters *= 2.0 / (right - left)
    filters.flags.writeable = False
    return filters


def _power(samples: Samples) -> NDArray[np.float64]:
    """Power spectrum, shape (201, frames), of Hann windows centred on every 10 ms; the ends are mirrored."""
    margin = WINDOW_SAMPLES // 2
    mode: Literal["reflect", "constant"] = "reflect" if len(samples) > margin else "constant"
    padded = np.pad(samples.astype(np.float64), margin, mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    power: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(windows * hann, axis=1))).T
    return power


@cache
def _dct(coefficients: int, mel_bands: int) -> NDArray[np.float64]:
    rows, columns = np.arange(coefficients)[:, np.newaxis], np.arange(mel_bands)
    matrix: NDArray[np.float64] = np.cos(np.pi / mel_bands * (columns + 0.5) * rows) * np.sqrt(2.0 / mel_bands)
    matrix[0] /= np.sqrt(2.0)
    return matrix


_SLANEY_STEP_HZ = 200.0 / 3.0
_SLANEY_KNEE_HZ = 1_000.0
_SLANEY_KNEE_MEL = _SLANEY_KNEE_HZ / _SLANEY_STEP_HZ
_SLANEY_LOG_STEP = np.log(6.4) / 27.0


def _slaney_mel(hz: float) -> float:
    return float(_SLANEY_KNEE_MEL + np.log(hz / _SLANEY_KNEE_HZ) / _SLANEY_LOG_STEP)


def _slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _SLANEY_KNEE_HZ * np.exp(_SLANEY_LOG_STEP * (mel - _SLANEY_KNEE_MEL))
    return np.where(mel < _SLANEY_KNEE_MEL, mel * _SLANEY_STEP_HZ, above)


def _htk_mel(hz: float) -> float:
    return float(2_595.0 * np.log10(1.0 + hz / 700.0))


def _htk_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700.0 * (10.0 ** (mel / 2_595.0) - 1.0))
