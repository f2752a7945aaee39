"""How many tokens of language models a key may use in a day.

Promises: what is in hand counts by its estimate until it ends, so that calls at the same moment see each other; a call
that was let in may go over the quota, by no more than itself; what was used is charged however the call ends; a day
begins at midnight UTC.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lingting.domain import Clock
from lingting.domain.errors import QuotaExceeded, StorageUnavailable
from lingting.domain.principal import Principal
from lingting.security.count_store import SLACK_SECONDS, CountStore, StoreAway
from lingting.security.limit_periods import day_of
from lingting.storage.usage_store import UsageStore

__all__ = ["Spending", "TokenQuota", "tokens_name"]


@dataclass(slots=True)
class Spending:
    """One call's tokens; whoever makes the call says how many they were."""

    tokens: int = 0


class TokenQuota:
    """Belongs to one event loop.

    tokens_per_day    of each key; 0 has no bound
    """

    def __init__(self, tokens_per_day: int, store: CountStore, usage: UsageStore, clock: Clock) -> None:
        self._most = tokens_per_day
        self._store = store
        self._usage = usage
        self._clock = clock
        self._in_hand: dict[str, int] = {}

    @asynccontextmanager
    async def spending(self, caller: Principal, *, estimate: int) -> AsyncIterator[Spending]:
        """Round one call of a model; `estimate` is what it may take at most.

        raises    QuotaExceeded, when nothing is left; StorageUnavailable
        """
        key, spending = caller.key_id, Spending()
        before = self._in_hand.get(key, 0)
        self._in_hand[key] = before + estimate  # before anything is waited for
        try:
            await self._require_left(key, before)
            yield spending
        finally:
            left = self._in_hand[key] - estimate
            if left:
                self._in_hand[key] = left
            else:
                del self._in_hand[key]
            if spending.tokens:
                await self._charge(key, spending.tokens)

    async def require(self, caller: Principal) -> None:
        """That something is left, before there is a question.

        raises    QuotaExceeded, StorageUnavailable
        """
        await self._require_left(caller.key_id, self._in_hand.get(caller.key_id, 0))

    async def _require_left(self, key: str, in_hand: int) -> None:
        if not self._most:
            return
        day = day_of(self._clock.now())
        try:
            with self._store.asking():
                spent = await self._store.counts.get(tokens_name(key, day.name))
        except StoreAway:
            return
        if spent + in_hand >= self._most:
            raise QuotaExceeded(
                f"this key has used up its {self._most} tokens a day of the language model; "
                "the next day begins at midnight UTC",
                retry_after_seconds=day.remaining_seconds,
            )

    async def _charge(self, key: str, tokens: int) -> None:
        """What is wrong with the store is logged there, not raised: the work is done."""
        self._usage.add(key, tokens=tokens)
        day = day_of(self._clock.now())
        try:
            with self._store.asking():
                name = tokens_name(key, day.name)
                await self._store.counts.incr(name, math.ceil(day.remaining_seconds) + SLACK_SECONDS, tokens)
        except (StoreAway, StorageUnavailable):
            return


def tokens_name(key_id: str, day: str) -> str:
    """Of the sum of tokens."""
    return f"tokens/{key_id}/{day}"
