"""Covering stretches of sound."""

import numpy as np
import pytest

from lingting.audio.beep import PAD_SECONDS, beeped
from lingting.domain import Audio

pytestmark = pytest.mark.unit

RATE_HZ = 16_000
NOISE = Audio(np.random.default_rng(7).uniform(-0.9, 0.9, 2 * RATE_HZ).astype(np.float32), RATE_HZ)


@pytest.mark.parametrize("is_silent", [False, True])
def test_nothing_of_a_span_is_left_and_all_else_is(is_silent: bool) -> None:
    made = beeped(NOISE, [(0.5, 1.0)], is_silent=is_silent)
    low, high = int((0.5 - PAD_SECONDS) * RATE_HZ), int((1.0 + PAD_SECONDS) * RATE_HZ)
    assert len(made.samples) == len(NOISE.samples)
    assert np.array_equal(made.samples[: low - 1], NOISE.samples[: low - 1])
    assert np.array_equal(made.samples[high + 1 :], NOISE.samples[high + 1 :])
    inside = made.samples[low + 1 : high - 1]
    # A tone knows nothing of what it covers: the two do not go together.
    assert abs(float(np.dot(inside, NOISE.samples[low + 1 : high - 1]))) / len(inside) < 0.02
    assert bool(inside.any()) is not is_silent


def test_spans_outside_the_sound_change_nothing() -> None:
    assert np.array_equal(beeped(NOISE, [(5.0, 6.0), (-3.0, -2.0)]).samples, NOISE.samples)
