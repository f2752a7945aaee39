"""Sample formats: exact where they can be, clipped where they must be."""

from __future__ import annotations

import numpy as np
import pytest

from lingting.audio.pcm import clean, from_pcm, to_float, to_pcm

pytestmark = pytest.mark.unit


def test_every_16_bit_step_survives_the_round_trip():
    steps = np.arange(-32_768, 32_768, dtype="<i2")
    assert to_pcm(from_pcm(steps.tobytes(), "s16le"), "s16le") == steps.tobytes()


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_every_g711_code_survives_the_round_trip(encoding):
    codes = bytes(range(256))
    levels = from_pcm(codes, encoding)
    assert np.array_equal(from_pcm(to_pcm(levels, encoding), encoding), levels)
    assert np.abs(levels).max() < 1.0


def test_g711_agrees_with_the_standard():
    assert from_pcm(b"\x00\x80\xff\x7f", "mulaw") * 32_768 == pytest.approx([-32_124, 32_124, 0, 0])
    assert from_pcm(b"\x2a\xaa\xd5\x55", "alaw") * 32_768 == pytest.approx([-32_256, 32_256, 8, -8])


def test_too_loud_is_clipped_and_never_wraps_round():
    assert np.frombuffer(to_pcm(np.float32([1.2, -1.2, 5e30]), "s16le"), "<i2").tolist() == [32_767, -32_768, 32_767]


def test_rounding_goes_to_the_nearest_step():
    assert np.frombuffer(to_pcm(np.float32([0.6, -0.6, 0.4]) / 32_768, "s16le"), "<i2").tolist() == [1, -1, 0]


def test_what_is_not_a_number_becomes_silence():
    assert clean(np.float32([np.nan, np.inf, -np.inf, 0.25])).tolist() == [0.0, 1.0, -1.0, 0.25]
    assert from_pcm(np.float32([np.nan, 7.0]).tobytes(), "f32le").tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.uint8([0, 128, 192]), [-1.0, 0.0, 0.5]),
        (np.int16([-32_768, 16_384]), [-1.0, 0.5]),
        (np.int32([-(2**31), 2**30]), [-1.0, 0.5]),
        (np.int64([-(2**63), 2**62]), [-1.0, 0.5]),
        (np.float64([0.5, 1e300]), [0.5, 1.0]),
    ],
)
def test_every_integer_width_has_the_same_full_scale(samples, expected):
    scaled = to_float(samples)
    assert scaled.dtype == np.float32
    assert scaled.tolist() == expected
