"""The resampler: nothing folds back, and cutting changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.audio.resample import StreamResampler, resample

pytestmark = pytest.mark.unit


def _tone(hz, rate_hz, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz).astype(np.float32)


def test_a_10_khz_tone_does_not_fold_back():
    # At 16 kHz it has no place; joining the dots would bring it back at 6 kHz, 2 dB down.
    out = resample(_tone(10_000, 48_000), 48_000, 16_000)
    assert 20 * np.log10(np.abs(out[500:-500]).max()) < -80


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_keeps_its_level_place_and_length(rate_hz):
    out = resample(_tone(440, rate_hz), rate_hz, 16_000)
    assert abs(len(out) - 16_000) <= 1
    assert np.abs(out[500:15_500] - _tone(440, 16_000)[500:15_500]).max() < 1e-3


def test_silence_stays_exactly_zero():
    assert not resample(np.zeros(44_100, np.float32), 44_100, 16_000).any()


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=8), rate_hz=st.sampled_from([8_000, 44_100, 48_000]))
def test_the_answer_does_not_depend_on_how_the_input_is_cut(cuts, rate_hz):
    samples = np.random.default_rng(3).standard_normal(20_000).astype(np.float32) * 0.1
    edges = [0, *sorted(cuts), len(samples)]
    stream = StreamResampler(rate_hz, 16_000)
    pieces = [stream.push(samples[np.newaxis, a:b]) for a, b in itertools.pairwise(edges)]
    joined = np.concatenate([*pieces, stream.finish()], axis=1)[0]
    whole = resample(samples, rate_hz, 16_000)
    assert len(joined) == len(whole)
    assert np.abs(joined - whole).max() < 1e-6


def test_channels_do_not_leak_into_each_other():
    stereo = np.stack([_tone(440, 48_000), np.zeros(48_000, np.float32)])
    stream = StreamResampler(48_000, 16_000, channels=2)
    out = np.concatenate([stream.push(stereo), stream.finish()], axis=1)
    assert out.shape[0] == 2
    assert not out[1].any()
    assert np.abs(out[0]).max() > 0.9
