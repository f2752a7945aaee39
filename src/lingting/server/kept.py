"""Opens what is kept beyond a process: the database, the vault that seals its rows, and the stores on both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.security.audit import Audit, AuditObserver, AuditSettings
from lingting.security.vault import VaultSettings, keys_again, load_keyring, open_vault
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.audit_log import AuditLog
from lingting.storage.blob_files import BlobFiles
from lingting.storage.blobs import Blobs, BlobSettings
from lingting.storage.caching.cache import CacheSettings
from lingting.storage.caching.cache_opening import open_results
from lingting.storage.conversations.conversation_store import ConversationStore
from lingting.storage.db import Database, StorageSettings
from lingting.storage.erasing import Eraser, Stores
from lingting.storage.erasure_notice import ErasureNotice
from lingting.storage.transcripts.history import History
from lingting.storage.transcripts.history_records import HistorySettings
from lingting.telemetry import Telemetry

__all__ = ["open_audit", "open_kept"]


@asynccontextmanager
async def open_kept(settings: Settings, clock: Clock, telemetry: Telemetry | None = None) -> AsyncIterator[Kept]:
    """The database, the vault, history, recordings and the cache, for the server and for commands without an engine.

    raises    SettingsInvalid, StorageUnavailable
    """
    telemetry = telemetry or Telemetry()
    metrics = telemetry.storage
    storage = settings.built("storage", StorageSettings)
    keys = settings.built("vault", VaultSettings)
    is_alone = storage.url is None or storage.url.startswith("sqlite")
    keyring = await asyncio.to_thread(load_keyring, keys, settings.data_dir, may_make=is_alone)
    async with Database.opened(storage, settings.data_dir, observer=metrics) as database:
        vault = await open_vault(database, keyring, clock, read_again=keys_again(keys, settings.data_dir, keyring))
        history = History(database, vault, clock, settings.built("history", HistorySettings), metrics)
        conversations = ConversationStore(database, vault, clock)
        files = await asyncio.to_thread(_open_files, settings, vault)
        blobs = Blobs(database, vault, clock, files, metrics)
        results = open_results(settings.built("cache", CacheSettings), vault, clock, telemetry.cache)
        notice = ErasureNotice(database, clock)
        eraser = Eraser(Stores(database, vault, blobs, results), notice, metrics)
        try:
            async with notice.watched(results.forget_own) if results else nullcontext():
                yield Kept(database, vault, history, conversations, blobs, eraser, results)
        finally:
            await history.aclose()
            if results is not None:
                await results.aclose()


def _open_files(settings: Settings, vault: Vault) -> BlobFiles:
    """Each installation has a folder of its own in the store, since it clears away what it does not know."""
    space = vault.mac("blobs", b"folder")[:8].hex()
    return BlobFiles(settings.built("blobs", BlobSettings).url, settings.data_dir / "blobs", space=space)


@asynccontextmanager
async def open_audit(settings: Settings, kept: Kept, clock: Clock, observer: AuditObserver) -> AsyncIterator[Audit]:
    """The audit log, for the server and for commands that change something.

    raises    StorageUnavailable
    """
    rows = AuditLog(kept.database, kept.vault)
    audit = Audit(rows, settings.built("audit", AuditSettings), clock=clock, observer=observer)
    await audit.start()
    try:
        yield audit
    finally:
        await audit.aclose()
