"""What every store relies on, on each database."""

import asyncio

import pytest
from sqlalchemy import func, insert, select, text

from databases import KINDS, fresh_database
from lingting.domain.errors import StorageUnavailable
from lingting.storage.db import Database, StorageSettings
from lingting.storage.migrating import newest_schema, schema_of, upgrade
from lingting.storage.tables import metadata, usage
from lingting.storage.upsert import upsert

pytestmark = pytest.mark.contract


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def database(url, tmp_path):
    async with Database.opened(StorageSettings(url), tmp_path) as opened:
        yield opened


def row(key: str = "a", requests: int = 1) -> dict[str, object]:
    return {"key_id": key, "day": "2026-01-31", "requests": requests, "audio_ms": 5}


async def test_servers_that_start_together_migrate_once(url, tmp_path) -> None:
    async def start() -> str | None:
        async with Database.opened(StorageSettings(url), tmp_path) as opened:
            return await schema_of(opened)

    assert set(await asyncio.gather(*(start() for _ in range(4)))) == {newest_schema()}


async def test_the_migrations_make_the_tables_of_the_code(database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def differences(connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata)

    async with database.connection() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(database) -> None:
    await upgrade(database)
    assert await schema_of(database) == newest_schema()


async def test_a_row_is_added_up_by_many_at_once(database) -> None:
    async def add(connection) -> None:
        await connection.execute(
            upsert(database.kind, usage, [row()], lambda old, new: {"requests": old.c.requests + new.requests})
        )

    await asyncio.gather(*(database.write(add) for _ in range(30)))
    assert await database.read(lambda connection: connection.scalar(select(usage.c.requests))) == 30


async def test_without_a_change_a_row_that_is_there_stays(database) -> None:
    for requests in (1, 7):
        await database.write(lambda c, n=requests: c.execute(upsert(database.kind, usage, [row(requests=n)])))
    assert await database.read(lambda connection: connection.scalar(select(usage.c.requests))) == 1


async def test_a_write_that_fails_leaves_nothing(database) -> None:
    async def half(connection) -> None:
        await connection.execute(insert(usage).values(row()))
        raise KeyError("something else")

    with pytest.raises(KeyError):
        await database.write(half)
    assert await database.read(lambda connection: connection.scalar(select(func.count()).select_from(usage))) == 0


async def test_identifiers_differ_by_case(database) -> None:
    for key in ("a", "A"):
        await database.write(lambda c, k=key: c.execute(insert(usage).values(row(k))))
    assert await database.read(lambda connection: connection.scalar(select(func.count()).select_from(usage))) == 2


async def test_a_statement_that_cannot_be_is_an_error_with_a_code(database) -> None:
    await database.write(lambda c: c.execute(insert(usage).values(row())))
    with pytest.raises(StorageUnavailable):
        await database.write(lambda c: c.execute(insert(usage).values(row())))


class Counting:
    """Keeps what a database tells."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failed: list[str] = []

    def database_done(self, work: str, *, seconds: float) -> None:
        assert seconds >= 0
        self.done.append(work)

    def database_failed(self, work: str) -> None:
        self.failed.append(work)

    def database_retried(self) -> None:
        pass


async def test_each_transaction_is_told_of_whether_it_came_about_or_not(url, tmp_path) -> None:
    counting = Counting()
    async with Database.opened(StorageSettings(url), tmp_path, observer=counting) as opened:
        await opened.write(lambda connection: connection.execute(insert(usage).values(row())))
        await opened.ping()
        with pytest.raises(StorageUnavailable):
            await opened.read(lambda connection: connection.execute(text("select nothing from nowhere")))
    assert (counting.done, counting.failed) == (["write", "read", "read"], ["read"])
