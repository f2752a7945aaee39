"""A microphone's sound before it is heard: without what the loudspeaker plays, and otherwise as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from lingting.audio.resample import resample
from lingting.domain import RecognizeOptions, StreamOptions
from lingting.live.cleaning import cleaning_for
from simulated_room import in_a_room

pytestmark = pytest.mark.unit

RATE_HZ, PLAYED_RATE_HZ = 16_000, 24_000
PIECE_SAMPLES = 1_600
SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def speech():
    return decode_audio(str(SAMPLES / "en-long.ogg"))[: 6 * RATE_HZ]


@pytest.fixture(scope="module")
def heard(speech):
    return in_a_room(speech, delay_seconds=0.1)


def opened(**options):
    cleaning = cleaning_for(StreamOptions(**options), played_rate_hz=PLAYED_RATE_HZ)
    assert cleaning is not None
    return cleaning


def cleaned(cleaning, near):
    parts = [cleaning.push(near[first : first + PIECE_SAMPLES]) for first in range(0, len(near), PIECE_SAMPLES)]
    return np.concatenate([*parts, cleaning.finish()])


def energy(samples):
    return float((samples[2 * RATE_HZ :].astype(np.float64) ** 2).sum())


def test_what_is_played_at_the_rate_of_voices_is_taken_out(speech, heard) -> None:
    cleaning = opened(echo=True)
    played = resample(speech, RATE_HZ, PLAYED_RATE_HZ)
    for block in np.array_split(played, 5):
        cleaning.far_end.play(block)
    left = cleaned(cleaning, heard)
    assert len(left) == len(heard)
    assert 10 * np.log10(energy(heard) / energy(left)) > 25.0


def test_a_reply_that_was_cut_is_not_looked_for_any_more(speech, heard) -> None:
    cleaning = opened(echo=True)
    cleaning.far_end.play(resample(speech, RATE_HZ, PLAYED_RATE_HZ))
    cleaning.far_end.stop()
    assert np.array_equal(cleaned(cleaning, heard), heard)


def test_sound_is_as_it_was_where_nothing_is_played(heard) -> None:
    assert np.array_equal(cleaned(opened(echo=True), heard), heard)


def test_steady_noise_is_suppressed_where_that_is_wished(heard) -> None:
    noise = np.random.default_rng(3).standard_normal(len(heard)).astype(np.float32) * 0.05
    left = cleaned(opened(recognize=RecognizeOptions(denoise=True)), noise)
    assert len(left) == len(noise)
    assert energy(left) < 0.3 * energy(noise)


def test_nothing_is_in_the_way_of_who_wants_neither() -> None:
    assert cleaning_for(StreamOptions(), played_rate_hz=PLAYED_RATE_HZ) is None
