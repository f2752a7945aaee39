"""Makes clients of a Redis server, alike for all that keep something there. The extra `redis` brings the library.

A client connects when it is first used, and again after the server was away.
"""

from __future__ import annotations

from typing import Any

from lingting.domain.errors import SettingsInvalid

__all__ = ["connect_redis"]

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
MAX_CONNECTIONS = 32
POOL_WAIT_SECONDS = 5.0


def connect_redis(  # Any: the client is an extra, and its types are loose
    url: str, *, setting: str, answer_seconds: float = ANSWER_SECONDS
) -> Any:
    """A client that connects when it is first used.

    setting   which names the address, for messages
    raises    SettingsInvalid when the library is not installed, or the address is none of Redis
    """
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise SettingsInvalid(
            f"{setting} is set, but the client is not installed: pip install 'lingting[redis]'", param=setting
        ) from error
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=min(POOL_WAIT_SECONDS, answer_seconds),
            socket_connect_timeout=min(CONNECT_SECONDS, answer_seconds),
            socket_timeout=answer_seconds,
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError as error:
        raise SettingsInvalid(f"{setting}: {error}", param=setting) from error
    return Redis(connection_pool=pool)
