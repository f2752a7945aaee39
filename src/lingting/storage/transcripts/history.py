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
from lingting.domain.errors import RecordNotFound, SealBroken
from lingting.domain.principal import Call
from lingting.storage.db import Database
from lingting.storage.group_writer import GroupWriter
from lingting.storage.identity import job_of_record, milliseconds, new_id
from lingting.storage.tables import jobs, transcript_terms, transcripts
from lingting.storage.transcripts.history_records import (
    HistoryFilter,
    HistoryPage,
    HistorySettings,
    KeptTranscript,
    conditions_of,
    cursor_of,
    place_of,
    record_of,
)
from lingting.storage.transcripts.history_rows import KeptRow, RowFacts, make_row, open_row
from lingting.storage.upsert import insert_missing
from lingting.telemetry import log
from lingting.telemetry.areas.storage import StorageMetrics

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

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, settings: HistorySettings, metrics: StorageMetrics
    ) -> None:
        self.settings = settings
        self._metrics = metrics
        self._database = database
        self.vault = vault
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

        record_id    of a job's transcript, as `record_of_job` names it: kept once, though the job is done again after a
                     crash, and not at all once the job has been erased
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
            is_of_job=kind == "job" and record_id is not None,
            cache_key=cache_key,
            blob_id=blob_id,
        )
        if len(transcript.text) <= SMALL_CHARACTERS:
            row = make_row(self.vault, facts, transcript)
        else:
            row = await asyncio.to_thread(make_row, self.vault, facts, transcript)
        await self._writer.put(row)
        self._metrics.history_saved(kind)
        return facts.id

    async def get(self, record_id: str, *, owner: str | None) -> KeptTranscript:
        """One of the owner's, opened; None as owner finds anybody's.

        raises    RecordNotFound, SealBroken, StorageUnavailable
        """
        asked = [transcripts.c.id == record_id, *conditions_of(HistoryFilter(owner), self.vault)]
        rows = await self._rows(select(transcripts).where(*asked))
        if not rows:
            raise RecordNotFound("there is no such record, or its time is over")
        return await asyncio.to_thread(open_row, self.vault, rows[0])

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
        """The same, opened, but for those that were changed; `only` is a further condition, as the search has.

        raises    InvalidOption, StorageUnavailable
        """
        query = self._query(tuple(transcripts.c), asked, cursor)
        rows = await self._rows((query if only is None else query.where(only)).limit(limit + 1))
        records = [record_of(row) for row in rows[:limit]]
        opened = await asyncio.to_thread(self._open_all, rows[:limit])
        return HistoryPage(records, cursor_of(records[-1]) if len(rows) > limit else None, opened)

    async def owners(self) -> list[str]:
        """Whose records there are."""
        return [row["owner"] for row in await self._rows(select(transcripts.c.owner).distinct())]

    async def aclose(self) -> None:
        """Write what waits."""
        await self._writer.aclose()

    def _open_all(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, KeptTranscript]:  # Any: values of columns
        opened = {}
        for row in rows:
            try:
                opened[row["id"]] = open_row(self.vault, row)
            except SealBroken as problem:  # one that was tampered with shall not hide the others
                log.error("history.unreadable", record=row["id"], reason=problem.message)
        return opened

    def _query(self, columns: tuple[Column[Any], ...], asked: HistoryFilter, cursor: str | None) -> Select[Any]:
        query = select(*columns).where(*conditions_of(asked, self.vault))
        if cursor:
            query = query.where(place_of(cursor))
        return query.order_by(transcripts.c.created_ms.desc(), transcripts.c.id.desc())

    async def _rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:  # Any: values of columns
        async def work(connection: AsyncConnection) -> list[Mapping[str, Any]]:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def _insert(self, rows: Sequence[KeptRow]) -> None:
        kind = self._database.kind

        async def work(connection: AsyncConnection) -> None:
            gone = await _erased_jobs(connection, rows)
            kept = [dict(row.values) for row in rows if row.values["id"] not in gone]
            terms = [
                {"term": term, "transcript_id": row.values["id"]}
                for row in rows
                if row.values["id"] not in gone
                for term in row.terms
            ]
            if kept:
                await connection.execute(insert_missing(kind, transcripts), kept)
            for i in range(0, len(terms), TERMS_AT_ONCE):
                await connection.execute(insert_missing(kind, transcript_terms), terms[i : i + TERMS_AT_ONCE])

        await self._database.write(work)


async def _erased_jobs(connection: AsyncConnection, rows: Sequence[KeptRow]) -> set[str]:
    """Ids of records whose jobs are gone: what was erased while a worker had it in hand shall not come back.

    The rows of the jobs are held until this is committed, so that none is erased in between.
    """
    wanted = {job_of_record(str(row.values["id"])): str(row.values["id"]) for row in rows if row.is_of_job}
    if not wanted:
        return set()
    query = select(jobs.c.id).where(jobs.c.id.in_(wanted)).with_for_update(read=True)
    there = set((await connection.scalars(query)).all())
    return {record for job, record in wanted.items() if job not in there}
