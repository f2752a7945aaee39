"""A table of keys without a database."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lingting.domain.errors import StorageUnavailable
from lingting.storage.key_store import KeyRecord


class MemoryStore:
    """Keeps records, and counts how often it was asked."""

    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.asked = 0
        self.is_away = False

    async def add(self, record: KeyRecord) -> None:
        self.records[record.id] = record

    async def find(self, identity: str) -> KeyRecord | None:
        self.asked += 1
        await asyncio.sleep(0)
        self._require_here()
        return self.records.get(identity)

    async def list(self, *, tenant: str | None = None) -> Sequence[KeyRecord]:
        return list(self.records.values())

    async def has_any(self) -> bool:
        self.asked += 1
        return bool(self.records)

    async def has_usable(self, now_ms: int) -> bool:
        return any(record.is_usable(now_ms) for record in self.records.values())

    async def change(self, record: KeyRecord) -> None:
        self.records[record.id] = record

    async def used(self, times_ms: Mapping[str, int]) -> None:
        self._require_here()
        for identity, at_ms in times_ms.items():
            self.records[identity] = replace(self.records[identity], last_used_ms=at_ms)

    def _require_here(self) -> None:
        if self.is_away:
            raise StorageUnavailable("away", retry_after_seconds=1)
