"""Whose clause a voice says next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.speech.precedence import SOON_SECONDS, Place, next_place

pytestmark = pytest.mark.unit

NOW = 100.0


def first_sound(asked: float = NOW) -> Place:
    return Place(asked, wanted_seconds=0.0)


def begun(ahead_seconds: float) -> Place:
    place = Place(NOW - 1, wanted_seconds=0.0)
    place.sounded(1 + ahead_seconds, now_seconds=NOW - 1)
    return place


def next_clause(in_seconds: float) -> Place:
    return Place(NOW - 2, wanted_seconds=NOW + in_seconds)


def text(asked: float) -> Place:
    return Place(asked, wanted_seconds=None)


def test_what_was_begun_is_not_stopped_in_the_middle_of_a_word() -> None:
    soon = begun(SOON_SECONDS / 2)
    assert next_place([first_sound(), soon, next_clause(0.0)], NOW) is soon


def test_a_new_caller_is_heard_while_the_others_have_sound_ahead() -> None:
    new = first_sound()
    assert next_place([begun(2 * SOON_SECONDS), text(NOW - 9), new, next_clause(2 * SOON_SECONDS)], NOW) is new


def test_no_answer_is_worse_than_a_pause_at_a_comma() -> None:
    new, late = first_sound(), next_clause(-1.0)
    assert next_place([late, new], NOW) is new
    assert next_place([begun(2 * SOON_SECONDS), late], NOW) is late


def test_a_reply_whose_sound_has_run_out_is_waited_for_like_a_new_one() -> None:
    place = Place(NOW, wanted_seconds=NOW - 0.1)
    assert place.is_waited_for
    place.sounded(0.5, now_seconds=NOW + 1)
    assert not place.is_waited_for
    assert place.wanted_seconds == pytest.approx(NOW + 1.5)


def test_texts_that_nobody_hears_as_they_are_made_keep_their_order_and_get_their_turn() -> None:
    older, newer = text(NOW - 2), text(NOW - 1)
    older.sounded(3.0, now_seconds=NOW - 1)
    assert next_place([newer, older], NOW) is older
    assert next_place([begun(9.0), newer], NOW) is newer


@given(st.lists(st.floats(0, 10), min_size=1))
def test_those_who_wait_alike_come_in_their_order(asked: list[float]) -> None:
    places = [first_sound(seconds) for seconds in asked]
    assert next_place(places, NOW) is places[asked.index(min(asked))]
