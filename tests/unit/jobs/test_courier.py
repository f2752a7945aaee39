"""When a callback is tried again."""

import pytest

from lingting.jobs.courier import CallbackSettings, pause_seconds

pytestmark = pytest.mark.unit

PAUSES = CallbackSettings().pauses_seconds


def test_each_pause_is_longer_than_the_one_before() -> None:
    pauses = [pause_seconds(500, attempts, PAUSES, 0.0) for attempts in range(1, len(PAUSES) + 1)]
    assert pauses == sorted(pauses)
    assert pauses == list(PAUSES)


def test_a_pause_is_stretched_at_random_by_no_more_than_a_fifth() -> None:
    assert pause_seconds(500, 1, PAUSES, 1.0) == pytest.approx(PAUSES[0] * 1.2)


def test_after_the_last_pause_it_is_given_up() -> None:
    assert pause_seconds(500, len(PAUSES) + 1, PAUSES, 0.5) is None


@pytest.mark.parametrize("status", [None, 301, 400, 401, 404, 429, 500, 503])
def test_what_may_get_better_is_tried_again(status) -> None:
    assert pause_seconds(status, 1, PAUSES, 0.0) is not None


def test_a_receiver_that_is_gone_is_left_at_once() -> None:
    assert pause_seconds(410, 1, PAUSES, 0.0) is None
