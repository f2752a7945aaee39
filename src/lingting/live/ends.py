"""Has the sound of a segment judged at each pause that may be its end, beside its recognition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from lingting.domain import Samples
from lingting.live.asks import Ask
from lingting.telemetry import log

__all__ = ["Ends", "Judge"]

Judge = Callable[[Samples], float]
"""How likely the speaker has said all; blocking."""


class Ends:
    """One session's. Belongs to one event loop."""

    def __init__(self, judge: Judge, told: Callable[[int, float], None], executor: Executor) -> None:
        """told    given the segment and what was judged, unless a later pause is judged by then; must be quick"""
        self._judge, self._told, self._executor = judge, told, executor
        self._latest = 0
        """The last ask."""
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, ask: Ask) -> None:
        """Of what will be the final of a segment, if it ends there."""
        self._latest = ask.number
        task = asyncio.create_task(self._run(ask), name="turn-end")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        try:
            probability = await loop.run_in_executor(self._executor, self._judge, ask.audio.samples)
        except Exception as problem:  # noqa: BLE001 - a hint: turn-taking does without
            log.warning("live.unjudged", error=type(problem).__name__)
            return
        if self._latest == ask.number:
            self._told(ask.segment, probability)
