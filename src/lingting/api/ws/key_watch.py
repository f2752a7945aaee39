"""Notices that a connection's key is not good any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lingting.domain import Principal
from lingting.domain.errors import InvalidKey, StorageUnavailable

__all__ = ["until_unusable"]

RECHECK_SECONDS = 5.0
"""How late the end of a key is noticed here, besides what `access.refresh_seconds` adds."""


async def until_unusable(principal: Principal, require_usable: Callable[[Principal], Awaitable[None]]) -> InvalidKey:
    """Wait until its key is revoked or expires; a database that is away ends nothing."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        try:
            await require_usable(principal)
        except InvalidKey as error:
            return error
        except StorageUnavailable:
            continue
