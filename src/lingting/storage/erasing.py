"""Erases what is kept of a person, a key, a time or one piece of work, in rows, files, caches and memory.

Promises: when `erase` returns, what it counted cannot be read back through anything here; work that is going on for
the erased jobs loses its place and ends without a result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select

from lingting.crypto import Vault
from lingting.domain.errors import InvalidOption
from lingting.storage.blobs import Blobs
from lingting.storage.db import Database
from lingting.storage.deleting import delete_rows, ids_of
from lingting.storage.erasure_notice import ErasureNotice
from lingting.storage.identity import hash_of_user
from lingting.storage.tables import blobs, conversations, jobs, transcripts
from lingting.storage.transcripts.history_records import moment_of
from lingting.telemetry import log
from lingting.telemetry.areas.storage import StorageMetrics

__all__ = ["CacheEraser", "Erased", "Eraser", "Erasure", "Stores"]

BATCH = 200


class CacheEraser(Protocol):
    """What erasing needs of the cache."""

    async def erase(self, *, keys: Collection[str] = (), tags: Collection[str] = ()) -> int:
        """Drop what was put under the keys or with one of the tags; says how many results that were."""
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """What shall go: all that fits everything given; None does not ask."""

    owner: str | None
    """None is everybody's, for admins and for commands on the server's own machine."""
    user: str | None = None
    """The caller's own name for a person."""
    key: str | None = None
    """The id of an API key."""
    id: str | None = None
    """Of a record, a job or a conversation."""
    before: datetime | None = None
    """A conversation goes whole, by when it began."""
    everything: bool = False
    """Meant, when nothing else is given."""

    def __post_init__(self) -> None:
        if not self.everything and not any((self.user, self.key is not None, self.id, self.before)):
            raise InvalidOption("user", "is missing, and so are key, id and before; say what to erase")


@dataclass(frozen=True, slots=True)
class Erased:
    """How many of each."""

    transcripts: int
    jobs: int
    recordings: int
    cached: int
    conversations: int


@dataclass(frozen=True, slots=True)
class Stores:
    """Where something is kept of people."""

    database: Database
    vault: Vault
    blobs: Blobs
    cache: CacheEraser | None = None


Forget = Callable[[Erasure], Collection[str]]


class Eraser:
    """Belongs to one event loop."""

    def __init__(self, stores: Stores, notice: ErasureNotice, metrics: StorageMetrics) -> None:
        self._database = stores.database
        self._vault = stores.vault
        self._blobs = stores.blobs
        self._cache = stores.cache
        self._notice = notice
        self._metrics = metrics
        self._memories: list[Forget] = []

    def watch(self, forget: Forget) -> None:
        """Have this told of every erasure that is made here, for what is in memory only; it says which ids went."""
        self._memories.append(forget)

    async def erase(self, asked: Erasure) -> Erased:
        """Jobs first, so that none makes a transcript after the transcripts have gone.

        raises    StorageUnavailable; asking again goes on where it stopped
        """
        gone_jobs = await self._rows(jobs, asked)
        keys = await ids_of(self._database, self._cache_keys(asked))
        gone = await self._rows(transcripts, asked)
        recordings = await self._recordings(asked)
        talks = await self._rows(conversations, asked)
        talks += [name for forget in self._memories for name in forget(asked) if name not in talks]
        cached = await self._cache.erase(keys=keys, tags=self._tags(asked, [*gone, *gone_jobs])) if self._cache else 0
        await self._notice.tell()
        await self._database.forget()
        erased = Erased(len(gone), len(gone_jobs), recordings, cached, len(talks))
        counts = asdict(erased)
        for kind, count in counts.items():
            self._metrics.erased(kind, count)
        log.info("erased", **counts)
        return erased

    async def _rows(self, table: Table, asked: Erasure) -> list[str]:
        query = select(table.c.id).where(self._fits(table, asked)).limit(BATCH)
        gone: list[str] = []
        while ids := await ids_of(self._database, query):
            await delete_rows(self._database, table, ids)
            gone += ids
        return gone

    async def _recordings(self, asked: Erasure) -> int:
        """Those of rows that have just gone are marked as due; a person's or an owner's others are found by theirs."""
        due = blobs.c.expires_ms == 0
        if asked.key is None and asked.id is None:
            due = or_(due, self._fits(blobs, asked))
        names = await ids_of(self._database, select(blobs.c.id).where(due))
        for name in names:
            await self._blobs.delete(name)
        return len(names)

    def _fits(self, table: Table, asked: Erasure) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = [table.c.created_ms >= 0]
        if asked.owner is not None:
            conditions.append(table.c.owner == asked.owner)
        if asked.user:
            conditions.append(table.c.user_hash == hash_of_user(self._vault, asked.user))
        if asked.key is not None and "key_id" in table.c:
            conditions.append(table.c.key_id == asked.key)
        if asked.id:
            conditions.append(table.c.id == asked.id)
        if asked.before:
            conditions.append(table.c.created_ms < moment_of(asked.before))
        return and_(*conditions)

    def _cache_keys(self, asked: Erasure) -> Select[tuple[str | None]]:
        column = transcripts.c.cache_key
        return select(column).where(self._fits(transcripts, asked), column.is_not(None)).distinct()

    def _tags(self, asked: Erasure, gone: list[str]) -> list[str]:
        """As the cache marks its results; of a person's or a key's also those that were never in history."""
        tags = [f"record {name}" for name in gone]
        if asked.user:
            tags.append(
                f"user {asked.user}" if asked.owner is None else f"user of {json.dumps([asked.owner, asked.user])}"
            )
        if asked.key is not None:
            tags.append(f"key {asked.key}")
        if asked.everything and asked.owner is not None:
            tags.append(f"owner {asked.owner}")
        return tags
