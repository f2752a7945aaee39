"""How fast the audit log takes rows: many callers at once, each waiting for its row to be committed, as a server's do.

Run: python benchmarks/audit.py [--rows 20000] [--callers 64] [--url sqlite:///FILE]
Prints rows per second, how long callers waited, rows per commit, and how fast the log is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import SystemClock
from lingting.security.audit import Audit, AuditEntry, AuditSettings
from lingting.storage.audit_log import AuditLog
from lingting.storage.db import Database, StorageSettings


class Commits:
    """Counts them."""

    def __init__(self) -> None:
        self.count = 0

    def audit_waiting(self, count: int) -> None: ...

    def audit_written(self, count: int, *, commit_seconds: float) -> None:
        self.count += 1

    def audit_failed(self, count: int = 1) -> None: ...

    def audit_summarised(self, count: int = 1) -> None: ...


async def measure(url: str | None, rows: int, callers: int, folder: Path) -> None:
    vault = Vault(Keyring.parse([new_master_key()]), os.urandom(32))
    commits = Commits()
    async with Database.opened(StorageSettings(url), folder) as database:
        audit = Audit(AuditLog(database, vault), AuditSettings(), clock=SystemClock(), observer=commits)
        await audit.start()
        waited: list[float] = []

        async def call() -> None:
            for _ in range(rows // callers):
                began = time.perf_counter()
                entry = AuditEntry(
                    "a1b2c3d4e5f6", "192.0.2.1", "POST /v1/audio/transcriptions", "200", request_id="r" * 32
                )
                await audit.record(entry)
                waited.append(time.perf_counter() - began)

        began, worked = time.perf_counter(), time.process_time()
        await asyncio.gather(*(call() for _ in range(callers)))
        seconds, work = time.perf_counter() - began, time.process_time() - worked
        waited.sort()
        half_ms, most_ms = waited[len(waited) // 2] * 1e3, waited[-len(waited) // 20] * 1e3
        print(
            f"{len(waited) / seconds:,.0f} rows/s, {callers} callers, {len(waited) / commits.count:.1f} rows a commit"
        )
        print(f"callers waited {half_ms:.1f} ms (p50), {most_ms:.1f} ms (p95)")
        print(f"{work / len(waited) * 1e6:.0f} µs of CPU a row")
        began = time.perf_counter()
        verdict = await audit.check()
        print(f"checked at {verdict.rows / (time.perf_counter() - began):,.0f} rows/s: {verdict.message}")
        await audit.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--url", help="a database; a fresh SQLite file when it is not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(given.url, given.rows, given.callers, Path(folder)))


if __name__ == "__main__":
    main()
