"""The servers that the settings name beside the database, and how each is asked whether it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from lingting.domain.errors import SettingsInvalid
from lingting.settings import Settings
from lingting.storage.redis_client import connect_redis
from lingting.telemetry.health import Check

__all__ = ["servers_asked"]

PING_SECONDS = 1.5
ASKED = {
    "redis_rooms": "rooms.redis_url",
    "redis_limits": "limits.redis_url",
    "redis_cache": "cache.redis_url",
    "broker": "jobs.broker_url",
}
"""The name of each check, and the setting whose server it asks. What a server does without one of them is told in the
section's pages: it goes on, so none of them is required."""


@asynccontextmanager
async def servers_asked(settings: Settings) -> AsyncIterator[list[Check]]:
    """A check for each that is named; their connections are closed on leaving.

    raises    SettingsInvalid for an address that cannot be, or a client that is not installed
    """
    async with AsyncExitStack() as opened:
        checks = []
        for name, setting in ASKED.items():
            section, _, field = setting.partition(".")
            url = getattr(getattr(settings, section), field)
            if url is None:
                continue
            if url.startswith(("redis:", "rediss:", "unix:")):
                client = connect_redis(url, setting=setting, answer_seconds=PING_SECONDS)
                opened.push_async_callback(client.aclose, close_connection_pool=True)
                checks.append(Check(name, client.ping, is_required=False))
            else:
                checks.append(Check(name, _broker(url), is_required=False))
        yield checks


def _broker(url: str) -> Callable[[], Awaitable[None]]:
    """RabbitMQ, spoken to as Celery does."""

    def ask() -> None:
        try:
            from kombu.connection import Connection
        except ImportError as error:
            raise SettingsInvalid(
                "jobs.broker_url is set, but Celery is not installed: pip install 'lingting[celery]'",
                param="jobs.broker_url",
            ) from error
        with Connection(url, connect_timeout=PING_SECONDS) as connection:  # type: ignore[no-untyped-call]
            connection.connect()

    async def probe() -> None:
        await asyncio.to_thread(ask)

    return probe
