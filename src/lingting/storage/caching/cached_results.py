"""Results of recognition that can be given again: transcripts, sealed, in whatever cache the settings name.

Promises: a value is sealed under its key, so that neither a dump of the cache nor one entry put in place of another
gives anything away; a cache that is away, or a value that cannot be read, counts as nothing found, never as an error;
only erasing insists, for it must be true.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass

from lingting.crypto import Vault
from lingting.domain import Transcript
from lingting.domain.errors import SealBroken, StorageUnavailable
from lingting.domain.principal import Call
from lingting.storage.caching.cache import CacheObserver, ResultCache
from lingting.storage.transcripts.transcript_records import transcript_from, transcript_to
from lingting.telemetry import log

__all__ = ["CacheTag", "CachedResult", "CachedResults"]

THREAD_FROM_BYTES = 128 * 1024
"""Opening and reading more than this takes over a millisecond."""
TAG_DIGITS = 24
"""Of hex: 96 bits of a keyed hash."""


@dataclass(frozen=True, slots=True)
class CachedResult:
    """What one recording was recognised as."""

    transcript: Transcript
    owner: str
    record_id: str | None = None
    """In the owner's history; None where it was not kept there."""


class CacheTag:
    """What results can be erased by."""

    @staticmethod
    def owner(owner: str) -> str:
        return f"owner {owner}"

    @staticmethod
    def key(key_id: str) -> str:
        return f"key {key_id}"

    @staticmethod
    def user(user: str, *, owner: str | None = None) -> str:
        """Of a person by the caller's own name for them; without an owner, of anybody's person of that name."""
        return f"user {user}" if owner is None else f"user of {json.dumps([owner, user])}"

    @staticmethod
    def record(record_id: str) -> str:
        return f"record {record_id}"


class CachedResults:
    """Transcripts by key; see `recognition.result_keys` for what is in a key."""

    def __init__(self, cache: ResultCache, vault: Vault, observer: CacheObserver, *, max_value_bytes: int) -> None:
        self._cache = cache
        self._vault = vault
        self._observer = observer
        self._max_value_bytes = max_value_bytes

    async def get(self, key: str) -> CachedResult | None:
        try:
            sealed = await self._cache.get(key)
        except StorageUnavailable:
            self._observer.cache_failed()
            return None
        if sealed is None:
            return None
        try:
            if len(sealed) > THREAD_FROM_BYTES:
                return await asyncio.to_thread(self._open, key, sealed)
            return self._open(key, sealed)
        except SealBroken as problem:
            self._observer.cache_failed()
            log.warning("cache.unreadable", reason=problem.message)
            return None

    async def put(self, key: str, result: CachedResult, call: Call, *, only_if_there: bool = False) -> None:
        """Keep what was recognised for this call, unless it is too long; see `ResultCache.put`."""
        sealed = await asyncio.to_thread(self._seal, key, result)
        if len(sealed) > self._max_value_bytes:
            return
        tags = [self._hidden(tag) for tag in _tags_of(call, result.record_id)]
        try:
            await self._cache.put(key, sealed, tags=tags, only_if_there=only_if_there)
        except StorageUnavailable:
            self._observer.cache_failed()

    async def get_text(self, key: str) -> str | None:
        """What was kept by `put_text`; None where there is none, or it cannot be read."""
        data = await self.get_bytes(key)
        return None if data is None else data.decode()

    async def get_bytes(self, key: str) -> bytes | None:
        """What was kept by `put_bytes`; None where there is none, or it cannot be read."""
        try:
            sealed = await self._cache.get(key)
            if sealed is None:
                return None
            if len(sealed) > THREAD_FROM_BYTES:
                return await asyncio.to_thread(self._vault.open, sealed, about=_about(key))
            return self._vault.open(sealed, about=_about(key))
        except (StorageUnavailable, SealBroken):
            self._observer.cache_failed()
            return None

    async def put_text(self, key: str, text: str, call: Call) -> None:
        """Keep a short text that was made for this call; it is erased with the results of the same owner or person."""
        await self.put_bytes(key, text.encode(), call)

    async def put_bytes(self, key: str, data: bytes, call: Call) -> None:
        """Keep what was made for this call, unless it is too long; it is erased with the results of the same owner."""
        if len(data) > self._max_value_bytes:
            return
        if len(data) > THREAD_FROM_BYTES:
            sealed = await asyncio.to_thread(self._vault.seal, data, about=_about(key))
        else:
            sealed = self._vault.seal(data, about=_about(key))
        tags = [self._hidden(tag) for tag in _tags_of(call)]
        try:
            await self._cache.put(key, sealed, tags=tags)
        except StorageUnavailable:
            self._observer.cache_failed()

    def name(self, about: str, text: str) -> str:
        """A key that tells nobody what was asked."""
        return f"{about}:{self._vault.mac(f'cache {about}', text.encode('utf-8', 'surrogatepass')).hex()}"

    async def erase(self, *, keys: Collection[str] = (), tags: Collection[str] = ()) -> int:
        """Drop what was put under the keys or with one of the tags; says how many results that were.

        raises    StorageUnavailable, when they may still be there
        """
        try:
            return await self._cache.erase(keys=keys, tags=[self._hidden(tag) for tag in tags])
        except StorageUnavailable:
            self._observer.cache_failed()
            raise

    def forget_own(self) -> None:
        """See `ResultCache.forget_own`."""
        self._cache.forget_own()

    async def aclose(self) -> None:
        await self._cache.aclose()

    def _seal(self, key: str, result: CachedResult) -> bytes:
        head = json.dumps([result.owner, result.record_id]).encode()
        return self._vault.seal(head + b"\n" + transcript_to(result.transcript), about=_about(key))

    def _open(self, key: str, sealed: bytes) -> CachedResult:
        head, _, body = self._vault.open(sealed, about=_about(key)).partition(b"\n")
        owner, record_id = json.loads(head)
        return CachedResult(transcript_from(body), owner, record_id)

    def _hidden(self, tag: str) -> str:
        """A cache may be read by others; names of people and keys are not for them."""
        return self._vault.mac("cache tag", tag.encode("utf-8", "surrogatepass")).hex()[:TAG_DIGITS]


def _about(key: str) -> str:
    return f"cache:{key}"


def _tags_of(call: Call, record_id: str | None = None) -> list[str]:
    owner = call.principal.owner
    tags = [CacheTag.owner(owner), CacheTag.key(call.principal.key_id)]
    if call.user:
        tags += [CacheTag.user(call.user), CacheTag.user(call.user, owner=owner)]
    if record_id:
        tags.append(CacheTag.record(record_id))
    return tags
