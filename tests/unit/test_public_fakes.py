"""The sounds, WAV files and clock that tests and users build on are what they say."""

import io
import wave
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lingting.domain import SAMPLE_RATE_HZ, Span
from lingting.testing import VirtualClock, bursts, join, noise, silence, tone, wav_bytes

pytestmark = pytest.mark.unit


def test_silence_is_exact() -> None:
    assert silence(0.5).duration_seconds == 0.5
    assert not silence(0.5).samples.any()


def test_a_tone_has_its_pitch_and_level() -> None:
    audio = tone(440, 1.0, level=0.25, rate_hz=8_000)
    assert np.argmax(np.abs(np.fft.rfft(audio.samples))) == 440
    assert np.max(np.abs(audio.samples)) == pytest.approx(0.25, abs=0.001)


def test_noise_is_the_same_for_a_seed_and_as_loud_as_asked() -> None:
    assert np.array_equal(noise(1.0, seed=1).samples, noise(1.0, seed=1).samples)
    assert not np.array_equal(noise(1.0, seed=1).samples, noise(1.0, seed=2).samples)
    assert np.sqrt(np.mean(noise(1.0, level=0.1).samples ** 2)) == pytest.approx(0.1, rel=0.05)


def test_bursts_sound_inside_their_spans_only() -> None:
    span = Span(4_000, 12_000)
    samples = bursts([span], 1.0).samples
    assert len(samples) == SAMPLE_RATE_HZ
    assert samples[span.start_samples : span.end_samples].any()
    assert not samples[: span.start_samples].any()
    assert not samples[span.end_samples :].any()


def test_parts_are_joined_in_order_and_must_share_a_rate() -> None:
    joined = join([silence(0.1), tone(100, 0.2)])
    assert joined.duration_seconds == pytest.approx(0.3)
    assert not joined.samples[:1_600].any()
    with pytest.raises(AssertionError, match="rate"):
        join([silence(0.1), silence(0.1, rate_hz=8_000)])


def test_wav_bytes_hold_every_channel_clipped_not_wrapped() -> None:
    loud = tone(100, 0.1, level=2.0, rate_hz=8_000)
    with wave.open(io.BytesIO(wav_bytes(loud, silence(0.1, rate_hz=8_000)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8_000)
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    assert len(pcm) == 800
    assert (pcm[:, 0].max(), pcm[:, 0].min()) == (32_767, -32_767)
    assert np.array_equal(np.sign(pcm[:, 0]), np.sign(np.round(loud.samples * 32_767)))
    assert not pcm[:, 1].any()


def test_the_clock_moves_only_by_hand() -> None:
    clock = VirtualClock(start=datetime(2026, 1, 1, tzinfo=UTC))
    assert (clock.monotonic(), clock.monotonic()) == (0.0, 0.0)
    clock.advance(90.0)
    assert clock.monotonic() == 90.0
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=90)
    with pytest.raises(AssertionError, match="back"):
        clock.advance(-1.0)
