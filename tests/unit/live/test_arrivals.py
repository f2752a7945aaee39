"""When something was said, by when the audio that holds it came."""

from __future__ import annotations

import pytest

from lingting.live.arrivals import MAX_PIECES, Arrivals

pytestmark = pytest.mark.unit


def arrivals(*pieces: tuple[float, float]) -> Arrivals:
    made = Arrivals()
    for end_seconds, now_seconds in pieces:
        made.note(end_seconds, now_seconds=now_seconds)
    return made


def test_what_came_in_real_time_was_said_a_little_before_it_came() -> None:
    made = arrivals((0.1, 50.1), (0.2, 50.2), (0.3, 50.3))
    assert made.moment_of(0.14) == pytest.approx(50.14)
    assert made.moment_of(0.2) == pytest.approx(50.2)


def test_what_came_at_once_was_not_said_before_what_came_before_it() -> None:
    made = arrivals((5.0, 50.0), (10.0, 50.01))
    assert made.moment_of(6.0) == pytest.approx(50.0)


def test_audio_that_is_late_was_said_when_it_came() -> None:
    made = arrivals((0.1, 50.1), (0.2, 51.0))
    assert made.moment_of(0.19) == pytest.approx(50.99)


def test_what_has_not_come_has_no_moment() -> None:
    assert Arrivals().moment_of(0.0) is None
    assert arrivals((1.0, 50.0)).moment_of(1.5) is None


def test_only_the_latest_pieces_are_kept_however_short_they_are() -> None:
    made = arrivals(*((0.001 * i, 0.001 * i) for i in range(100_000)))
    assert len(made._pieces) <= MAX_PIECES
    assert made.moment_of(99.0) == pytest.approx(99.0, abs=0.03)
