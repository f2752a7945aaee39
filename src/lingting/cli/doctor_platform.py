"""The doctor's look at what a server keeps and whom it asks: database, master keys, Redis, a broker.

Nothing is made and nothing is brought up to date; that is what starting a server does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from lingting.cli.doctor_checks import Finding, Level
from lingting.domain.errors import LingtingError
from lingting.security.vault import VaultSettings, load_keyring
from lingting.server.asking import servers_asked
from lingting.settings import Settings
from lingting.storage.db import Database, StorageSettings
from lingting.storage.migrating import newest_schema, schema_of
from lingting.telemetry.health import reason_of

__all__ = ["examine_platform"]

ASK_SECONDS = 5.0
OTHERS = 0o077
"""Whoever else may read or write a file, by its permissions."""


def examine_platform(settings: Settings) -> list[Finding]:
    """Return what was seen, in the order in which it matters."""
    return [*asyncio.run(_asked(settings)), *_master_keys(settings)]


async def _asked(settings: Settings) -> list[Finding]:
    findings = [await _database(settings)]
    async with servers_asked(settings) as checks:
        for check in checks:
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await check.probe()
                findings.append(Finding(check.name, Level.OK, "answers"))
            except Exception as problem:  # noqa: BLE001 - whatever a client raises, the doctor goes on
                remedy = f"start it, or correct its setting: {check.name.replace('_', ', section ')}"
                findings.append(Finding(check.name, Level.NOTE, f"does not answer ({reason_of(problem)})", remedy))
    return findings


async def _database(settings: Settings) -> Finding:
    storage = settings.built("storage", StorageSettings)
    own = settings.data_dir / "lingting.db"
    if storage.url is None and not own.exists():
        return Finding("database", Level.OK, "not there yet; made at the first start")
    try:
        async with asyncio.timeout(ASK_SECONDS), Database.opened(storage, settings.data_dir, migrate=False) as database:
            await database.ping()
            seen = await schema_of(database)
    except LingtingError as problem:
        return Finding("database", Level.BAD, problem.message, "correct storage.url, or start the database server")
    except TimeoutError:
        return Finding("database", Level.BAD, "does not answer in time", "look at the database server")
    if seen == newest_schema():
        return Finding("database", Level.OK, f"answers; its tables are up to date ({database.kind})")
    return Finding("database", Level.NOTE, f"has schema {seen or 'none'}; brought up to date at the next start")


def _master_keys(settings: Settings) -> Iterator[Finding]:
    vault = settings.built("vault", VaultSettings)
    path = vault.key_file or settings.data_dir / "master.keys"
    if not vault.keys and vault.key_file is None and not path.exists():
        yield Finding("master keys", Level.OK, "not there yet; made at the first start")
        return
    try:
        load_keyring(vault, settings.data_dir, may_make=False)
    except LingtingError as problem:
        yield Finding("master keys", Level.BAD, problem.message, "lingting vault new-key makes a line for the file")
        return
    yield Finding("master keys", Level.OK, "from the environment" if vault.keys else f"from {path}")
    if not vault.keys:
        yield from _permissions(path)


def _permissions(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & OTHERS:
        yield Finding("master keys", Level.BAD, f"others may read {path}", f"chmod 600 {path}")
