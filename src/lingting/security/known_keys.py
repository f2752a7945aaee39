"""What a process knows of keys: records read from the table, good for a short time, bounded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakValueDictionary

from cachetools import LRUCache, TTLCache

from lingting.domain import Clock, Principal
from lingting.security.allowlist import Network, read_network
from lingting.storage.key_store import KeyRecord, KeyStore

__all__ = ["KnownKey", "KnownKeys"]

MAX_KNOWN = 16_384
MAX_UNKNOWN = 4_096


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A record as it was when it was read, and what follows from it."""

    record: KeyRecord
    principal: Principal
    networks: tuple[Network, ...]
    read_seconds: float


class KnownKeys:
    """Records by id. Belongs to one event loop."""

    def __init__(self, store: KeyStore, clock: Clock, refresh_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._known: LRUCache[str, KnownKey] = LRUCache(MAX_KNOWN)
        self._unknown: TTLCache[str, bool] = TTLCache(MAX_UNKNOWN, ttl=refresh_seconds, timer=clock.monotonic)
        """Ids that no key has; they would cost a query each time otherwise."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def glance(self, identity: str) -> KnownKey | None:
        """What is at hand, however old."""
        return self._known.get(identity)

    async def find(self, identity: str, *, at_most_seconds: float | None = None) -> KnownKey | None:
        """The key, read anew when what is known is too old, by one caller at a time; None when there is none.

        at_most_seconds    how old it may be; None is the usual time
        raises             StorageUnavailable
        """
        limit_seconds = self._refresh_seconds if at_most_seconds is None else at_most_seconds
        known = self._known.get(identity)
        if self._is_fresh(known, limit_seconds) or identity in self._unknown:
            return known
        async with self.lock(identity):
            known = self._known.get(identity)
            if self._is_fresh(known, limit_seconds) or identity in self._unknown:
                return known
            record = await self._store.find(identity)
            if record is None:
                self._known.pop(identity, None)
                self._unknown[identity] = True
                return None
            return self.keep(record)

    def keep(self, record: KeyRecord) -> KnownKey:
        """Remember what was read or written just now."""
        principal = Principal(
            key_id=record.id,
            tenant=record.tenant,
            label=record.label,
            scopes=record.scopes,
            limits=record.limits,
            hotword_packs=record.hotword_packs,
        )
        networks = tuple(read_network(text) for text in record.networks)
        known = self._known[record.id] = KnownKey(record, principal, networks, self._clock.monotonic())
        self._unknown.pop(record.id, None)
        return known

    def lock(self, identity: str) -> asyncio.Lock:
        """Held while a key is read or changed, so that an older reading never covers a newer change."""
        return self._locks.setdefault(identity, asyncio.Lock())

    def _is_fresh(self, known: KnownKey | None, limit_seconds: float) -> bool:
        return known is not None and self._clock.monotonic() - known.read_seconds < limit_seconds
