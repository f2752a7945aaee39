"""Puts everything that is kept under the current master key, while servers go on; and counts what is under which.

Promises: it may be stopped and begun again at any moment, and run twice at once; a value that a server changes at the
same moment is never put back; only the 32 bytes of each data key are sealed anew, so recordings are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import HEADER_BYTES, MAGIC, Vault
from lingting.domain.errors import SealBroken
from lingting.storage.db import Database
from lingting.storage.tables import metadata
from lingting.telemetry import log

__all__ = ["SEALED_COLUMNS", "Rewrapped", "count_keys", "rewrap_all"]

SEALED_COLUMNS: tuple[Column[Any], ...] = tuple(
    column for table in metadata.sorted_tables for column in table.c if column.name.startswith("sealed")
)
"""Found by their names, so that one which is added cannot be forgotten."""
BATCH = 100
LENGTH_AT = len(MAGIC)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What came of it."""

    changed: int
    unreadable: int
    """Under a master key that is not here, or damaged; left as they are."""


async def count_keys(database: Database) -> Mapping[str, int]:
    """How many values are under each master key."""
    counts: dict[str, int] = {}
    for column in SEALED_COLUMNS:
        lengths = select(func.substr(column, LENGTH_AT + 1, 1)).where(func.length(column) > LENGTH_AT).distinct()
        for found in await _rows(database, lengths):
            named = func.substr(column, 1, LENGTH_AT + 1 + found[0][0])
            counted = select(named, func.count()).where(_has_length(column, found[0])).group_by(named)
            for start, count in await _rows(database, counted):
                name = start[LENGTH_AT + 1 :].decode("ascii", "replace")
                counts[name] = counts.get(name, 0) + count
    return counts


async def rewrap_all(
    database: Database, vault: Vault, *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Rewrapped:
    """Every value under the current master key.

    progress    told how many values were looked at, of how many
    raises      StorageUnavailable
    """
    counts = await count_keys(database)
    total = sum(count for name, count in counts.items() if name != vault.current_key)
    changed = unreadable = 0
    for column in SEALED_COLUMNS:
        last: object = ""
        while rows := await _rows(database, _not_current(column, vault.current_key, after=last)):
            for name, sealed in rows:
                if await _rewrap(database, vault, column, name, sealed):
                    changed += 1
                else:
                    unreadable += 1
                last = name
            progress(min(changed + unreadable, total), total)
    return Rewrapped(changed, unreadable)


async def _rewrap(database: Database, vault: Vault, column: Column[Any], name: str, sealed: bytes) -> bool:
    """False for what cannot be."""
    table, key = column.table, _key_of(column.table)
    try:
        fresh = vault.rewrap(sealed)
    except SealBroken as problem:
        log.warning("vault.unreadable", table=table.name, row=name, reason=problem.message)
        return False
    if fresh is None:
        return True
    # The header has a nonce: whoever wrote another value meanwhile wrote another header.
    is_same = func.substr(column, 1, HEADER_BYTES) == sealed[:HEADER_BYTES]
    statement = update(table).where(key == name, is_same).values({column.name: fresh})
    await database.write(lambda connection: connection.execute(statement))
    return True


def _not_current(column: Column[Any], current: str, *, after: object) -> Select[Any]:
    start = MAGIC + bytes([len(current)]) + current.encode()
    key = _key_of(column.table)
    is_other = func.substr(column, 1, len(start)) != start
    return select(key, column).where(key > after, func.length(column) > 0, is_other).order_by(key).limit(BATCH)


def _has_length(column: Column[Any], length: bytes) -> ColumnElement[bool]:
    return func.substr(column, LENGTH_AT + 1, 1) == length


def _key_of(table: Any) -> Column[Any]:  # Any: a Table, which SQLAlchemy types as what a column may be of
    assert isinstance(table, Table)
    (key,) = table.primary_key.columns
    return key


async def _rows(database: Database, query: Select[Any]) -> list[Any]:  # Any: rows
    async def work(connection: AsyncConnection) -> list[Any]:
        return list((await connection.execute(query)).all())

    return await database.read(work)
