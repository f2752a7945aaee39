"""A viewer's outbox: bounded, coalescing, and never in the way of the room.

Promises: the first message is a snapshot; an update that was overtaken before it was read is not sent; a viewer that
falls behind loses its backlog and gets a fresh snapshot, which says how much it skipped; its backlog is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from lingting.domain.errors import InvalidOption, ShuttingDown
from lingting.rooms.views import Ended, Update, ViewStyle

__all__ = ["DEFAULT_HISTORY", "MAX_HISTORY", "View", "Viewer", "Watched"]

DEFAULT_HISTORY = 20
MAX_HISTORY = 500
"""Captions in one snapshot; the rest is for download."""
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer asks for."""

    style: ViewStyle = field(default_factory=ViewStyle)
    history: int = DEFAULT_HISTORY
    """Final captions in a snapshot."""
    after: int | None = None
    """The position that an earlier connection reached: what changed since comes first."""

    def __post_init__(self) -> None:
        if not 0 <= self.history <= MAX_HISTORY:
            raise InvalidOption("history", f"{self.history} is outside 0 to {MAX_HISTORY}")


class Watched(Protocol):
    """The room, as a viewer sees it."""

    def snapshot(self, view: View, *, skipped: int, is_resumed: bool) -> Update: ...

    def left(self, viewer: Viewer) -> None: ...

    def skipped(self, count: int) -> None: ...


class Viewer(AsyncIterator[str]):
    """One viewer's messages; iterate to wait for the next. Ends after the room has ended.

    raises    ShuttingDown when the server stops
    """

    def __init__(self, room: Watched, view: View, *, capacity: int) -> None:
        self._room = room
        self._view = view
        self._capacity = capacity
        self._waiting: dict[str, Update] = {}
        self._changed = asyncio.Event()
        self._needs_snapshot = True
        self._is_resuming = view.after is not None
        self._skipped = 0
        self._is_stopped = False
        self._is_over = False

    def put(self, update: Update) -> None:
        """Never waits."""
        if self._needs_snapshot and not isinstance(update.body, Ended):
            return
        self._waiting.pop(update.key, None)
        self._waiting[update.key] = update
        if len(self._waiting) > self._capacity and not isinstance(update.body, Ended):
            self._skipped += len(self._waiting)
            self._waiting.clear()
            self._needs_snapshot = True
        self._changed.set()

    def stop(self) -> None:
        """The server stops; nothing more is sent."""
        self._is_stopped = True
        self._changed.set()

    def leave(self) -> None:
        """The viewer is gone."""
        self._is_over = True
        self._waiting.clear()
        self._room.left(self)

    async def __anext__(self) -> str:
        while True:
            if self._is_stopped:
                raise ShuttingDown("the server is stopping; connect again", retry_after_seconds=RETRY_SECONDS)
            if self._is_over:
                raise StopAsyncIteration
            update = self._next()
            if update is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._is_over = isinstance(update.body, Ended)
            if (text := update.written(self._view.style)) is not None:
                return text

    def _next(self) -> Update | None:
        if self._needs_snapshot:
            return self._snapshot()
        if not self._waiting:
            return None
        return self._waiting.pop(next(iter(self._waiting)))

    def _snapshot(self) -> Update:
        skipped, is_resumed = self._skipped, self._is_resuming
        self._needs_snapshot = self._is_resuming = False
        self._skipped = 0
        if skipped:
            self._room.skipped(skipped)
        return self._room.snapshot(self._view, skipped=skipped, is_resumed=is_resumed)
