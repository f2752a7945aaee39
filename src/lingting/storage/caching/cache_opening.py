"""Makes the cache of results as the settings say: in this process, or shared through Redis, or none."""

from __future__ import annotations

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.storage.caching.cache import CacheObserver, CacheSettings, MemoryCache, ResultCache
from lingting.storage.caching.cache_redis import ANSWER_SECONDS, RedisCache
from lingting.storage.caching.cached_results import CachedResults
from lingting.storage.redis_client import connect_redis

__all__ = ["open_results"]


def open_results(settings: CacheSettings, vault: Vault, clock: Clock, observer: CacheObserver) -> CachedResults | None:
    """Close it with `aclose`. Redis is reached when it is first needed.

    raises    SettingsInvalid
    """
    if not settings.enabled:
        return None
    cache: ResultCache = MemoryCache(settings, clock, observer)
    if settings.redis_url is not None:
        client = connect_redis(settings.redis_url, setting="cache.redis_url", answer_seconds=ANSWER_SECONDS)
        cache = RedisCache(client, settings, clock, observer)
    return CachedResults(cache, vault, observer, max_value_bytes=settings.max_value_bytes)
