"""Features against their definitions and against the implementation Whisper was trained with."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from lingting.audio.features import log_mel, mel_filters, mfcc

pytestmark = pytest.mark.unit


def _sound(seconds=1.3):
    rng = np.random.default_rng(1)
    times = np.arange(int(seconds * 16_000)) / 16_000
    return (0.3 * np.sin(2 * np.pi * 300 * times) + 0.01 * rng.standard_normal(len(times))).astype(np.float32)


@pytest.mark.parametrize("mel_bands", [80, 128])
def test_log_mel_agrees_with_faster_whisper(mel_bands):
    extractor = FeatureExtractor(feature_size=mel_bands)
    sound = _sound()
    ours = log_mel(sound, mel_bands=mel_bands)
    theirs = extractor(sound, padding=0)
    columns = min(ours.shape[1], theirs.shape[1])
    assert abs(ours.shape[1] - theirs.shape[1]) <= 1
    assert np.abs(ours[:, : columns - 1] - theirs[:, : columns - 1]).max() < 1e-3


def test_shapes_follow_the_length():
    assert log_mel(_sound()).shape == (80, 130)
    assert mfcc(_sound()).shape == (13, 130)
    assert log_mel(np.zeros(0, np.float32)).shape == (80, 0)
    assert mfcc(np.zeros(100, np.float32)).shape == (13, 0)


def test_louder_changes_only_the_first_coefficient():
    soft, loud = mfcc(_sound()), mfcc(2 * _sound())
    assert np.abs(loud[1:] - soft[1:]).max() < 1e-3
    # Twice the amplitude is ln 4 in power; an orthonormal DCT spreads it as the root of the 40 bands.
    assert loud[0] - soft[0] == pytest.approx(np.full(130, np.log(4) * np.sqrt(40)), abs=1e-3)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_a_tone_lands_in_the_filter_of_its_pitch(scale):
    filters = mel_filters(40, scale=scale)
    assert filters.shape == (40, 201)
    peaks_hz = filters.argmax(axis=1) * 40.0
    assert (np.diff(peaks_hz) >= 0).all()
    tone = np.sin(2 * np.pi * 2_000 * np.arange(16_000) / 16_000).astype(np.float32)
    band = int((mel_filters(40, scale=scale) @ np.abs(np.fft.rfft(tone[:400] * np.hanning(400))) ** 2).argmax())
    assert abs(peaks_hz[band] - 2_000) < 200


def test_more_coefficients_than_bands_are_refused():
    with pytest.raises(ValueError, match="mel_bands"):
        mfcc(_sound(), coefficients=41)
