"""Secrets of the installation itself, sealed: made once, by whichever server comes first."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from lingting.crypto import Vault
from lingting.domain import Clock
from lingting.storage.db import Database
from lingting.storage.tables import secrets
from lingting.storage.upsert import upsert

__all__ = ["changed_secret", "kept_secret"]


async def kept_secret(database: Database, vault: Vault, clock: Clock, name: str, fresh: bytes) -> bytes:
    """The secret of this name; `fresh` when there is none yet, and from then on.

    raises    SealBroken when it was sealed under a master key that is not here; StorageUnavailable
    """
    sealed = await database.read(
        lambda connection: connection.scalar(select(secrets.c.sealed).where(secrets.c.name == name))
    )
    if sealed is None:
        row = {
            "name": name,
            "created_ms": int(clock.now().timestamp() * 1_000),
            "sealed": vault.seal(fresh, about=_about(name)),
        }
        await database.write(lambda connection: connection.execute(upsert(database.kind, secrets, [row])))
        sealed = await database.read(
            lambda connection: connection.scalar(select(secrets.c.sealed).where(secrets.c.name == name))
        )
    assert sealed is not None
    return vault.open(sealed, about=_about(name))


async def changed_secret(database: Database, vault: Vault, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The secret of this name, which is there, after the change; changes made at once follow each other.

    raises    SealBroken, StorageUnavailable
    """

    async def work(connection: AsyncConnection) -> bytes:
        sealed = await connection.scalar(select(secrets.c.sealed).where(secrets.c.name == name).with_for_update())
        assert sealed is not None
        changed = change(vault.open(sealed, about=_about(name)))
        values = {"sealed": vault.seal(changed, about=_about(name))}
        await connection.execute(update(secrets).where(secrets.c.name == name).values(values))
        return changed

    return await database.write(work)


def _about(name: str) -> str:
    return f"secrets.sealed:{name}"
