"""Deletes rows with all that belongs to them, for the sweeper and for erasing alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.storage.db import Database
from lingting.storage.tables import (
    blobs,
    conversation_turns,
    conversations,
    deliveries,
    jobs,
    transcript_terms,
    transcripts,
)

__all__ = ["delete_rows", "ids_of"]


async def delete_rows(database: Database, table: Table, ids: Sequence[str]) -> None:
    """And of a transcript its terms, of a job its callbacks; recordings of both are due from now on.

    Of a conversation its turns.
    """
    await database.write(lambda connection: _delete(connection, table, ids))


async def _delete(connection: AsyncConnection, table: Table, ids: Sequence[str]) -> None:
    if table in (transcripts, jobs):
        recordings = select(table.c.blob_id).where(table.c.id.in_(ids), table.c.blob_id.is_not(None))
        names = list((await connection.scalars(recordings)).all())
        if names:
            await connection.execute(update(blobs).where(blobs.c.id.in_(names)).values(expires_ms=0))
    if table is transcripts:
        await connection.execute(delete(transcript_terms).where(transcript_terms.c.transcript_id.in_(ids)))
    if table is jobs:
        await connection.execute(delete(deliveries).where(deliveries.c.job_id.in_(ids)))
    if table is conversations:
        await connection.execute(delete(conversation_turns).where(conversation_turns.c.conversation_id.in_(ids)))
    await connection.execute(delete(table).where(table.c.id.in_(ids)))


async def ids_of(database: Database, query: Select[Any]) -> list[str]:
    """The first column of what is there."""

    async def work(connection: AsyncConnection) -> list[str]:
        return [row[0] for row in await connection.execute(query)]

    return await database.read(work)
