"""Work that several callers wait for at once, done once.

Promises: whoever joins late is told what was said before, in order; a caller may leave without hurting the others; when
the last one leaves, the work is stopped, and has stopped when that caller goes on. All on one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lingting.domain import Progress, Segment, Transcript
from lingting.domain.errors import ShuttingDown

__all__ = ["Flight", "Flights", "Listener"]

Work = Callable[["Listener"], Coroutine[Any, Any, Transcript]]  # Any: a coroutine that is only awaited


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """What one caller wants to hear while the work goes on; called on the loop, must be quick and not raise."""

    on_segments: Callable[[Sequence[Segment]], None] | None = None
    on_progress: Callable[[Progress], None] | None = None


class Flight:
    """One piece of work in hand."""

    def __init__(self, work: Work, at_end: Callable[[], None]) -> None:
        self.landing = asyncio.Lock()
        """Held by the caller who does what is to be done once with the answer."""
        self.record_id: str | None = None
        """In history, once a caller has put it there."""
        self.is_cached = False
        self._listeners: list[Listener] = []
        self._heard: list[Segment] = []
        self._progress: Progress | None = None
        self._task = asyncio.create_task(work(Listener(self._hear, self._go_on)))
        self._task.add_done_callback(lambda _: at_end())

    @property
    def is_deserted(self) -> bool:
        return not self._listeners

    @property
    def has_failed(self) -> bool:
        return self._task.done() and (self._task.cancelled() or self._task.exception() is not None)

    def board(self, listener: Listener) -> None:
        """Listen from here on, after all that was missed."""
        self._listeners.append(listener)
        if self._heard and listener.on_segments:
            listener.on_segments(tuple(self._heard))
        if self._progress and listener.on_progress:
            listener.on_progress(self._progress)

    def leave(self, listener: Listener) -> None:
        self._listeners.remove(listener)

    async def arrive(self) -> Transcript:
        """Wait for the answer; being cancelled here cancels nobody else.

        raises    what the work raises; ShuttingDown when it was stopped
        """
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise ShuttingDown("the server stopped before this was done; try again", retry_after_seconds=1.0)
        return self._task.result()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _hear(self, segments: Sequence[Segment]) -> None:
        self._heard.extend(segments)
        for listener in self._listeners:
            if listener.on_segments:
                listener.on_segments(segments)

    def _go_on(self, progress: Progress) -> None:
        self._progress = progress
        for listener in self._listeners:
            if listener.on_progress:
                listener.on_progress(progress)


@dataclass(slots=True)
class Flights:
    """All work in hand, by what makes it the same."""

    _flights: dict[Hashable, Flight] = field(default_factory=dict)

    def find(self, name: Hashable) -> Flight | None:
        """Work in hand that may still give an answer."""
        flight = self._flights.get(name)
        return None if flight is None or flight.has_failed else flight

    def begin(self, name: Hashable, work: Work, *, at_end: Callable[[], None]) -> Flight:
        """at_end: called once when the work has ended in whatever way, even before it began"""
        flight = self._flights[name] = Flight(work, at_end)
        return flight

    @asynccontextmanager
    async def boarded(self, name: Hashable, flight: Flight, listener: Listener) -> AsyncIterator[None]:
        """Wait for it inside; on leaving last, stop it."""
        flight.board(listener)
        try:
            yield
        finally:
            flight.leave(listener)
            if flight.is_deserted:
                if self._flights.get(name) is flight:
                    del self._flights[name]
                await flight.stop()

    async def aclose(self) -> None:
        """Stop everything; whoever waits gets ShuttingDown."""
        flights = list(self._flights.values())
        self._flights.clear()
        for flight in flights:
            await flight.stop()
