"""How much a key may spend in a day on models that cost: minutes of audio, and money.

Promises: what is in hand counts as spent until it ends; what failed costs nothing; a day begins at midnight UTC.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from lingting.domain import Clock
from lingting.domain.errors import QuotaExceeded, StorageUnavailable
from lingting.domain.principal import Principal
from lingting.security.count_store import SLACK_SECONDS, CountStore, StoreAway
from lingting.security.limit_periods import day_of
from lingting.storage.usage_store import MICRO, UsageStore

__all__ = ["BudgetObserver", "BudgetSettings", "Budgets", "Cost", "paid_name", "spent_name"]


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What each key may spend in a day; 0 has no bound."""

    minutes_per_day: float = 0.0
    """Of audio, on models with a price."""
    money_per_day: float = 0.0
    """In the money of the prices."""


class BudgetObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def spent(self, model: str, *, audio_seconds: float, money: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one clip."""

    audio_ms: int
    money_micro: int

    @classmethod
    def of(cls, seconds: float, price_per_minute: float) -> Cost:
        return cls(round(seconds * 1_000), round(seconds / 60.0 * price_per_minute * MICRO))

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.audio_ms + other.audio_ms, self.money_micro + other.money_micro)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.audio_ms - other.audio_ms, self.money_micro - other.money_micro)


NOTHING = Cost(0, 0)


class Budgets:
    """Belongs to one event loop."""

    def __init__(
        self, settings: BudgetSettings, store: CountStore, usage: UsageStore, *, clock: Clock, observer: BudgetObserver
    ) -> None:
        self._most = Cost(round(settings.minutes_per_day * 60_000), round(settings.money_per_day * MICRO))
        self._settings = settings
        self._store = store
        self._usage = usage
        self._clock = clock
        self._observer = observer
        self._in_hand: dict[str, Cost] = {}

    @asynccontextmanager
    async def spending(
        self, caller: Principal, *, model: str, seconds: float, price_per_minute: float
    ) -> AsyncIterator[None]:
        """Round the recognition of one clip; it is charged when that ends well.

        raises    QuotaExceeded, when the clip would go over the budget; StorageUnavailable
        """
        cost = Cost.of(seconds, price_per_minute)
        key = caller.key_id
        in_hand = self._in_hand.get(key, NOTHING) + cost
        self._in_hand[key] = in_hand  # before anything is waited for, so that clips at the same moment see each other
        try:
            await self._require_left(key, in_hand)
            yield
            await self._charge(key, cost)
            self._observer.spent(model, audio_seconds=seconds, money=cost.money_micro / MICRO)
        finally:
            left = self._in_hand[key] - cost
            if left == NOTHING:
                del self._in_hand[key]
            else:
                self._in_hand[key] = left

    async def _require_left(self, key: str, in_hand: Cost) -> None:
        most = self._most
        if most == NOTHING:
            return
        day = day_of(self._clock.now())
        try:
            with self._store.asking():
                spent = Cost(
                    await self._store.counts.get(paid_name(key, day.name)),
                    await self._store.counts.get(spent_name(key, day.name)),
                )
        except StoreAway:
            return
        total = spent + in_hand
        what = ""
        if most.audio_ms and total.audio_ms > most.audio_ms:
            what = f"{self._settings.minutes_per_day:g} minutes of audio"
        elif most.money_micro and total.money_micro > most.money_micro:
            what = f"{self._settings.money_per_day:g} of money"
        if what:
            raise QuotaExceeded(
                f"this key has used up its {what} a day for models that cost; the next day begins at midnight UTC",
                retry_after_seconds=day.remaining_seconds,
            )

    async def _charge(self, key: str, cost: Cost) -> None:
        """What is wrong with the store is logged there, not raised: the work is done."""
        self._usage.add(key, paid_seconds=cost.audio_ms / 1_000, money=cost.money_micro / MICRO)
        day = day_of(self._clock.now())
        expiry_seconds = math.ceil(day.remaining_seconds) + SLACK_SECONDS
        try:
            with self._store.asking():
                await self._store.counts.incr(paid_name(key, day.name), expiry_seconds, cost.audio_ms)
                await self._store.counts.incr(spent_name(key, day.name), expiry_seconds, cost.money_micro)
        except (StoreAway, StorageUnavailable):
            return


def paid_name(key_id: str, day: str) -> str:
    """Of the sum of audio, in milliseconds."""
    return f"paid/{key_id}/{day}"


def spent_name(key_id: str, day: str) -> str:
    """Of the sum of money, in millionths."""
    return f"spent/{key_id}/{day}"
