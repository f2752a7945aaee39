"""The scheduler of a streaming engine: the same queue, the same promises, and the sound of live speech heard once.

`batching.py` has the promises and keeps them here as well; `stream_desk.py` knows what each live segment has heard.
Clips of one live stream are heard in order, one by one; different streams side by side, on a bounded number of threads.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from lingting.domain import Clock, Hypothesis, Priority
from lingting.engines.base import Clip, StreamEngine
from lingting.recognition.batch_reports import SILENT, SchedulerObserver
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.stream_desk import IDLE_SECONDS, StreamDesk

__all__ = ["StreamScheduler"]


class StreamScheduler:
    """What `Scheduler` is to a batch engine; one instance per model. Belongs to one event loop."""

    hears_once = True

    def __init__(
        self,
        engine: StreamEngine,
        settings: SchedulerSettings,
        *,
        clock: Clock,
        observer: SchedulerObserver = SILENT,
    ) -> None:
        self._desk = StreamDesk(engine, clock)
        alone = replace(settings, max_batch=1, max_wait_seconds=0.0)
        self._scheduler = Scheduler(self._desk, alone, clock=clock, observer=observer, one_by_one=True)
        self._sweeping: asyncio.Task[None] | None = None
        self._silence = asyncio.Event()
        """The last live session has closed."""

    @property
    def waiting_items(self) -> int:
        return self._scheduler.waiting_items

    @property
    def busy_replicas(self) -> int:
        """Above 0 after `stop` the engine must not be closed: a thread hangs in it."""
        return self._scheduler.busy_replicas

    @property
    def longest_batch_seconds(self) -> float:
        return self._scheduler.longest_batch_seconds

    @property
    def estimated_wait_seconds(self) -> float:
        return self._scheduler.estimated_wait_seconds

    @property
    def pace_ratio(self) -> float:
        """Seconds of work per second of audio that was not heard before."""
        return self._scheduler.pace_ratio

    @property
    def replicas(self) -> int:
        return self._scheduler.replicas

    @property
    def kept_streams(self) -> int:
        """Of live speech, those that wait for more sound."""
        return self._desk.kept

    def set_live_streams(self, count: int) -> None:
        self._scheduler.set_live_streams(count)
        if not count:
            self._silence.set()

    async def start(self) -> None:
        await self._scheduler.start()
        self._sweeping = asyncio.create_task(self._sweep(), name="streams-sweep")

    async def submit(self, clip: Clip, *, priority: Priority, coalesce: str | None = None) -> Hypothesis:
        """As `Scheduler.submit`."""
        return await self._scheduler.submit(clip, priority=priority, coalesce=coalesce)

    async def stop(self) -> None:
        """As `Scheduler.stop`; closes the streams that wait."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await self._scheduler.stop()
        await asyncio.to_thread(self._desk.close)

    async def _sweep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS / 2):
                    await self._silence.wait()
            nobody_speaks = self._silence.is_set()
            self._silence.clear()
            await asyncio.to_thread(self._desk.sweep, everything=nobody_speaks)
