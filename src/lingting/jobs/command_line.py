"""Commands that wait to be told, for one receiver: in order, bounded in number and in age.

A command is obeyed when it comes, so that one which waited too long is worse than none: it is dropped and counted. When
the line is full the oldest makes room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from lingting.domain import Clock
from lingting.jobs.command_messages import Command

__all__ = ["CommandLine", "CommandObserver"]


class CommandObserver(Protocol):
    """Told what happened, for metrics."""

    def command_told(self, target: str, outcome: str) -> None: ...

    def commands_waiting(self, target: str, count: int) -> None: ...

    def mqtt_connected(self, *, connected: bool) -> None: ...


class CommandLine:
    """Belongs to one event loop; has one reader."""

    def __init__(
        self, target: str, *, max_waiting: int, max_age_seconds: float, clock: Clock, observer: CommandObserver
    ) -> None:
        self._target = target
        self._max_waiting = max_waiting
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._observer = observer
        self._waiting: deque[tuple[float, Command]] = deque()
        self._came = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, command: Command) -> None:
        """Returns at once; drops the oldest where there is no room."""
        if len(self._waiting) >= self._max_waiting:
            self._leave("dropped")
        self._waiting.append((self._clock.monotonic(), command))
        self._changed()
        self._came.set()

    async def first(self) -> Command:
        """The oldest that is young enough, as soon as there is one; it stays until `told`."""
        while True:
            self._drop_old()
            if self._waiting:
                return self._waiting[0][1]
            self._came.clear()
            await self._came.wait()

    def told(self, command: Command, outcome: str = "delivered") -> None:
        """It need not wait any more; nothing where it was dropped meanwhile."""
        if self._waiting and self._waiting[0][1] is command:
            self._leave(outcome)

    async def emptied(self) -> None:
        """Until nothing waits."""
        await self._empty.wait()

    def _drop_old(self) -> None:
        latest_seconds = self._clock.monotonic() - self._max_age_seconds
        while self._waiting and self._waiting[0][0] < latest_seconds:
            self._leave("expired")

    def _leave(self, outcome: str) -> None:
        self._waiting.popleft()
        self._observer.command_told(self._target, outcome)
        self._changed()

    def _changed(self) -> None:
        self._observer.commands_waiting(self._target, len(self._waiting))
        (self._empty.clear if self._waiting else self._empty.set)()
