"""Brings the tables of a database up to date, once, however many servers start at the same moment."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from lingting.domain.errors import SettingsInvalid
from lingting.storage.db import Database

__all__ = ["newest_schema", "schema_of", "upgrade"]

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_NAME = "lingting_migrations"
LOCK_NUMBER = 7_211_403
"""PostgreSQL names locks by numbers; any will do that nothing else here uses."""
LOCK_SECONDS = 120


async def upgrade(database: Database, *, revision: str = "head") -> None:
    """Run the migrations that this database has not seen.

    raises    SettingsInvalid when a newer Lingting has been here
    """
    async with database.connection() as connection:
        if database.kind == "postgresql":
            await connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        elif database.kind == "mysql":
            await connection.execute(
                text("select get_lock(:name, :seconds)"), {"name": LOCK_NAME, "seconds": LOCK_SECONDS}
            )
        try:
            await connection.run_sync(_upgrade, revision)
        finally:
            if database.kind == "mysql":
                await connection.execute(text("select release_lock(:name)"), {"name": LOCK_NAME})


async def schema_of(database: Database) -> str | None:
    """The newest migration that the database has seen."""
    async with database.connection() as connection:
        return await connection.run_sync(_revision)


def newest_schema() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, revision: str) -> None:
    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = _revision(connection)
    if current is not None and current not in known:
        raise SettingsInvalid(
            f"the database has schema {current[:40]!r}, which a newer Lingting made; use that one, or a copy of before",
            param="storage.url",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
