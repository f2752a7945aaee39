"""The audit log: rows that are only ever added, each bound to the one before by a keyed hash.

Promises: `append` returns when the rows are committed; many servers may append to one database, and their rows form one
chain; a row that was changed, taken out, moved or cut off at the end is found by `audit_check`. Who holds the database
and the vault's root can forge all of it, and who holds the database alone can put back an older state of it as a whole:
against that note an anchor (`Head.anchor`) somewhere else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault, is_same
from lingting.domain.errors import SealBroken
from lingting.domain.moments import iso_of_ms
from lingting.storage.db import Database
from lingting.storage.tables import audit, audit_head
from lingting.storage.upsert import upsert

__all__ = ["AuditFilter", "AuditLog", "AuditRecord", "AuditRow", "Head"]

HEAD_ID = 1
NOTHING = b"\0" * 32
"""What the first row follows."""
PRUNED_AT_ONCE = 5_000
"""Rows of one transaction, so that appending does not wait long."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """What is written down of one act; the fields are columns, in the order in which they are hashed."""

    at_ms: int
    request_id: str
    actor: str
    """The key's id; empty where none was shown."""
    address: str
    action: str
    subject: str
    outcome: str
    audio_ms: int
    detail: str
    """A JSON object of small scalars."""


COLUMNS = tuple(field.name for field in fields(AuditRecord))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A record in its place."""

    seq: int
    record: AuditRecord
    hash: bytes

    def shown(self) -> dict[str, object]:
        """As it is listed and exported."""
        kept = self.record
        return {
            "seq": self.seq,
            "at": iso_of_ms(kept.at_ms),
            "actor": kept.actor,
            "address": kept.address,
            "action": kept.action,
            "subject": kept.subject,
            "outcome": kept.outcome,
            "audio_seconds": kept.audio_ms / 1_000,
            "request_id": kept.request_id,
            "detail": _detail(kept.detail),
            "hash": self.hash.hex(),
        }


@dataclass(frozen=True, slots=True)
class Head:
    """What the log should hold: authenticated, so that it cannot be cut by whoever has no key."""

    first_seq: int
    first_hash: bytes
    """Of the row before the first, which is gone."""
    last_seq: int
    last_hash: bytes

    @property
    def anchor(self) -> str:
        """Noted elsewhere, it proves later that the log up to here is what it was."""
        return f"{self.last_seq}:{self.last_hash.hex()}"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows; None is all."""

    actor: str | None = None
    action: str | None = None
    since_ms: int | None = None
    before_ms: int | None = None


class AuditLog:
    """The table and its head. Belongs to one event loop."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._seen_seq = 0
        """The last row this process knows of; the head never goes back before it."""

    async def prepare(self) -> None:
        """Make the head of a log that has never been used.

        raises    StorageUnavailable
        """

        async def make(connection: AsyncConnection) -> None:
            if await connection.scalar(select(func.count()).select_from(audit)) == 0:
                head = self._values(Head(1, NOTHING, 0, NOTHING))
                await connection.execute(upsert(self._database.kind, audit_head, [{"id": HEAD_ID, **head}]))

        if await self._database.read(lambda connection: connection.scalar(select(audit_head.c.id))) is None:
            await self._database.write(make)

    async def append(self, records: Sequence[AuditRecord]) -> Head:
        """Add the records, in this order, in one transaction.

        raises    StorageUnavailable; SealBroken when the head is gone or was changed
        """

        async def add(connection: AsyncConnection) -> Head:
            head = await self._locked_head(connection)
            last_hash, rows = head.last_hash, []
            for seq, record in enumerate(records, start=head.last_seq + 1):
                last_hash = self.hash_of(seq, record, last_hash)
                rows.append({"seq": seq, **{name: getattr(record, name) for name in COLUMNS}, "hash": last_hash})
            await connection.execute(insert(audit), rows)
            grown = Head(head.first_seq, head.first_hash, head.last_seq + len(rows), last_hash)
            await self._set_head(connection, grown)
            return grown

        head = await self._database.write(add)
        self._seen_seq = max(self._seen_seq, head.last_seq)
        return head

    async def head(self) -> Head:
        """raises    StorageUnavailable; SealBroken when it is gone or was changed"""
        return await self._database.read(lambda connection: self._read_head(connection, locked=False))

    async def newest_seq(self) -> int:
        """Of the rows that are there, whatever the head says; 0 when there are none.

        raises    StorageUnavailable
        """
        newest = await self._database.read(lambda connection: connection.scalar(select(func.max(audit.c.seq))))
        return newest or 0

    async def rows(self, *, after_seq: int, limit: int, wanted: AuditFilter | None = None) -> list[AuditRow]:
        """The rows after this one, oldest first.

        raises    StorageUnavailable
        """
        query = select(audit).where(audit.c.seq > after_seq, *_conditions(wanted)).order_by(audit.c.seq).limit(limit)
        found = await self._database.read(lambda connection: connection.execute(query))
        return [_row(row) for row in found]

    async def rows_before(self, *, seq: int | None, limit: int, wanted: AuditFilter | None = None) -> list[AuditRow]:
        """The rows before this one, newest first; None begins with the newest.

        raises    StorageUnavailable
        """
        query = select(audit).where(*_conditions(wanted)).order_by(audit.c.seq.desc()).limit(limit)
        if seq is not None:
            query = query.where(audit.c.seq < seq)
        found = await self._database.read(lambda connection: connection.execute(query))
        return [_row(row) for row in found]

    async def prune(self, before_ms: int) -> int:
        """Take out the oldest rows, up to the first that is not older; what stays can still be checked.

        raises    StorageUnavailable, SealBroken
        """
        pruned = 0
        while count := await self._database.write(lambda connection: self._prune_some(connection, before_ms)):
            pruned += count
        return pruned

    def hash_of(self, seq: int, record: AuditRecord, previous: bytes) -> bytes:
        """What binds the record to its place and to everything before it."""
        values = json.dumps([seq, *(getattr(record, name) for name in COLUMNS)], separators=(",", ":"))
        return self._vault.mac("audit", previous + values.encode())

    async def _prune_some(self, connection: AsyncConnection, before_ms: int) -> int:
        head = await self._locked_head(connection)
        young = select(func.min(audit.c.seq)).where(audit.c.at_ms >= before_ms)
        first_kept = (await connection.scalar(young)) or head.last_seq + 1
        first_kept = min(first_kept, head.first_seq + PRUNED_AT_ONCE)
        if first_kept <= head.first_seq:
            return 0
        before = select(audit.c.hash).where(audit.c.seq == first_kept - 1)
        first_hash = await connection.scalar(before)
        if first_hash is None:
            raise SealBroken(f"audit row {first_kept - 1} is missing; run `lingting audit verify`")
        await connection.execute(delete(audit).where(audit.c.seq < first_kept))
        await self._set_head(connection, Head(first_kept, first_hash, head.last_seq, head.last_hash))
        return first_kept - head.first_seq

    async def _locked_head(self, connection: AsyncConnection) -> Head:
        head = await self._read_head(connection, locked=True)
        if head.last_seq < self._seen_seq:
            raise SealBroken("the audit log was put back to an older state; run `lingting audit verify`")
        return head

    async def _read_head(self, connection: AsyncConnection, *, locked: bool) -> Head:
        query = select(audit_head).where(audit_head.c.id == HEAD_ID)
        row = (await connection.execute(query.with_for_update() if locked else query)).first()
        if row is None:
            raise SealBroken("the head of the audit log is gone; run `lingting audit verify`")
        head = Head(row.first_seq, bytes(row.first_hash), row.last_seq, bytes(row.last_hash))
        if not is_same(self._mac(head), bytes(row.mac)):
            raise SealBroken("the head of the audit log was changed; run `lingting audit verify`")
        return head

    async def _set_head(self, connection: AsyncConnection, head: Head) -> None:
        await connection.execute(update(audit_head).where(audit_head.c.id == HEAD_ID).values(self._values(head)))

    def _values(self, head: Head) -> dict[str, object]:
        names = ("first_seq", "first_hash", "last_seq", "last_hash")
        return {name: getattr(head, name) for name in names} | {"mac": self._mac(head)}

    def _mac(self, head: Head) -> bytes:
        numbers = struct.pack(">QQ", head.first_seq, head.last_seq)
        return self._vault.mac("audit-head", numbers + head.first_hash + head.last_hash)


def _conditions(wanted: AuditFilter | None) -> list[Any]:  # Any: SQLAlchemy's conditions
    if wanted is None:
        return []
    made = []
    if wanted.actor is not None:
        made.append(audit.c.actor == wanted.actor)
    if wanted.action is not None:
        made.append(audit.c.action == wanted.action)
    if wanted.since_ms is not None:
        made.append(audit.c.at_ms >= wanted.since_ms)
    if wanted.before_ms is not None:
        made.append(audit.c.at_ms < wanted.before_ms)
    return made


def _detail(text: str) -> object:
    """What was tampered with is shown as it is."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _row(row: Row[Any]) -> AuditRow:  # Any: the columns of `audit`
    return AuditRow(row.seq, AuditRecord(*(getattr(row, name) for name in COLUMNS)), bytes(row.hash))
