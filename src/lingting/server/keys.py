"""Opens the keys, and refuses an address that other machines reach while nobody would be asked for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.domain import Clock
from lingting.domain.errors import SettingsInvalid
from lingting.security.keys import AccessSettings, Keys
from lingting.server.kept import open_kept
from lingting.settings import ENV_PREFIX, Settings
from lingting.storage.db import Database
from lingting.storage.key_store import KeyStore

__all__ = ["open_keys", "require_safe_address"]


@asynccontextmanager
async def open_keys(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[Keys]:
    """The keys of this installation, for the server and for commands."""
    async with Keys.opened(KeyStore(database), clock, settings.built("access", AccessSettings)) as keys:
        yield keys


async def require_safe_address(settings: Settings, clock: Clock) -> None:
    """Let a server listen on loopback, or where the override is given, or where a key is asked for.

    raises    SettingsInvalid, StorageUnavailable
    """
    reachable = settings.open_addresses
    if settings.server.allow_open or settings.access.required or not reachable:
        return
    async with open_kept(settings, clock) as kept, open_keys(settings, kept.database, clock) as keys:
        if await keys.has_usable():
            return
    setting, host = next(iter(reachable.items()))
    raise SettingsInvalid(
        f"{setting} = {host!r} is reachable from other machines, and there is no key to ask for; "
        f"make one with `lingting keys create`, ask for one all the same with {ENV_PREFIX}ACCESS__REQUIRED=true, use "
        f"127.0.0.1, or say {ENV_PREFIX}SERVER__ALLOW_OPEN=true if something in front of it checks who calls",
        param=setting,
    )
