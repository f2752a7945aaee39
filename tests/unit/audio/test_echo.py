"""Echo cancellation: what is played is taken out, what a person says stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from lingting.audio.echo import MAX_AHEAD_SECONDS, EchoCanceller
from simulated_room import in_a_room

pytestmark = pytest.mark.unit

RATE_HZ = 16_000
SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def speech():
    return decode_audio(str(SAMPLES / "en-long.ogg"))[: 12 * RATE_HZ]


def cleaned(canceller, near, *, cut=1_600):
    parts = [canceller.push(near[start : start + cut]) for start in range(0, len(near), cut)]
    return np.concatenate([*parts, canceller.finish()])


def reduction_db(before, after, *, from_seconds):
    start = int(from_seconds * RATE_HZ)
    return 10 * np.log10((before[start:] ** 2).sum() / (after[start:] ** 2).sum())


@pytest.mark.parametrize("delay_seconds", [0.0, 0.03, 0.1, 0.25, 0.4])
def test_what_is_played_is_taken_out_of_what_is_heard(speech, delay_seconds):
    canceller = EchoCanceller()
    canceller.play(speech)
    heard = in_a_room(speech, delay_seconds=delay_seconds)
    left = cleaned(canceller, heard)
    assert reduction_db(heard, left, from_seconds=2.0) > 25.0
    assert canceller.reduction_db > 15.0


def test_a_long_delay_that_is_known_is_allowed_for(speech):
    canceller = EchoCanceller(delay_seconds=0.6)
    canceller.play(speech)
    heard = in_a_room(speech, delay_seconds=0.6)
    assert reduction_db(heard, cleaned(canceller, heard), from_seconds=2.0) > 25.0


def test_a_person_who_speaks_after_the_loudspeaker_is_left_alone(speech):
    canceller = EchoCanceller()
    canceller.play(speech[: 2 * RATE_HZ])
    near = np.concatenate(
        [in_a_room(speech[: 2 * RATE_HZ], delay_seconds=0.05), np.zeros(2 * RATE_HZ, np.float32), speech]
    )
    left = cleaned(canceller, near)
    assert np.array_equal(left[4 * RATE_HZ :], near[4 * RATE_HZ :])
    assert not canceller.is_playing
    assert canceller.reduction_db == 0.0


def test_a_silenced_loudspeaker_owes_nothing(speech):
    canceller = EchoCanceller()
    canceller.play(speech)
    canceller.push(speech[:RATE_HZ])
    assert canceller.unplayed_seconds == pytest.approx(11.0)
    canceller.stop()
    assert canceller.unplayed_seconds == 0.0


def test_what_is_handed_over_is_bounded():
    canceller = EchoCanceller()
    for _ in range(3):
        canceller.play(np.zeros(int(MAX_AHEAD_SECONDS / 2 * RATE_HZ), np.float32))
    assert canceller.unplayed_seconds == MAX_AHEAD_SECONDS


@pytest.mark.parametrize("length", [0, 1, 159, 160, 161, 12_345])
def test_length_is_kept(speech, length):
    canceller = EchoCanceller()
    canceller.play(speech[:5_000])
    assert len(cleaned(canceller, speech[:length], cut=777)) == length


def test_the_answer_does_not_depend_on_how_the_input_is_cut(speech):
    answers = []
    for cut in (160, 777, 16_000):
        canceller = EchoCanceller()
        canceller.play(speech)
        answers.append(cleaned(canceller, in_a_room(speech, delay_seconds=0.03), cut=cut))
    assert np.array_equal(answers[0], answers[1])
    assert np.array_equal(answers[0], answers[2])
