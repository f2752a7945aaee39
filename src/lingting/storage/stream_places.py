"""Places for live sessions: so many of a key may be held at once, in one process or in all that share a Redis.

Promises: no more places than allowed are given, whoever asks at the same moment; a place whose process died is free
again after `LEASE_SECONDS`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Any, Protocol

from lingting.telemetry import log

__all__ = ["MemoryPlaces", "RedisPlaces", "StreamPlaces"]

LEASE_SECONDS = 30.0
RENEWALS_PER_LEASE = 3
"""So that one or two that go wrong do no harm."""

TAKE = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local most = tonumber(ARGV[3])
if most > 0 and redis.call('ZCARD', KEYS[1]) >= most then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
"""A place by Redis' own time, so that servers whose clocks differ agree."""


class StreamPlaces(Protocol):
    """Where places are counted."""

    async def take(self, key_id: str, most: int) -> str | None:
        """A place; None when `most` are held. 0 has no bound.

        raises    RedisError, OSError or TimeoutError when the store does not answer
        """
        ...

    async def give_back(self, key_id: str, place: str) -> None: ...

    async def aclose(self) -> None: ...


class MemoryPlaces:
    """Of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    async def take(self, key_id: str, most: int) -> str | None:
        if most and self._held[key_id] >= most:
            return None
        self._held[key_id] += 1
        return key_id

    async def give_back(self, key_id: str, place: str) -> None:
        self._held[key_id] -= 1
        if not self._held[key_id]:
            del self._held[key_id]

    async def aclose(self) -> None:
        self._held.clear()


class RedisPlaces:
    """Of all processes that share a Redis, by leases that are renewed. Belongs to one event loop."""

    def __init__(
        self,
        client: Any,  # Any: see connect_redis
        *,
        prefix: str = "lingting",
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._lease_seconds = lease_seconds
        self._take = client.register_script(TAKE)
        self._held: dict[str, str] = {}
        """Places to keys."""
        self._renewing: asyncio.Task[None] | None = None

    async def take(self, key_id: str, most: int) -> str | None:
        place = uuid.uuid4().hex
        if not await self._lease(key_id, place, most):
            return None
        self._held[place] = key_id
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew(), name="stream-places")
        return place

    async def give_back(self, key_id: str, place: str) -> None:
        self._held.pop(place, None)
        await self._client.zrem(self._name(key_id), place)

    async def aclose(self) -> None:
        """Places that are still held run out by themselves."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _lease(self, key_id: str, place: str, most: int) -> bool:
        lease_ms = round(self._lease_seconds * 1_000)
        return bool(await self._take(keys=[self._name(key_id)], args=[place, lease_ms, most]))

    async def _renew(self) -> None:
        from redis.exceptions import RedisError

        while True:
            await asyncio.sleep(self._lease_seconds / RENEWALS_PER_LEASE)
            try:
                for place, key_id in list(self._held.items()):
                    await self._lease(key_id, place, 0)
                    if place not in self._held:  # given back meanwhile
                        await self._client.zrem(self._name(key_id), place)
            except (RedisError, OSError, TimeoutError) as problem:
                log.warning("limits.places_not_renewed", error=type(problem).__name__, places=len(self._held))

    def _name(self, key_id: str) -> str:
        return f"{self._prefix}:streams:{key_id}"
