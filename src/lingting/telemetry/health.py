"""Whether a server can do its work: named checks, bounded in time, asked at most once a second whoever asks.

Promises: an answer comes within `timeout_seconds`, whatever hangs; a check that hangs is not begun a second time; the
reasons are codes and names of types, never addresses or messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lingting.domain import Clock
from lingting.domain.errors import LingtingError

__all__ = ["Check", "CheckState", "Finding", "Health", "HealthSettings", "Report", "reason_of"]


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """When a server calls itself unfit."""

    timeout_seconds: float = 2.0
    """For all checks together; what has not answered by then has failed."""
    keep_seconds: float = 1.0
    """How long an answer is given again before anything is asked anew."""
    stuck_seconds: float = 600.0
    """A batch that the engine has worked on for so long will not end."""
    min_disk_bytes: int = 256 * 2**20
    """Less free space where rows and recordings are kept is too little."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is asked how it is."""

    name: str
    probe: Callable[[], Awaitable[None]]
    """Returns when all is well, raises when it is not."""
    is_required: bool = True
    """Without it, no traffic should come here."""


class CheckState(StrEnum):
    OK = "ok"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check went."""

    name: str
    state: CheckState
    is_required: bool
    milliseconds: float
    reason: str | None = None
    """The code of an error, `timeout`, or the name of a foreign exception's type."""


@dataclass(frozen=True, slots=True)
class Report:
    """How all checks went, in their order."""

    findings: tuple[Finding, ...]

    @property
    def is_fit(self) -> bool:
        """Whether everything that is required is well."""
        return all(finding.state is CheckState.OK for finding in self.findings if finding.is_required)


class Health:
    """Asks the checks. Belongs to one event loop."""

    def __init__(self, checks: Sequence[Check], settings: HealthSettings, *, clock: Clock) -> None:
        self._checks = tuple(checks)
        self._settings = settings
        self._clock = clock
        self._turn = asyncio.Lock()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._report = Report(())
        self._good_until_seconds = float("-inf")

    async def look(self) -> Report:
        """How things are, or were a moment ago."""
        async with self._turn:
            if self._clock.monotonic() >= self._good_until_seconds:
                self._report = Report(tuple(await self._ask()))
                self._good_until_seconds = self._clock.monotonic() + self._settings.keep_seconds
            return self._report

    async def aclose(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _ask(self) -> list[Finding]:
        began_seconds = self._clock.monotonic()
        took: dict[str, float] = {}

        def done(task: asyncio.Task[None]) -> None:
            took[task.get_name()] = self._clock.monotonic() - began_seconds

        for check in self._checks:
            if check.name not in self._running:
                self._running[check.name] = asyncio.create_task(_asked(check), name=check.name)
            self._running[check.name].add_done_callback(done)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._settings.timeout_seconds)
        now_seconds = self._clock.monotonic() - began_seconds
        return [self._found(check, took.get(check.name, now_seconds)) for check in self._checks]

    def _found(self, check: Check, seconds: float) -> Finding:
        task = self._running[check.name]
        reason: str | None = "timeout"
        if task.done():
            del self._running[check.name]
            problem = task.exception()
            reason = reason_of(problem) if problem is not None else None
        state = CheckState.FAILING if reason else CheckState.OK
        return Finding(check.name, state, check.is_required, round(seconds * 1_000, 1), reason)


async def _asked(check: Check) -> None:
    await check.probe()


def reason_of(problem: BaseException) -> str:
    """What may be told of a failure to whoever asks: no address, no message."""
    if isinstance(problem, LingtingError):
        return problem.code
    return "timeout" if isinstance(problem, TimeoutError) else type(problem).__name__
