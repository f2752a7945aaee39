"""What each key used on each day: requests, and audio that was recognised.

Promises: adding never waits for the database; sums of many servers add up in one row; what could not be written is kept
and written later; a kill of the process loses at most about a second of sums.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from lingting.domain import Clock
from lingting.domain.errors import StorageUnavailable
from lingting.storage.db import Database
from lingting.storage.tables import usage
from lingting.storage.upsert import upsert
from lingting.telemetry import log

__all__ = ["MICRO", "Usage", "UsageStore"]

FLUSH_SECONDS = 1.0
ROWS_AT_ONCE = 200
MAX_ROWS_READ = 100_000
MICRO = 1_000_000
"""Of a piece of money: sums are whole numbers."""
SUMS = ("requests", "audio_ms", "paid_ms", "spent_micro", "tokens")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one key on one day, in UTC."""

    key_id: str
    day: str
    """As 2026-01-31."""
    requests: int
    audio_seconds: float
    paid_seconds: float = 0.0
    """Of audio, on models with a price."""
    money: float = 0.0
    """What that cost."""
    tokens: int = 0
    """Of language models, those read and those written."""


@dataclass(slots=True)
class _Sum:
    requests: int = 0
    audio_ms: int = 0
    paid_ms: int = 0
    spent_micro: int = 0
    tokens: int = 0

    def add(self, other: _Sum) -> None:
        self.requests += other.requests
        self.audio_ms += other.audio_ms
        self.paid_ms += other.paid_ms
        self.spent_micro += other.spent_micro
        self.tokens += other.tokens


class UsageStore:
    """Adds up, and writes the sums every second. Belongs to one event loop."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sums: dict[tuple[str, str], _Sum] = {}
        self._writing = asyncio.Lock()
        self._leave = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run(), name="usage")

    def add(  # noqa: PLR0913 - sums, each with a default
        self,
        key_id: str,
        *,
        requests: int = 0,
        audio_seconds: float = 0.0,
        paid_seconds: float = 0.0,
        money: float = 0.0,
        tokens: int = 0,
    ) -> None:
        """To the sums of today."""
        added = _Sum(requests, round(audio_seconds * 1_000), round(paid_seconds * 1_000), round(money * MICRO), tokens)
        sums = self._sums.setdefault((key_id, self._clock.now().date().isoformat()), _Sum())
        sums.add(added)

    async def since(self, day: str, *, until: str | None = None, key_id: str | None = None) -> list[Usage]:
        """From this day on, oldest first, what was added here up to now among it.

        until     the last day; None is today
        key_id    None is every key
        raises    StorageUnavailable
        """
        await self.flush()
        wanted = select(usage).where(usage.c.day >= day).order_by(usage.c.day, usage.c.key_id).limit(MAX_ROWS_READ)
        if key_id is not None:
            wanted = wanted.where(usage.c.key_id == key_id)
        if until is not None:
            wanted = wanted.where(usage.c.day <= until)
        rows = (await self._database.read(lambda connection: connection.execute(wanted))).all()
        return [
            Usage(
                row.key_id,
                row.day,
                row.requests,
                row.audio_ms / 1_000,
                row.paid_ms / 1_000,
                row.spent_micro / MICRO,
                row.tokens,
            )
            for row in rows
        ]

    async def audio_since(self, day: str) -> dict[str, float]:
        """Seconds of each key from this day on.

        raises    StorageUnavailable
        """
        await self.flush()
        total_ms = func.sum(usage.c.audio_ms)
        wanted = select(usage.c.key_id, total_ms).where(usage.c.day >= day).group_by(usage.c.key_id)
        rows = (await self._database.read(lambda connection: connection.execute(wanted))).all()
        return {key_id: int(audio_ms) / 1_000 for key_id, audio_ms in rows}

    async def flush(self) -> None:
        """Write what was added so far.

        raises    StorageUnavailable, with nothing lost
        """
        async with self._writing:
            taken, self._sums = self._sums, {}
            rest = sorted(taken)  # in one order, so that servers do not wait for each other crosswise
            try:
                while rest:
                    now, rest = rest[:ROWS_AT_ONCE], rest[ROWS_AT_ONCE:]
                    await self._write({key: taken[key] for key in now})
                    for key in now:
                        del taken[key]
            finally:
                for (key_id, day), left in taken.items():
                    sums = self._sums.setdefault((key_id, day), _Sum())
                    sums.add(left)

    async def aclose(self) -> None:
        self._leave.set()
        if self._running is not None:
            await self._running

    async def _write(self, sums: Mapping[tuple[str, str], _Sum]) -> None:
        rows = [
            {"key_id": key_id, "day": day} | {name: getattr(added, name) for name in SUMS}
            for (key_id, day), added in sums.items()
        ]
        adding = upsert(
            self._database.kind,
            usage,
            rows,
            lambda old, new: {name: old.c[name] + new[name] for name in SUMS},
        )
        await self._database.write(lambda connection: connection.execute(adding))

    async def _run(self) -> None:
        is_leaving = False
        while not is_leaving:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    is_leaving = await self._leave.wait()
            except TimeoutError:
                pass
            try:
                if self._sums:
                    await self.flush()
            except StorageUnavailable as problem:
                log.warning("usage.unwritten", code=problem.code, keys=len(self._sums))
