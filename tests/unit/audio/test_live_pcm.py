"""Headerless live samples: the same sound however its bytes are cut, and a clear word about what cannot be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.audio.live_decode import LiveDecoders
from lingting.audio.live_formats import LiveFormat
from lingting.audio.live_pcm import PcmDecoder
from lingting.audio.pcm import to_pcm
from lingting.domain import PcmFormat
from lingting.domain.errors import InvalidOption, ShuttingDown

pytestmark = pytest.mark.unit

ENCODINGS = ("s16le", "f32le", "mulaw", "alaw")
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000)


def _tone(rate_hz: int, seconds: float, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


def _decoded(fmt: PcmFormat, pieces: list[bytes]) -> np.ndarray:
    decoder = PcmDecoder(fmt)
    samples = [decoder.push(piece) for piece in pieces]
    return np.concatenate([*samples, decoder.finish()])


def _level(samples: np.ndarray, hz: float) -> float:
    """Amplitude of one frequency in the middle of a sound at 16 kHz."""
    middle = samples[1_600:-1_600]
    wave = np.exp(-2j * np.pi * hz * np.arange(len(middle)) / 16_000)
    return float(2 * abs(np.mean(middle * wave)))


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(ENCODINGS),
    rate_hz=st.sampled_from(RATES_HZ),
    channels=st.integers(1, 2),
    data=st.binary(min_size=0, max_size=64).map(lambda seed: seed * 60),
    cuts=st.lists(st.integers(0, 3_840), max_size=12),
)
def test_the_sound_does_not_depend_on_the_cuts(encoding, rate_hz, channels, data, cuts):
    fmt = PcmFormat(encoding, rate_hz, channels)
    edges = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    np.testing.assert_array_equal(_decoded(fmt, pieces), _decoded(fmt, [data]))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2])
def test_single_bytes_give_the_same_sound(encoding, channels):
    data = to_pcm(np.repeat(_tone(44_100, 0.1), channels), encoding)
    fmt = PcmFormat(encoding, 44_100, channels)
    single = [data[i : i + 1] for i in range(len(data))]
    np.testing.assert_array_equal(_decoded(fmt, single), _decoded(fmt, [data]))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_tone_stays_a_tone_of_its_length_and_level(encoding, rate_hz):
    samples = _decoded(PcmFormat(encoding, rate_hz, 1), [to_pcm(_tone(rate_hz, 1.0), encoding)])
    assert samples.dtype == np.float32
    assert abs(len(samples) - 16_000) <= 1
    assert _level(samples, 440.0) == pytest.approx(0.5, rel=0.02)  # two steps of G.711 at this level


def test_what_is_above_8_khz_does_not_come_back_as_another_tone():
    samples = _decoded(PcmFormat("f32le", 44_100, 1), [to_pcm(_tone(44_100, 1.0, hz=10_000), "f32le")])
    assert np.abs(samples[1_600:-1_600]).max() < 1e-3


def test_two_channels_become_their_mean():
    left, right = np.full(800, 0.5, np.float32), np.full(800, -0.25, np.float32)
    data = to_pcm(np.stack([left, right], axis=1).reshape(-1), "f32le")
    np.testing.assert_array_equal(_decoded(PcmFormat("f32le", 16_000, 2), [data]), np.full(800, 0.125, np.float32))


def test_a_part_of_a_frame_waits_for_its_rest():
    decoder = PcmDecoder(PcmFormat("s16le", 16_000, 2))
    assert len(decoder.push(b"\x00\x40\x00")) == 0
    np.testing.assert_array_equal(decoder.push(b"\x40\x00"), [0.5])
    assert len(decoder.finish()) == 0


def test_no_bytes_are_no_sound():
    decoder = PcmDecoder(PcmFormat())
    assert len(decoder.push(b"")) == 0
    assert len(decoder.finish()) == 0


def test_floats_that_are_no_numbers_are_silent_and_large_ones_are_clipped():
    wild = np.array([math.nan, math.inf, -math.inf, 3.0, -3.0, 0.25, 1e38], np.float32)
    samples = _decoded(PcmFormat("f32le", 16_000, 1), [wild.tobytes()])
    np.testing.assert_array_equal(samples, np.array([0, 0, 0, 1, -1, 0.25, 1], np.float32))


@pytest.mark.parametrize(("rate_hz", "held_back_ms"), [(8_000, 116), (11_025, 84), (24_000, 40), (48_000, 40)])
def test_the_filter_holds_back_no_more_than_is_said(rate_hz, held_back_ms):
    decoder = PcmDecoder(PcmFormat("s16le", rate_hz, 1))
    piece = bytes(2 * rate_hz // 50)
    come_samples = 0
    for pushes in range(1, 101):
        come_samples += len(decoder.push(piece))
        assert pushes * 20 - come_samples / 16 <= held_back_ms


def test_16_khz_is_not_held_back():
    assert len(PcmDecoder(PcmFormat()).push(bytes(640))) == 320


def test_a_closed_decoder_refuses():
    decoder = PcmDecoder(PcmFormat())
    decoder.close()
    decoder.close()
    with pytest.raises(ShuttingDown):
        decoder.push(b"\0\0")


@pytest.mark.parametrize(
    ("fmt", "param"),
    [
        (LiveFormat(PcmFormat("s24le", 16_000, 1)), "encoding"),
        (LiveFormat(PcmFormat("s16le", 7_999, 1)), "sample_rate"),
        (LiveFormat(PcmFormat("s16le", 48_001, 1)), "sample_rate"),
        (LiveFormat(PcmFormat("s16le", 16_000, 0)), "channels"),
        (LiveFormat(PcmFormat("s16le", 16_000, 3)), "channels"),
        (LiveFormat(None, "avi"), "encoding"),
        (LiveFormat(None, None), "encoding"),
        (LiveFormat(PcmFormat(), "webm"), "encoding"),
    ],
)
def test_a_format_that_cannot_be_is_named(fmt, param):
    decoders = LiveDecoders()
    with pytest.raises(InvalidOption) as caught:
        decoders.open(fmt)
    assert caught.value.param == param


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_usual_rates_are_taken(rate_hz):
    assert len(LiveDecoders().open(LiveFormat(PcmFormat("s16le", rate_hz, 2))).push(b"")) == 0
