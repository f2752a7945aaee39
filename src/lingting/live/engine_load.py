"""The live sessions of one engine: how many it keeps up with, and how well they are served just now."""

from __future__ import annotations

from typing import Protocol

from lingting.domain import NoticeKind
from lingting.domain.errors import Overloaded
from lingting.live.asks import AskKind, Pace
from lingting.live.load import Level, LoadMeter, capacity

__all__ = ["RETRY_SECONDS", "Engine", "EngineLoad"]

RETRY_SECONDS = 5.0
"""Somebody may have finished by then."""


class Engine(Protocol):
    """What live sessions need of the queue in front of an engine."""

    @property
    def hears_once(self) -> bool:
        """Whether a draft costs only the sound that no draft of its segment has heard."""
        ...

    @property
    def pace_ratio(self) -> float:
        """Measured seconds of work per padded second of audio."""
        ...

    @property
    def replicas(self) -> int: ...

    def set_live_streams(self, count: int) -> None:
        """So many sessions are open: their finals shall find a place."""
        ...


class Noticed(Protocol):
    """A session, told how it is served."""

    def notice(self, kind: NoticeKind, *, lag_seconds: float, message: str) -> None: ...


class EngineLoad:
    """Belongs to one event loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._meter = LoadMeter(hears_once=engine.hears_once)
        self._sessions: dict[str, Noticed] = {}
        self.opening = 0
        """Sessions that are about to begin."""

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def pace(self) -> Pace:
        return self._meter.pace

    @property
    def capacity(self) -> int:
        """How many sessions may be open at once, by what recent recognitions took."""
        return capacity(
            pace_ratio=self.engine.pace_ratio, replicas=self.engine.replicas, hears_once=self.engine.hears_once
        )

    def require_room(self) -> None:
        """raises    Overloaded"""
        count, most = len(self._sessions) + self.opening, self.capacity
        if count >= most:
            raise Overloaded(
                f"{count} live sessions are open, and this machine keeps up with {most}; "
                f"try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )
        if self._meter.level is Level.STOPPED:
            raise Overloaded(
                f"live text comes {self._meter.final_seconds:.1f} seconds late just now; "
                f"try again in {RETRY_SECONDS:.0f} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )

    def add(self, name: str, session: Noticed) -> None:
        self._sessions[name] = session
        self.engine.set_live_streams(len(self._sessions))

    def remove(self, name: str) -> None:
        del self._sessions[name]
        self.engine.set_live_streams(len(self._sessions))
        if not self._sessions and self._meter.rest():
            self._tell()

    def answered(self, kind: AskKind, seconds: float) -> None:
        """A session tells how long an answer took; all are told when that changes how they are served."""
        changed = self._meter.final_took(seconds) if kind is AskKind.FINAL else self._meter.draft_took(seconds)
        if changed:
            self._tell()

    def _tell(self) -> None:
        kind, message = self._meter.notice
        for session in self._sessions.values():
            session.notice(kind, lag_seconds=self._meter.final_seconds, message=message)
