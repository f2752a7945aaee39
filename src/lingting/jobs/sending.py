"""Tells a broker which jobs are to be worked on; the workers are elsewhere.

Promises: a job is sent soon after its time has come, and again when nobody followed the message; the most urgent ones
first, and only so many ahead of the workers; a broker that is away delays jobs and loses none. What is sent is an id:
the database decides who works on it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from lingting.domain.errors import LingtingError
from lingting.jobs.parts import JobParts, JobSettings
from lingting.jobs.runner import kept_running
from lingting.jobs.upkeep import JobUpkeep
from lingting.telemetry import log

__all__ = ["Broker", "BrokerAway", "SendingRunner"]

AWAY_SECONDS = 2.0
"""Between two tries to reach a broker that is away."""


class BrokerAway(Exception):
    """The messages were not taken; which of them, nobody knows."""


class Broker(Protocol):
    def send(self, job_ids: Sequence[str]) -> None:
        """Blocking.

        raises    BrokerAway
        """
        ...


class SendingRunner:
    """A `Runner` whose work is done by workers that listen to a broker. Belongs to one event loop."""

    def __init__(self, parts: JobParts, broker: Broker, upkeep: JobUpkeep, settings: JobSettings) -> None:
        self._queue = parts.queue
        self._broker = broker
        self._upkeep = upkeep
        self._settings = settings
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        return kept_running(self._run, name="job-sender")

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._upkeep.run(), name="job-upkeep")
            while True:
                self._awake.clear()
                try:
                    if await self.send_due():
                        continue
                except LingtingError as problem:
                    log.warning("jobs.sending_failed", code=problem.code)
                except BrokerAway as problem:
                    log.warning("jobs.broker_away", cause=type(problem.__cause__).__name__)
                    await asyncio.sleep(AWAY_SECONDS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_seconds):
                        await self._awake.wait()

    async def send_due(self) -> int:
        """How many jobs were sent.

        raises    BrokerAway, StorageUnavailable
        """
        resend_ms = round(self._settings.resend_seconds * 1_000)
        names = await self._queue.to_send(ahead=self._settings.sent_ahead, resend_ms=resend_ms)
        if names:
            try:
                await asyncio.to_thread(self._broker.send, names)
            except BrokerAway:
                await self._queue.not_sent(names)
                raise
        return len(names)
