"""Works on the jobs whose ids come from a broker: the bridge from its threads to the loop of the workers.

Promises: each id is claimed in the database first, and passed over when it is not to be had; on stopping, jobs in hand
are given back before the broker's thread ends.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from lingting.domain.errors import StorageUnavailable
from lingting.jobs.worker import JobWorker
from lingting.telemetry import log

__all__ = ["Listener", "OpenListener", "listening"]

PAUSE_SECONDS = 1.0
"""Between two tries to claim a job while the database is away."""


class Listener(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None:
        """Take no more; blocks until what is in hand has returned."""
        ...


OpenListener = Callable[[Callable[[str], None], Callable[[], None]], Listener]
"""Of what is called in a thread for each id, and of what is called there when listening has ended."""


@asynccontextmanager
async def listening(open_listener: OpenListener, worker: JobWorker) -> AsyncIterator[asyncio.Event]:
    """Work until this is left; gives an event that is set when the listener has ended by itself."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    hands = _Hands(worker, loop)
    listener = open_listener(hands.work, partial(_tell, loop, ended))
    await asyncio.to_thread(listener.start)
    try:
        yield ended
    finally:
        await hands.let_go()
        await asyncio.to_thread(listener.stop)


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has stopped: nobody waits
        loop.call_soon_threadsafe(ended.set)


class _Hands:
    """The jobs in hand. Belongs to one event loop, but for `work`."""

    def __init__(self, worker: JobWorker, loop: asyncio.AbstractEventLoop) -> None:
        self._worker = worker
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def work(self, job_id: str) -> None:
        """Called in a thread; returns when there is nothing left to do for the id."""
        if self._is_stopping:
            return
        try:
            asyncio.run_coroutine_threadsafe(self._begin(job_id), self._loop).result()
        except (concurrent.futures.CancelledError, RuntimeError):  # the loop is stopping, or has stopped
            return

    async def let_go(self) -> None:
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, job_id: str) -> None:
        if self._is_stopping:
            return
        task = asyncio.create_task(self._one(job_id), name="job")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait((task,))

    async def _one(self, job_id: str) -> None:
        while True:
            try:
                claim = await self._worker.claim(job_id)
                break
            except StorageUnavailable as problem:
                log.warning("jobs.claim_failed", code=problem.code)
                await asyncio.sleep(PAUSE_SECONDS)
        if claim is not None:
            await self._worker.run(claim)
