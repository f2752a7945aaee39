"""Makes the limiter as the settings say: counting in this process, or with others through Redis."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from limits.aio.storage import RedisStorage, Storage

from lingting.domain import Clock
from lingting.security.budgets import paid_name, spent_name
from lingting.security.count_store import SLACK_SECONDS
from lingting.security.limit_memory import ClockedMemory
from lingting.security.limit_periods import day_of, month_of
from lingting.security.rate_limit import Limiter, LimitObserver, LimitParts, LimitSettings, audio_name
from lingting.security.token_quota import tokens_name
from lingting.storage.db import Database
from lingting.storage.redis_client import connect_redis
from lingting.storage.stream_places import MemoryPlaces, RedisPlaces, StreamPlaces
from lingting.storage.usage_store import MICRO, UsageStore

__all__ = ["open_limiter"]

PREFIX = "lingting"
ANSWER_SECONDS = 1.0
"""Every call waits for it."""


@asynccontextmanager
async def open_limiter(
    settings: LimitSettings, database: Database, *, clock: Clock, observer: LimitObserver, prefix: str = PREFIX
) -> AsyncIterator[tuple[Limiter, UsageStore]]:
    """A limiter that knows what was used before; Redis is reached when it is first needed.

    prefix    of the names in Redis
    raises    SettingsInvalid; StorageUnavailable
    """
    async with AsyncExitStack() as opened:
        usage = UsageStore(database, clock)
        counts, places = await _opened_store(settings, clock, opened, prefix)
        if isinstance(counts, ClockedMemory):
            await _remember(counts, usage, clock)
        usage.start()
        opened.push_async_callback(usage.aclose)
        yield Limiter(settings, LimitParts(counts, places, usage, clock, observer)), usage


async def _opened_store(
    settings: LimitSettings, clock: Clock, opened: AsyncExitStack, prefix: str
) -> tuple[Storage, StreamPlaces]:
    if settings.redis_url is None:
        return ClockedMemory(clock), MemoryPlaces()
    client = connect_redis(settings.redis_url, setting="limits.redis_url", answer_seconds=ANSWER_SECONDS)
    opened.push_async_callback(client.aclose, close_connection_pool=True)
    counts = RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=f"{prefix}:limits",
        connection_pool=client.connection_pool,  # of which it makes its client
    )
    places = RedisPlaces(client, prefix=prefix)
    opened.push_async_callback(places.aclose)
    return counts, places


async def _remember(counts: Storage, usage: UsageStore, clock: Clock) -> None:
    """What was used of quotas before this process began."""
    now = clock.now()
    for period in (day_of(now), month_of(now)):
        expiry_seconds = math.ceil(period.remaining_seconds) + SLACK_SECONDS
        for key_id, audio_seconds in (await usage.audio_since(period.first_day)).items():
            await counts.incr(audio_name(key_id, period), expiry_seconds, round(audio_seconds * 1_000))
    day = day_of(now)
    expiry_seconds = math.ceil(day.remaining_seconds) + SLACK_SECONDS
    for row in await usage.since(day.name):
        if row.paid_seconds:
            await counts.incr(paid_name(row.key_id, day.name), expiry_seconds, round(row.paid_seconds * 1_000))
        if row.money:
            await counts.incr(spent_name(row.key_id, day.name), expiry_seconds, round(row.money * MICRO))
        if row.tokens:
            await counts.incr(tokens_name(row.key_id, day.name), expiry_seconds, row.tokens)
