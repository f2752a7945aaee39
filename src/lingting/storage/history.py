"""Transcripts that are kept, each sealed; listed, found by their words, read again and deleted.

Promises: `save` returns once the row is committed; nobody's rows are seen by another owner; what was said is neither in
a column nor in an index, only sealed, and in keyed hashes of its words (see `history_terms`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault
from lingting.domain import Clock, Transcript
from lingting.domain.errors import RecordNotFound
from lingting.domain.principal import Call
from lingting.storage.db import Database
from lingting.storage.group_writer import GroupWriter
from lingting.storage.history_records import (
    HistoryFilter,
    HistoryPage,
    HistorySettings,
    KeptTranscript,
    conditions_of,
    cursor_of,
    place_of,
    record_of,
)
from lingting.storage.history_rows import KeptRow, RowFacts, make_row, open_row
from lingting.storage.identity import milliseconds, new_id
from lingting.storage.tables import transcript_terms, transcripts
from lingting.storage.upsert import insert_missing

__all__ = ["MAX_PAGE", "History", "Kind"]

Kind = Literal["file", "stream", "job"]
MAX_PAGE = 200
DAY_MS = 86_400_000
SMALL_CHARACTERS = 2_000
"""Of a text that is sealed and hashed in about a millisecond; longer ones are given to a thread."""
TERMS_AT_ONCE = 2_000
UNSEALED = tuple(column for column in transcripts.c if column.name != "sealed")


class History:
    """The transcripts of one installation. Belongs to one event loop."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, settings: HistorySettings) -> None:
        self.settings = settings
        self._database = database
        self._vault = vault
        self._clock = clock
        self._writer = GroupWriter(self._insert, weigh=lambda row: 1 + len(row.terms))

    def wants(self, call: Call) -> bool:
        """Whether transcripts of this call are kept; a caller may say no, but not yes where the server says no."""
        return self.settings.enabled and call.keep is not False

    async def save(  # noqa: PLR0913 - what one row is linked to
        self,
        call: Call,
        transcript: Transcript,
        *,
        kind: Kind,
        cache_key: str | None = None,
        blob_id: str | None = None,
        record_id: str | None = None,
    ) -> str | None:
        """Keep it, and return its id once that is committed; None where it is not wanted.

        record_id    to keep one work's transcript once, though it is done again after a crash: the first one stays
        raises       StorageUnavailable
        """
        if not self.wants(call):
            return None
        created_ms = milliseconds(self._clock)
        ttl_days = self.settings.ttl_days
        facts = RowFacts(
            id=record_id or new_id("tr", self._clock),
            owner=call.principal.owner,
            key_id=call.principal.key_id,
            user=call.user,
            created_ms=created_ms,
            expires_ms=created_ms + round(ttl_days * DAY_MS) if ttl_days else None,
            door=call.door,
            kind=kind,
            request_id=call.request_id,
            cache_key=cache_key,
            blob_id=blob_id,
        )
        if len(transcript.text) <= SMALL_CHARACTERS:
            row = make_row(self._vault, facts, transcript)
        else:
            row = await asyncio.to_thread(make_row, self._vault, facts, transcript)
        await self._writer.put(row)
        return facts.id

    async def get(self, record_id: str, *, owner: str | None) -> KeptTranscript:
        """One of the owner's, opened; None as owner finds anybody's.

        raises    RecordNotFound, SealBroken, StorageUnavailable
        """
        asked = [transcripts.c.id == record_id, *conditions_of(HistoryFilter(owner), self._vault)]
        rows = await self._rows(select(transcripts).where(*asked))
        if not rows:
            raise RecordNotFound("there is no such record, or its time is over")
        return await asyncio.to_thread(open_row, self._vault, rows[0])

    async def page(self, asked: HistoryFilter, *, cursor: str | None = None, limit: int = 50) -> HistoryPage:
        """Records without their text, newest first.

        raises    InvalidOption, StorageUnavailable
        """
        rows = await self._rows(self._query(UNSEALED, asked, cursor).limit(limit + 1))
        records = [record_of(row) for row in rows[:limit]]
        return HistoryPage(records, cursor_of(records[-1]) if len(rows) > limit else None)

    async def opened(
        self,
        asked: HistoryFilter,
        *,
        cursor: str | None = None,
        limit: int = 50,
        only: ColumnElement[bool] | None = None,
    ) -> HistoryPage:
        """The same with every record opened; `only` is a further condition, as the search has.

        raises    InvalidOption, SealBroken, StorageUnavailable
        """
        query = self._query(tuple(transcripts.c), asked, cursor)
        rows = await self._rows((query if only is None else query.where(only)).limit(limit + 1))
        kept = await asyncio.to_thread(lambda: [open_row(self._vault, row) for row in rows[:limit]])
        next_cursor = cursor_of(kept[-1].record) if len(rows) > limit else None
        return HistoryPage([each.record for each in kept], next_cursor, {each.record.id: each for each in kept})

    async def owners(self) -> list[str]:
        """Whose records there are."""
        return [row["owner"] for row in await self._rows(select(transcripts.c.owner).distinct())]

    async def aclose(self) -> None:
        """Write what waits."""
        await self._writer.aclose()

    def _query(self, columns: tuple[Column[Any], ...], asked: HistoryFilter, cursor: str | None) -> Select[Any]:
        query = select(*columns).where(*conditions_of(asked, self._vault))
        if cursor:
            query = query.where(place_of(cursor))
        return query.order_by(transcripts.c.created_ms.desc(), transcripts.c.id.desc())

    async def _rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:  # Any: values of columns
        async def work(connection: AsyncConnection) -> list[Mapping[str, Any]]:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def _insert(self, rows: Sequence[KeptRow]) -> None:
        terms = [{"term": term, "transcript_id": row.values["id"]} for row in rows for term in row.terms]
        kind = self._database.kind

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert_missing(kind, transcripts), [dict(row.values) for row in rows])
            for i in range(0, len(terms), TERMS_AT_ONCE):
                await connection.execute(insert_missing(kind, transcript_terms), terms[i : i + TERMS_AT_ONCE])

        await self._database.write(work)
