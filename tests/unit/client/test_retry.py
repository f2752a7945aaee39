"""When to connect again, and when to stop."""

import pytest

from lingting.client.retry import Patience, RetryPolicy

pytestmark = pytest.mark.unit

POLICY = RetryPolicy(first_seconds=1.0, max_seconds=8.0, give_up_seconds=30.0, stable_seconds=5.0)


def patience(chance: float = 0.0) -> Patience:
    return Patience(POLICY, lambda: chance)


def test_each_wait_is_twice_the_one_before_up_to_a_limit() -> None:
    waiting = patience()
    assert [waiting.next_wait(0.0, now_seconds=0.0) for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 8.0]


def test_chance_takes_up_to_half_of_a_wait() -> None:
    assert patience(1.0).next_wait(0.0, now_seconds=0.0) == 0.5


def test_the_server_may_ask_for_longer() -> None:
    assert patience().next_wait(5.0, now_seconds=0.0) == 5.0


def test_it_gives_up_when_the_next_attempt_would_be_too_late() -> None:
    waiting = patience()
    assert waiting.next_wait(0.0, now_seconds=100.0) == 1.0
    assert waiting.next_wait(0.0, now_seconds=127.0) == 2.0
    assert waiting.next_wait(0.0, now_seconds=127.0) is None


def test_a_connection_that_held_ends_the_outage() -> None:
    waiting = patience()
    waiting.next_wait(0.0, now_seconds=0.0)
    waiting.connected(10.0)
    assert waiting.next_wait(0.0, now_seconds=1_000.0) == 1.0


def test_one_that_broke_at_once_does_not() -> None:
    waiting = patience()
    waiting.next_wait(0.0, now_seconds=0.0)
    waiting.connected(10.0)
    assert waiting.next_wait(0.0, now_seconds=11.0) == 2.0
    waiting.connected(27.0)
    assert waiting.next_wait(0.0, now_seconds=28.0) is None
