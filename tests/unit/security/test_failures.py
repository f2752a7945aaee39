"""Wrong keys are counted by address, in bounded memory."""

import pytest

from lingting.domain.errors import RateLimited
from lingting.security import failures
from lingting.security.failures import Failures
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


def fail(counted: Failures, address: str, times: int) -> None:
    for _ in range(times):
        counted.count(address)


def test_after_too_many_an_address_must_wait_out_the_minute() -> None:
    clock = VirtualClock()
    counted = Failures(clock, 3)
    fail(counted, "203.0.113.9", 3)
    clock.advance(20)
    with pytest.raises(RateLimited) as refused:
        counted.count("203.0.113.9")
    assert refused.value.retry_after_seconds == 40
    counted.count("203.0.113.10")
    clock.advance(40)
    counted.count("203.0.113.9")


def test_one_that_was_forgiven_does_not_count() -> None:
    counted = Failures(VirtualClock(), 1)
    for _ in range(5):
        counted.count("203.0.113.9")
        counted.forgive("203.0.113.9")


def test_addresses_of_one_customer_count_together() -> None:
    counted = Failures(VirtualClock(), 2)
    counted.count("2001:db8::1")
    counted.count("2001:db8::2")
    with pytest.raises(RateLimited):
        counted.count("2001:db8::3")
    counted.count("2001:db8:0:1::3")


def test_memory_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(failures, "MAX_PLACES", 2)
    counted = Failures(VirtualClock(), 1)
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
        counted.count(address)
    counted.count("203.0.113.1")  # forgotten
    with pytest.raises(RateLimited):
        counted.count("203.0.113.3")
