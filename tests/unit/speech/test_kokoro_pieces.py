"""Where a clause is cut so that each piece is there in time, and how pieces are put together again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.speech.voices.kokoro_pieces import (
    FADE_SAMPLES,
    FRAME_SECONDS,
    LEAST_FRAMES,
    MOST_FRAMES,
    NEIGHBOUR_FRAMES,
    cuts,
    joined,
)

pytestmark = pytest.mark.unit

RATE_HZ = 24_000
counts = st.integers(1, 900)
paces = st.floats(0.001, 0.1)


def energies(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(5.0, 3.0, count).astype(np.float32)


@given(counts, paces, st.integers(0, 5))
def test_pieces_are_the_clause(count: int, pace: float, seed: int) -> None:
    places = cuts(energies(count, seed), pace)
    assert (places[0], places[-1]) == (0, count)
    assert all(begin < end for begin, end in pairwise(places))


@given(counts, paces, st.integers(0, 5))
def test_each_piece_is_made_while_those_before_sound(count: int, pace: float, seed: int) -> None:
    first, *others = [end - begin for begin, end in pairwise(cuts(energies(count, seed), pace))]
    ahead_seconds = first * FRAME_SECONDS
    for frames in others:
        ahead_seconds -= (frames + 2 * NEIGHBOUR_FRAMES) * pace
        assert ahead_seconds > 0
        ahead_seconds += frames * FRAME_SECONDS


def test_a_short_clause_and_a_slow_machine_make_one_piece() -> None:
    assert cuts(energies(MOST_FRAMES), 0.005) == [0, MOST_FRAMES]
    assert cuts(energies(300), 0.025) == [0, 300]


def test_a_clause_is_cut_where_it_is_softest() -> None:
    levels = np.full(60, 6.0, np.float32)
    levels[13] = 1.0
    assert cuts(levels, 0.005)[:2] == [0, 13]
    assert LEAST_FRAMES <= 13 <= MOST_FRAMES


def test_slow_cores_make_shorter_pieces() -> None:
    quick, slow = (len(cuts(energies(200), pace)) for pace in (0.005, 0.0125))
    assert quick < slow


def test_a_tone_goes_on_where_pieces_meet() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 150.0 * times).astype(np.float32)
    met = joined(tone[10_000 - FADE_SAMPLES : 10_000], tone[10_000 - FADE_SAMPLES : 15_000])
    assert met == pytest.approx(tone[10_000 - FADE_SAMPLES : 15_000], abs=1e-6)
