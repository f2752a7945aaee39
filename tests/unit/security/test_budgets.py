"""A key spends what it may in a day on models that cost, and no more."""

import asyncio
from datetime import UTC, datetime

import pytest

from lingting.domain.errors import QuotaExceeded, StorageUnavailable
from lingting.domain.principal import Principal
from lingting.security.budgets import Budgets, BudgetSettings
from lingting.security.count_store import CountStore
from lingting.security.limit_memory import ClockedMemory
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

KEY, OTHER = Principal("key1"), Principal("key2")


class Usage:
    def __init__(self) -> None:
        self.added: list[tuple[str, float, float]] = []

    def add(self, key_id: str, *, paid_seconds: float, money: float) -> None:
        self.added.append((key_id, paid_seconds, money))


class BrokenMemory(ClockedMemory):
    async def get(self, key: str) -> int:
        raise OSError("away")

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise OSError("away")


class House:
    def __init__(self, *, memory=ClockedMemory, on_failure="allow", **settings: float) -> None:
        self.clock = VirtualClock(start=datetime(2026, 1, 31, 22, tzinfo=UTC))
        self.usage, self.telemetry = Usage(), Telemetry()
        store = CountStore(memory(self.clock), on_failure=on_failure, clock=self.clock, observer=self.telemetry.limits)
        self.budgets = Budgets(
            BudgetSettings(**settings), store, self.usage, clock=self.clock, observer=self.telemetry.routing
        )

    async def spend(self, seconds: float, *, price: float = 0.6, caller: Principal = KEY, error=None) -> None:
        async with self.budgets.spending(caller, model="cloud", seconds=seconds, price_per_minute=price):
            if error is not None:
                raise error


async def test_minutes_are_counted_until_they_are_used_up() -> None:
    house = House(minutes_per_day=1.0)
    await house.spend(30.0)
    await house.spend(30.0)
    with pytest.raises(QuotaExceeded, match="1 minutes of audio a day") as told:
        await house.spend(0.1)
    assert told.value.retry_after_seconds == 2 * 3_600.0
    await house.spend(30.0, caller=OTHER)
    house.clock.advance(2 * 3_600.0)
    await house.spend(30.0)


async def test_money_is_counted_by_the_price_of_each_model() -> None:
    house = House(money_per_day=1.0)
    await house.spend(60.0, price=0.25)
    await house.spend(60.0, price=0.75)
    with pytest.raises(QuotaExceeded, match="1 of money a day"):
        await house.spend(1.0, price=0.01)
    assert house.usage.added == [("key1", 60.0, 0.25), ("key1", 60.0, 0.75)]
    assert b'asr_spent_money_total{model="cloud"} 1.0' in house.telemetry.exposition()


async def test_without_a_bound_everything_is_counted_and_nothing_refused() -> None:
    house = House()
    for _ in range(3):
        await house.spend(1_000.0)
    assert len(house.usage.added) == 3


async def test_what_fails_costs_nothing() -> None:
    house = House(minutes_per_day=1.0)
    with pytest.raises(RuntimeError):
        await house.spend(60.0, error=RuntimeError("away"))
    await house.spend(60.0)
    assert house.usage.added == [("key1", 60.0, 0.6)]


async def test_what_is_in_hand_counts_at_the_same_moment() -> None:
    house = House(minutes_per_day=1.0)
    found = await asyncio.gather(*(house.spend(25.0) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, QuotaExceeded) for each in found) >= 2
    assert 1 <= len(house.usage.added) <= 2


@pytest.mark.parametrize(("on_failure", "error"), [("allow", None), ("refuse", StorageUnavailable)])
async def test_a_store_that_is_away_lets_in_or_refuses_as_was_chosen(on_failure, error) -> None:
    house = House(memory=BrokenMemory, on_failure=on_failure, minutes_per_day=1.0)
    if error is None:
        await house.spend(600.0)
        assert house.usage.added == [("key1", 600.0, 6.0)]
    else:
        with pytest.raises(error):
            await house.spend(1.0)
