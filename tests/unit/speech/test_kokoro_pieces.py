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
    LAG_SAMPLES,
    LEAST_FRAMES,
    MOST_FRAMES,
    NEIGHBOUR_FRAMES,
    cuts,
    gain,
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
def test_each_piece_is_made_while_the_one_before_sounds(count: int, pace: float, seed: int) -> None:
    pieces = [end - begin for begin, end in pairwise(cuts(energies(count, seed), pace))]
    for before, after in pairwise(pieces):
        assert (after + 2 * NEIGHBOUR_FRAMES) * pace <= before * FRAME_SECONDS


def test_a_short_clause_and_a_slow_machine_make_one_piece() -> None:
    assert cuts(energies(MOST_FRAMES), 0.005) == [0, MOST_FRAMES]
    assert cuts(energies(300), 0.02) == [0, 300]


def test_a_clause_is_cut_where_it_is_softest() -> None:
    levels = np.full(120, 6.0, np.float32)
    levels[47] = 1.0
    assert cuts(levels, 0.005) == [0, 47, 120]
    assert cuts(levels, 0.005)[1] >= LEAST_FRAMES


def test_what_the_network_levels_is_undone() -> None:
    clause = energies(100)
    assert gain(clause, clause) == pytest.approx(1.0)
    assert gain(clause, clause - 2.0) == pytest.approx(10 ** (-2 * 2.8 / 20), rel=0.01)
    assert gain(clause, clause + 2.0) == pytest.approx(10 ** (2 * 2.8 / 20), rel=0.01)


def test_a_tone_goes_on_where_pieces_meet() -> None:
    """Though the later piece begins in another phase."""
    times = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 150.0 * times).astype(np.float32)
    end = tone[10_000 - FADE_SAMPLES : 10_000]
    other = np.sin(2 * np.pi * 150.0 * times + 1.7).astype(np.float32)
    met = joined(end, other[10_000 - FADE_SAMPLES - LAG_SAMPLES : 15_000])
    assert len(met) == pytest.approx(FADE_SAMPLES + 5_000, abs=LAG_SAMPLES)
    assert np.max(np.abs(np.diff(met))) < 1.3 * np.max(np.abs(np.diff(tone)))
    assert np.min(np.max(np.abs(met[: 480 * 2].reshape(-1, 240)), axis=1)) > 0.9, "it does not fade away"
