"""The store of counts for one process."""

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from lingting.security.limit_memory import ClockedMemory
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def counts(clock) -> ClockedMemory:
    return ClockedMemory(clock)


async def test_a_window_moves_with_each_request(clock, counts) -> None:
    windows, item = MovingWindowRateLimiter(counts), RateLimitItemPerMinute(2)
    assert await windows.hit(item, "a")
    clock.advance(30)
    assert await windows.hit(item, "a")
    assert not await windows.hit(item, "a")
    clock.advance(30)
    assert await windows.hit(item, "a")
    assert not await windows.hit(item, "a")


async def test_it_says_when_the_next_place_is_free(clock, counts) -> None:
    windows, item = MovingWindowRateLimiter(counts), RateLimitItemPerMinute(2)
    await windows.hit(item, "a")
    clock.advance(20)
    await windows.hit(item, "a")
    stats = await windows.get_window_stats(item, "a")
    assert stats.reset_time - clock.now().timestamp() == pytest.approx(40)
    assert stats.remaining == 0


async def test_a_sum_ends_with_its_time(clock, counts) -> None:
    assert await counts.incr("a", 60, 5) == 5
    assert await counts.incr("a", 60, 5) == 10
    clock.advance(60)
    assert await counts.get("a") == 0
    assert await counts.incr("a", 60, 1) == 1


async def test_what_is_over_is_dropped_from_memory(clock, counts) -> None:
    windows, item = MovingWindowRateLimiter(counts), RateLimitItemPerMinute(2)
    for number in range(100):
        await windows.hit(item, str(number))
        await counts.incr(f"sum{number}", 60)
    clock.advance(121)
    await counts.incr("last", 60)
    assert await counts.reset() == 1
