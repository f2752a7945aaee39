"""What is written down about every call and every act of administration: who, what, when, from where, how it ended.

Promises: `record` returns when the row is committed, and what many record at once is committed together; never audio,
text, file names or user references; memory is bounded; callers without a valid key cannot fill the disk. While the log
cannot be written, calls are refused where it is required; else rows wait in memory, up to a bound, to be written later.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lingting.domain import Clock
from lingting.domain.errors import LingtingError, Overloaded, StorageUnavailable
from lingting.security.audit_flood import Refusals
from lingting.security.call_note import Scalar, audit_note
from lingting.storage.audit_check import Verdict, check_audit
from lingting.storage.audit_log import AuditLog, AuditRecord
from lingting.telemetry import log

__all__ = ["SYSTEM", "Audit", "AuditEntry", "AuditObserver", "AuditSettings", "audit_note", "record_of"]

SYSTEM = "system"
"""The actor of what a server does by itself, or somebody at its command line."""
ROWS_AT_ONCE = 500
MAX_WAITING = 10_000
WAIT_SECONDS = 5.0
"""How long an answer is held back for its row."""
AWAY_SECONDS = 2.0
"""After a failure calls are refused at once for so long, before any work is done for them."""
CHECK_SECONDS = 10.0
ROUND_SECONDS = 10.0
ROUNDS_PER_PRUNING = 360
DAY_MS = 86_400_000
LENGTHS = {"request_id": 64, "actor": 40, "address": 64, "action": 80, "subject": 120, "outcome": 80}
"""Characters, as the columns have them."""
MAX_DETAIL = 2_000


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What is written down, and for how long."""

    enabled: bool = True
    required: bool = True
    """Refuse calls while the log cannot be written; else go on, and write rows when it can."""
    keep_days: int = 0
    """Older rows are taken out; 0 keeps them for ever."""
    refused_per_minute: int = 60
    """Rows of calls without a valid key, from one address; the others share one row."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call or act."""

    actor: str
    """The key's id; empty where none was shown."""
    address: str
    action: str
    outcome: str
    """A status, with the error's code where there is one."""
    subject: str = ""
    """The id of what it was done to."""
    audio_seconds: float = 0.0
    request_id: str = ""
    detail: Mapping[str, Scalar] = field(default_factory=dict)


class AuditObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def audit_waiting(self, count: int) -> None: ...

    def audit_written(self, count: int, *, commit_seconds: float) -> None: ...

    def audit_failed(self, count: int = 1) -> None: ...

    def audit_summarised(self, count: int = 1) -> None: ...


def record_of(entry: AuditEntry, clock: Clock) -> AuditRecord:
    """The entry as it is kept: bounded, and of printable characters only, which every database takes."""
    detail = json.dumps(dict(entry.detail), separators=(",", ":"), sort_keys=True)
    texts = {name: _printable(str(getattr(entry, name)))[:most] for name, most in LENGTHS.items()}
    return AuditRecord(
        at_ms=int(clock.now().timestamp() * 1_000),
        audio_ms=round(entry.audio_seconds * 1_000),
        detail=detail if len(detail) <= MAX_DETAIL else '{"cut":true}',
        **texts,
    )


@dataclass(slots=True)
class _Waiting:
    record: AuditRecord
    written: asyncio.Future[None]


class Audit:
    """Writes the audit log. Belongs to one event loop."""

    def __init__(self, rows: AuditLog, settings: AuditSettings, *, clock: Clock, observer: AuditObserver) -> None:
        self.log = rows
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._refusals = Refusals(settings.refused_per_minute)
        self._waiting: deque[_Waiting] = deque()
        self._changed = asyncio.Event()
        self._leave = asyncio.Event()
        self._checking = asyncio.Lock()
        self._away_until_seconds = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """raises    StorageUnavailable"""
        if self._settings.enabled:
            await self.log.prepare()
            self._tasks = [asyncio.create_task(self._write(), name="audit"), asyncio.create_task(self._keep_up())]

    def require(self) -> None:
        """Called before work is begun whose row could not be written.

        raises    StorageUnavailable
        """
        if self._settings.enabled and self._settings.required and self._clock.monotonic() < self._away_until_seconds:
            raise _unwritten()

    async def record(self, entry: AuditEntry) -> None:
        """Write it down; returns when it is committed, or at once where the log is not required.

        raises    StorageUnavailable, where the log is required
        """
        if not self._settings.enabled:
            return
        written = self._put(record_of(entry, self._clock))
        if not self._settings.required:
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await asyncio.shield(written)
        except TimeoutError as problem:
            raise _unwritten() from problem

    async def record_unknown(self, entry: AuditEntry) -> None:
        """The same for a call without a key, of which there may be very many.

        raises    StorageUnavailable, where the log is required
        """
        if not self._settings.enabled or self._refusals.admit(entry.address, self._clock.monotonic()):
            await self.record(entry)
        else:
            self._observer.audit_summarised()

    async def check(self, anchor: tuple[int, bytes] | None = None) -> Verdict:
        """Read and hash every row; by one caller at a time, since that is work.

        raises    Overloaded, StorageUnavailable, InvalidOption
        """
        if self._checking.locked():
            raise Overloaded("the log is being checked already; try again later", retry_after_seconds=CHECK_SECONDS)
        async with self._checking:
            return await check_audit(self.log, anchor=anchor)

    async def aclose(self) -> None:
        """Write what waits."""
        if not self._tasks:
            return
        self._summarise(at_once=True)
        self._leave.set()
        self._changed.set()
        await asyncio.gather(*self._tasks)

    def _put(self, record: AuditRecord) -> asyncio.Future[None]:
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.add_done_callback(lambda done: done.cancelled() or done.exception())  # the caller may have left
        if len(self._waiting) >= MAX_WAITING or self._leave.is_set():
            self._observer.audit_failed()
            written.set_exception(_unwritten())
            return written
        self._waiting.append(_Waiting(record, written))
        self._observer.audit_waiting(len(self._waiting))
        self._changed.set()
        return written

    async def _write(self) -> None:
        """The writer's one task: whatever waits is committed together, and what comes meanwhile is next."""
        while self._waiting or not self._leave.is_set():
            await self._changed.wait()
            self._changed.clear()
            while self._waiting:
                rows = [self._waiting.popleft() for _ in range(min(ROWS_AT_ONCE, len(self._waiting)))]
                try:
                    await self._commit(rows)
                except Exception as problem:  # noqa: BLE001 - the worker loop: whoever waits gets an answer
                    if not self._failed(rows, problem):
                        break

    async def _commit(self, rows: Sequence[_Waiting]) -> None:
        began_seconds = self._clock.monotonic()
        await self.log.append([row.record for row in rows])
        self._away_until_seconds = 0.0
        for row in rows:
            if not row.written.done():
                row.written.set_result(None)
        self._observer.audit_written(len(rows), commit_seconds=self._clock.monotonic() - began_seconds)
        self._observer.audit_waiting(len(self._waiting))

    def _failed(self, rows: Sequence[_Waiting], problem: Exception) -> bool:
        """Whether to go on with the next rows."""
        code = getattr(problem, "code", type(problem).__name__)
        log.error("audit.unwritten", code=code, rows=len(rows), waiting=len(self._waiting))
        self._observer.audit_failed(len(rows))
        self._away_until_seconds = self._clock.monotonic() + AWAY_SECONDS
        if self._settings.required or self._leave.is_set():
            for row in rows:
                if not row.written.done():
                    row.written.set_exception(_unwritten())
            return True
        self._waiting.extendleft(reversed(rows))
        return False  # the next round tries again

    async def _keep_up(self) -> None:
        """Now and then: rows that wait are tried again, refusals are summed up, old rows are taken out."""
        rounds = 0
        while not self._leave.is_set():
            try:
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._leave.wait()
            except TimeoutError:
                self._changed.set()
                self._summarise(at_once=False)
                if rounds % ROUNDS_PER_PRUNING == 0:
                    await self.prune()
                rounds += 1

    def _summarise(self, *, at_once: bool) -> None:
        for summary in self._refusals.due(self._clock.monotonic(), at_once=at_once):
            detail = {"calls": summary.count}
            entry = AuditEntry("", summary.network, "calls.without_key", "summary", request_id="", detail=detail)
            self._put(record_of(entry, self._clock))

    async def prune(self) -> None:
        """Take out rows that are older than they are to be kept."""
        if not self._settings.keep_days:
            return
        before_ms = int(self._clock.now().timestamp() * 1_000) - self._settings.keep_days * DAY_MS
        try:
            pruned = await self.log.prune(before_ms)
        except LingtingError as problem:
            log.error("audit.unpruned", code=problem.code)
            return
        if pruned:
            log.info("audit.pruned", rows=pruned)
            entry = AuditEntry(SYSTEM, "", "audit.pruned", "ok", detail={"rows": pruned})
            self._put(record_of(entry, self._clock))


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def _unwritten() -> StorageUnavailable:
    return StorageUnavailable(
        "what was asked for cannot be written into the audit log just now; try again later",
        retry_after_seconds=AWAY_SECONDS,
    )
