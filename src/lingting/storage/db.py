"""The one door to SQL: connections, transactions, and which driver speaks to which server.

Promises: a write is committed when `write` returns, and survives a kill of the process; what two servers do at once is
tried again, not shown to the caller; SQLite gets one writer at a time and never blocks readers (WAL).
"""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, TypeVar

from filelock import FileLock
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from lingting.domain.errors import SettingsInvalid, StorageUnavailable
from lingting.telemetry.traces import part

__all__ = ["Database", "DatabaseObserver", "StorageSettings", "Work"]

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""What is done inside one transaction; may be called again when servers got in each other's way."""

DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "aiosqlite", "pip install lingting"),
    "mysql": ("mysql+asyncmy", "asyncmy", "pip install 'lingting[mysql]'"),
    "mariadb": ("mysql+asyncmy", "asyncmy", "pip install 'lingting[mysql]'"),
    "postgresql": ("postgresql+asyncpg", "asyncpg", "pip install 'lingting[postgres]'"),
}
BUSY_MS = 30_000
"""How long SQLite waits for another process's write."""
TRIES = 6
FIRST_PAUSE_SECONDS = 0.02
RETRY_AFTER_SECONDS = 2.0
CONFLICTS = ("database is locked", "deadlock", "could not serialize", "lock wait timeout", "1020", "1213", "1205")
"""As SQLite, PostgreSQL and MySQL word that two transactions met; the losing one may be tried again."""


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where rows are kept."""

    url: str | None = None
    """sqlite:///FILE, mysql://, mariadb:// or postgresql://; None is a SQLite file in `data_dir`."""
    pool_size: int = 8
    """Connections kept open to a server."""


class DatabaseObserver(Protocol):
    """Told of each transaction, for metrics; must be quick."""

    def database_done(self, work: str, *, seconds: float) -> None: ...

    def database_failed(self, work: str) -> None: ...

    def database_retried(self) -> None: ...


class Database:
    """One database of the installation. Belongs to one event loop."""

    def __init__(self, engine: AsyncEngine, observer: DatabaseObserver | None = None) -> None:
        self._engine = engine
        self._observer = observer
        self._writer = asyncio.Lock()
        self.kind = engine.dialect.name
        """sqlite, mysql or postgresql."""

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        settings: StorageSettings,
        data_dir: Path,
        *,
        migrate: bool = True,
        observer: DatabaseObserver | None = None,
    ) -> AsyncIterator[Database]:
        """A connected database whose tables are up to date; closed on leaving.

        raises    SettingsInvalid for an address that cannot be, StorageUnavailable
        """
        from lingting.storage.migrating import upgrade

        url = _url(settings, data_dir)
        options: dict[str, Any] = {}  # Any: what each pool takes
        if url.get_backend_name() != "sqlite":
            options = {"pool_size": settings.pool_size, "max_overflow": settings.pool_size, "pool_pre_ping": True}
        engine = create_async_engine(url, hide_parameters=True, **options)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_use_write_ahead_log, url.database)
            _prepare_sqlite(engine)
        database = cls(engine, observer)
        try:
            if migrate:
                await upgrade(database)
            yield database
        finally:
            await engine.dispose()

    async def write(self, work: Work[T]) -> T:
        """Do the work in a transaction of its own and commit it.

        raises    StorageUnavailable; what the work raises, with nothing written
        """
        with self._told("write"):
            return await self._write(work)

    async def read(self, work: Work[T]) -> T:
        """Do the work on a consistent view of the tables.

        raises    StorageUnavailable
        """
        with self._told("read"):
            try:
                return await self._once(work, writes=False)
            except (SQLAlchemyError, OSError) as problem:
                raise _unavailable(problem) from problem

    async def forget(self) -> None:
        """Leave no copy of deleted rows in the write-ahead log; other databases clear theirs by themselves."""
        path = self._engine.url.database
        if self.kind == "sqlite" and path:
            await asyncio.to_thread(_empty_write_ahead_log, path)

    async def ping(self) -> None:
        """raises    StorageUnavailable"""
        await self.read(lambda connection: connection.execute(text("select 1")))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A bare connection in a transaction, for migrations."""
        async with self._engine.connect() as connection:
            await connection.execution_options(writes=True)
            async with connection.begin():
                yield connection

    async def _write(self, work: Work[T]) -> T:
        for tries in range(1, TRIES + 1):
            try:
                if self.kind == "sqlite":
                    async with self._writer:
                        return await self._once(work, writes=True)
                return await self._once(work, writes=True)
            except DBAPIError as problem:
                if tries == TRIES or not _is_conflict(problem):
                    raise _unavailable(problem) from problem
            except (SQLAlchemyError, OSError) as problem:
                raise _unavailable(problem) from problem
            if self._observer is not None:
                self._observer.database_retried()
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2 ** (tries - 1))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _told(self, work: str) -> Iterator[None]:
        began_seconds = perf_counter()
        try:
            with part(f"database.{work}"):
                yield
        except StorageUnavailable:
            if self._observer is not None:
                self._observer.database_failed(work)
            raise
        finally:
            if self._observer is not None:
                self._observer.database_done(work, seconds=perf_counter() - began_seconds)

    async def _once(self, work: Work[T], *, writes: bool) -> T:
        async with self._engine.connect() as connection:
            await connection.execution_options(writes=writes)
            async with connection.begin():
                return await work(connection)


def _url(settings: StorageSettings, data_dir: Path) -> URL:
    if settings.url is None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return URL.create("sqlite+aiosqlite", database=str(data_dir / "lingting.db"))
    try:
        url = make_url(settings.url)
    except (ArgumentError, ValueError) as problem:
        raise SettingsInvalid(
            "storage.url cannot be read; write it as postgresql://user:password@host/database", param="storage.url"
        ) from problem
    name = url.drivername.partition("+")[0]
    if name not in DRIVERS:
        raise SettingsInvalid(
            f"storage.url: {name[:40]!r} is not spoken here; use one of {', '.join(DRIVERS)}", param="storage.url"
        )
    driver, module, install = DRIVERS[name]
    if importlib.util.find_spec(module) is None:
        raise SettingsInvalid(f"storage.url: {name} needs {module}: {install}", param="storage.url")
    if name == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    if driver.startswith("mysql"):
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url.set(drivername=driver)


def _use_write_ahead_log(path: str | None) -> None:
    """Once for the file, by one process at a time: two that switch it at once wait for each other."""
    if path and path != ":memory:":
        with FileLock(f"{path}.lock", timeout=BUSY_MS / 1_000), closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


def _empty_write_ahead_log(path: str) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_MS / 1_000)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # Any: the driver's own
        connection.isolation_level = None  # else the driver begins transactions by itself, too late
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_MS}", "synchronous=FULL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def began(connection: Any) -> None:  # Any: SQLAlchemy's, which has no public type for listeners
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _is_conflict(problem: DBAPIError) -> bool:
    said = str(problem.orig).lower()
    return any(sign in said for sign in CONFLICTS)


def _unavailable(problem: Exception) -> StorageUnavailable:
    cause = getattr(problem, "orig", None) or problem
    return StorageUnavailable(
        f"the database does not answer ({type(cause).__name__}); try again later",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )
