"""Results in Redis, shared by all servers that use it. The extra `redis` brings the client.

One Redis server, or a pair that fails over behind one address; not a cluster. After a failure Redis is left alone for a
second, so that not every request waits for a server that is away.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lingting.domain import Clock
from lingting.domain.errors import StorageUnavailable
from lingting.storage.caching.cache import CacheObserver, CacheSettings
from lingting.storage.caching.cache_redis_scripts import ERASE_KEYS, ERASE_TAG, GET, PUT
from lingting.telemetry import log

__all__ = ["ANSWER_SECONDS", "RedisCache"]

ANSWER_SECONDS = 1.0
"""Recognising anew is better than waiting longer for what may not even be there."""
AWAY_SECONDS = 1.0
ENTRY_BYTES = 700
"""What an entry takes in Redis besides its value: four entries of books, and a place in the set of each tag."""
ERASED_AT_ONCE = 500
"""Redis answers nobody else while a script runs."""
PREFIX = "lingting:cache"


class RedisCache:
    """A `ResultCache` for several servers."""

    def __init__(  # Any: see redis_client
        self, client: Any, settings: CacheSettings, clock: Clock, observer: CacheObserver, *, prefix: str = PREFIX
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._prefix = prefix
        self._away_until_seconds = -math.inf
        self._get, self._put, self._erase_keys, self._erase_tag = (
            client.register_script(script) for script in (GET, PUT, ERASE_KEYS, ERASE_TAG)
        )

    async def get(self, key: str) -> bytes | None:
        async with self._answering():
            value: bytes | None = await self._get(args=[self._prefix, key])
        return value

    async def put(self, key: str, value: bytes, *, tags: Collection[str], only_if_there: bool = False) -> None:
        settings = self._settings
        size_bytes = ENTRY_BYTES + len(value)
        bounds = [size_bytes, math.ceil(settings.ttl_seconds * 1_000), settings.max_bytes]
        if size_bytes > settings.max_bytes:
            return
        async with self._answering():
            evicted = await self._put(args=[self._prefix, key, value, *bounds, int(only_if_there), *tags])
        if evicted:
            self._observer.cache_evicted(evicted)

    async def erase(self, *, keys: Collection[str] = (), tags: Collection[str] = ()) -> int:
        """Asked of Redis even if it was away just before: nobody is told that something is gone unless it is."""
        self._away_until_seconds = -math.inf
        erased, some = 0, list(keys)
        async with self._answering():
            for i in range(0, len(some), ERASED_AT_ONCE):
                erased += await self._erase_keys(args=[self._prefix, *some[i : i + ERASED_AT_ONCE]])
            for tag in tags:
                erased += await self._erase_tagged(tag)
        return erased

    def forget_own(self) -> None:
        """All is shared; whoever erased has erased it here."""

    async def aclose(self) -> None:
        await self._client.aclose(close_connection_pool=True)

    async def _erase_tagged(self, tag: str) -> int:
        erased, found = 0, 1
        while found:
            answer: Sequence[int] = await self._erase_tag(args=[self._prefix, tag, ERASED_AT_ONCE])
            found = answer[0]
            erased += answer[1]
        return erased

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """raises    StorageUnavailable for whatever goes wrong between here and Redis"""
        from redis.exceptions import RedisError

        if self._clock.monotonic() < self._away_until_seconds:
            raise _away()
        try:
            yield
        except (RedisError, OSError, TimeoutError) as problem:
            self._away_until_seconds = self._clock.monotonic() + AWAY_SECONDS
            log.warning("cache.away", error=type(problem).__name__)
            raise _away() from problem


def _away() -> StorageUnavailable:
    return StorageUnavailable("the cache of results does not answer; try again", retry_after_seconds=AWAY_SECONDS)
