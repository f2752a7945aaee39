"""Opens what is kept beyond a process: the database, and the vault that seals its rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.domain import Clock
from lingting.security.vault import VaultSettings, load_keyring, open_vault
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.db import Database, StorageSettings

__all__ = ["open_kept"]


@asynccontextmanager
async def open_kept(settings: Settings, clock: Clock) -> AsyncIterator[Kept]:
    """The database and the vault, for the server and for commands that need no engine.

    raises    SettingsInvalid, StorageUnavailable
    """
    storage = settings.built("storage", StorageSettings)
    keys = settings.built("vault", VaultSettings)
    is_alone = storage.url is None or storage.url.startswith("sqlite")
    keyring = await asyncio.to_thread(load_keyring, keys, settings.data_dir, may_make=is_alone)
    async with Database.opened(storage, settings.data_dir) as database:
        yield Kept(database, await open_vault(database, keyring, clock))
