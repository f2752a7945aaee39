"""API key records: who a key is, what it is good for, and hashes of its secrets; never a secret.

Rows stay when keys are revoked, so that a server whose last key was revoked still asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, or_, select, update

from lingting.domain import KeyLimits, Scope
from lingting.storage.db import Database
from lingting.storage.tables import api_keys

__all__ = ["KeyRecord", "KeyStore"]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key. Times are milliseconds since 1970 UTC; None is never."""

    id: str
    secret_hash: bytes = field(repr=False)
    created_ms: int
    created_by: str = ""
    """The id of the key that asked for it; empty for the command line."""
    label: str = ""
    tenant: str = ""
    scopes: frozenset[Scope] = frozenset()
    networks: tuple[str, ...] = ()
    """Where it may be used from; empty is anywhere."""
    limits: KeyLimits = field(default_factory=KeyLimits)
    previous_hash: bytes | None = field(default=None, repr=False)
    previous_until_ms: int | None = None
    """How long the secret before the last rotation is still good."""
    expires_ms: int | None = None
    revoked_ms: int | None = None
    last_used_ms: int | None = None
    hotword_packs: tuple[str, ...] = ()
    """For its requests that name none."""

    def is_usable(self, now_ms: int) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_ms is None and (self.expires_ms is None or now_ms < self.expires_ms)


class KeyStore:
    """The table of keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: KeyRecord) -> None:
        """raises    StorageUnavailable, also when the id is taken"""
        await self._database.write(lambda connection: connection.execute(insert(api_keys).values(_row(record))))

    async def find(self, identity: str) -> KeyRecord | None:
        found = await self._database.read(
            lambda connection: connection.execute(select(api_keys).where(api_keys.c.id == identity))
        )
        row = found.mappings().first()
        return None if row is None else _record(row)

    async def list(self, *, tenant: str | None = None, most: int = 10_000) -> Sequence[KeyRecord]:
        """The newest first."""
        wanted = select(api_keys).order_by(api_keys.c.created_ms.desc(), api_keys.c.id).limit(most)
        if tenant is not None:
            wanted = wanted.where(api_keys.c.tenant == tenant)
        found = await self._database.read(lambda connection: connection.execute(wanted))
        return [_record(row) for row in found.mappings()]

    async def has_any(self) -> bool:
        """Whether there ever was a key."""
        wanted = select(api_keys.c.id).limit(1)
        return await self._database.read(lambda connection: connection.scalar(wanted)) is not None

    async def has_usable(self, now_ms: int) -> bool:
        columns = api_keys.c
        usable = (columns.revoked_ms.is_(None), or_(columns.expires_ms.is_(None), columns.expires_ms > now_ms))
        wanted = select(columns.id).where(*usable).limit(1)
        return await self._database.read(lambda connection: connection.scalar(wanted)) is not None

    async def change(self, record: KeyRecord) -> None:
        """Write all that can change of a key; when it was used last stays."""
        row = _row(record)
        for name in ("id", "created_ms", "created_by", "last_used_ms"):
            del row[name]
        await self._database.write(
            lambda connection: connection.execute(update(api_keys).where(api_keys.c.id == record.id).values(row))
        )

    async def used(self, times_ms: Mapping[str, int]) -> None:
        """Write when keys were used last, all of them in one transaction."""
        if not times_ms:
            return
        statement = update(api_keys).where(api_keys.c.id == bindparam("key")).values(last_used_ms=bindparam("at"))
        rows = [{"key": identity, "at": at_ms} for identity, at_ms in sorted(times_ms.items())]
        await self._database.write(lambda connection: connection.execute(statement, rows))


def _row(record: KeyRecord) -> dict[str, Any]:  # Any: values of columns
    return {
        "id": record.id,
        "tenant": record.tenant,
        "label": record.label,
        "scopes": " ".join(sorted(record.scopes)),
        "networks": " ".join(record.networks),
        "secret_hash": record.secret_hash,
        "previous_hash": record.previous_hash,
        "previous_until_ms": record.previous_until_ms,
        "requests_per_minute": record.limits.requests_per_minute,
        "streams": record.limits.streams,
        "audio_seconds_per_day": record.limits.audio_seconds_per_day,
        "audio_seconds_per_month": record.limits.audio_seconds_per_month,
        "created_ms": record.created_ms,
        "created_by": record.created_by,
        "expires_ms": record.expires_ms,
        "revoked_ms": record.revoked_ms,
        "last_used_ms": record.last_used_ms,
        "hotword_packs": " ".join(record.hotword_packs),
    }


def _record(row: RowMapping) -> KeyRecord:
    """Scopes that this version does not know are left out: they open nothing here."""
    known = frozenset(Scope)
    return KeyRecord(
        id=row["id"],
        secret_hash=bytes(row["secret_hash"]),
        created_ms=row["created_ms"],
        created_by=row["created_by"],
        label=row["label"],
        tenant=row["tenant"],
        scopes=frozenset(Scope(name) for name in row["scopes"].split() if name in known),
        networks=tuple(row["networks"].split()),
        limits=KeyLimits(
            requests_per_minute=row["requests_per_minute"],
            streams=row["streams"],
            audio_seconds_per_day=row["audio_seconds_per_day"],
            audio_seconds_per_month=row["audio_seconds_per_month"],
        ),
        previous_hash=None if row["previous_hash"] is None else bytes(row["previous_hash"]),
        previous_until_ms=row["previous_until_ms"],
        expires_ms=row["expires_ms"],
        revoked_ms=row["revoked_ms"],
        last_used_ms=row["last_used_ms"],
        hotword_packs=tuple((row["hotword_packs"] or "").split()),
    )
