"""Noise suppression: quieter noise, the same clock."""

from __future__ import annotations

import numpy as np
import pytest

from lingting.audio.denoise import Denoiser, denoise

pytestmark = pytest.mark.unit


def _noise(seconds=3.0):
    return (np.random.default_rng(5).standard_normal(int(seconds * 16_000)) * 0.05).astype(np.float32)


def test_steady_noise_becomes_quieter():
    before = _noise()
    after = denoise(before)
    assert np.std(after[16_000:]) < 0.5 * np.std(before[16_000:])


@pytest.mark.parametrize("length", [0, 1, 100, 160, 161, 12_345])
def test_length_is_kept(length):
    assert len(denoise(_noise()[:length])) == length


def test_timing_is_kept():
    times = np.arange(32_000) / 16_000
    chirp = (0.5 * np.sin(2 * np.pi * (300 + 600 * times) * times)).astype(np.float32)
    after = denoise(chirp)
    lags = range(-160, 161)
    scores = [float(np.dot(chirp[8_000:24_000], after[8_000 + lag : 24_000 + lag])) for lag in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 1


def test_the_answer_does_not_depend_on_how_the_input_is_cut():
    noise = _noise()
    denoiser = Denoiser()
    pieces = [denoiser.push(noise[start : start + 777]) for start in range(0, len(noise), 777)]
    assert np.array_equal(np.concatenate([*pieces, denoiser.finish()]), denoise(noise))
