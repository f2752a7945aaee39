"""Where a clause is cut so that each piece is there in time, and how pieces are put together again."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.speech.voices.kokoro_pieces import (
    FADE_SAMPLES,
    FRAME_SECONDS,
    LEAST_FRAMES,
    MOST_AT_ONCE_FRAMES,
    MOST_FRAMES,
    NEIGHBOUR_FRAMES,
    first_cut,
    joined,
    next_cut,
)

pytestmark = pytest.mark.unit

RATE_HZ = 24_000
counts = st.integers(1, 900)
paces = st.floats(0.001, 0.1)


def energies(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(5.0, 3.0, count).astype(np.float32)


def pieces(levels: np.ndarray, pace: float, *, delay_seconds: float = 0.0) -> tuple[list[int], list[float]]:
    """Where pieces end, and how long before they are needed they are there, of those after the first.

    delay_seconds    that others take between two pieces
    """
    places, spare, ahead = [first_cut(levels, pace)], [], 0.0
    ahead = places[0] * FRAME_SECONDS
    while places[-1] < len(levels):
        ahead -= delay_seconds
        end = next_cut(levels, places[-1], ahead, pace)
        ahead -= (end - places[-1] + 2 * NEIGHBOUR_FRAMES) * pace
        spare.append(ahead)
        ahead = max(0.0, ahead) + (end - places[-1]) * FRAME_SECONDS
        places.append(end)
    return places, spare


@given(counts, paces, st.integers(0, 5), st.sampled_from([0.0, 0.2, 1.0]))
def test_pieces_are_the_clause(count: int, pace: float, seed: int, delay_seconds: float) -> None:
    places, _ = pieces(energies(count, seed), pace, delay_seconds=delay_seconds)
    assert places[-1] == count
    assert all(begin < end for begin, end in pairwise([0, *places]))


@given(counts, paces, st.integers(0, 5))
def test_each_piece_is_made_while_those_before_sound(count: int, pace: float, seed: int) -> None:
    _, spare = pieces(energies(count, seed), pace)
    assert all(seconds > 0 for seconds in spare)


def test_a_short_clause_and_a_slow_machine_make_one_piece() -> None:
    assert first_cut(energies(MOST_FRAMES), 0.005) == MOST_FRAMES
    assert first_cut(energies(300), 0.025) == 300


def test_a_clause_is_cut_where_it_is_softest() -> None:
    levels = np.full(60, 6.0, np.float32)
    levels[13] = 1.0
    assert first_cut(levels, 0.005) == 13
    assert LEAST_FRAMES <= 13 <= MOST_FRAMES


def test_slow_cores_make_shorter_pieces() -> None:
    quick, slow = (len(pieces(energies(200), pace)[0]) for pace in (0.005, 0.0125))
    assert quick < slow


def test_where_nobody_waits_pieces_are_as_long_as_others_can_bear() -> None:
    assert next_cut(energies(50), 0, math.inf, 0.01) == 50
    assert 0.7 * MOST_AT_ONCE_FRAMES - 1 <= next_cut(energies(300), 0, math.inf, 0.01) <= MOST_AT_ONCE_FRAMES


def test_a_tone_goes_on_where_pieces_meet() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 150.0 * times).astype(np.float32)
    met = joined(tone[10_000 - FADE_SAMPLES : 10_000], tone[10_000 - FADE_SAMPLES : 15_000])
    assert met == pytest.approx(tone[10_000 - FADE_SAMPLES : 15_000], abs=1e-6)
