"""The queue in front of an engine that is another server: the scheduler's promises, without batches.

It promises:

1. At most `max_in_flight` calls at once and `max_waiting` clips that wait for them; more raise `Overloaded` at once.
2. An accepted clip is answered exactly once, with a hypothesis or an error, within `deadline_seconds`.
3. When a caller goes, its clip is dropped, and its call is cancelled there too, where the protocol can.
4. The most urgent clip goes first (`batch_policy.rank`); a newer piece of a stream replaces its waiting draft.
5. When the server there says to come back later, nobody else is sent there before: they get `Overloaded` at once.
6. `stop` lets calls in hand end within `drain_seconds`, and fails the rest.

All on the event loop that called `start`.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from contextvars import Context, copy_context
from dataclasses import dataclass

from lingting.domain import Clock, Hypothesis, Priority
from lingting.domain.errors import DeadlineExceeded, LingtingError, Overloaded, ShuttingDown, Superseded
from lingting.engines.base import Clip, RemoteEngine
from lingting.recognition.batch_policy import Waiting, rank
from lingting.recognition.batch_queue import BatchItem, BatchQueue, Pace, QueueBounds
from lingting.recognition.batch_replica import engine_failed
from lingting.recognition.batch_reports import SILENT, BatchReport, DropReason, SchedulerObserver
from lingting.telemetry.traces import here, record

__all__ = ["RemoteLimits", "RemoteQueue"]

MAX_PAUSE_SECONDS = 60.0
"""A server that says to come back in an hour is asked again sooner."""
AGEING_SECONDS = 5.0
RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 120.0
REQUEST_RATIO, JOB_RATIO = 0.9, 0.6
"""The part of the queue that requests and jobs may fill, as in front of local engines."""


@dataclass(frozen=True, slots=True)
class RemoteLimits:
    """How much of another server is used at once."""

    max_in_flight: int = 16
    max_waiting: int = 256
    deadline_seconds: float = 60.0
    drain_seconds: float = 10.0


class RemoteQueue:
    """Keeps the calls to one remote engine in bounds."""

    hears_once = False

    def __init__(
        self,
        engine: RemoteEngine,
        limits: RemoteLimits = RemoteLimits(),
        *,
        clock: Clock,
        observer: SchedulerObserver = SILENT,
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._observer = observer
        ratios = {Priority.REQUEST: REQUEST_RATIO, Priority.JOB: JOB_RATIO}
        self._queue = BatchQueue(QueueBounds(limits.max_waiting, math.inf, ratios))
        self._calls: dict[BatchItem, asyncio.Task[None]] = {}
        self._began: dict[BatchItem, float] = {}
        self._contexts: dict[BatchItem, Context] = {}
        """Of those who asked: what is logged of a call belongs to their requests, whoever made way for it."""
        self._pace = Pace()
        self._numbers = itertools.count()
        self._open = False
        self._paused_until_seconds = -math.inf

    @property
    def waiting_items(self) -> int:
        """Clips that are not on their way yet."""
        return len(self._queue)

    @property
    def busy_replicas(self) -> int:
        return len(self._calls)

    @property
    def replicas(self) -> int:
        return self._limits.max_in_flight

    @property
    def pace_ratio(self) -> float:
        """Seconds until the answer per second of audio, recent calls counting most."""
        return self._pace.ratio

    @property
    def longest_batch_seconds(self) -> float:
        """How long the oldest call has taken; 0 when there is none."""
        return self._clock.monotonic() - min(self._began.values()) if self._began else 0.0

    @property
    def estimated_wait_seconds(self) -> float:
        """When all that is in hand should be done."""
        in_hand_seconds = sum(item.audio_seconds for item in self._calls) + self._queue.audio_seconds
        return in_hand_seconds * self._pace.ratio / self._limits.max_in_flight

    def set_live_streams(self, count: int) -> None:
        """Nothing is kept free for them: calls do not stand in each other's way."""

    async def start(self) -> None:
        assert not self._open, "a queue starts once"
        self._open = True

    async def submit(self, clip: Clip, *, priority: Priority, coalesce: str | None = None) -> Hypothesis:
        """Have one clip recognised; cancelling the caller drops it, wherever it is.

        coalesce   names a stream: a draft of it that still waits gives up its place to this clip
        raises     Overloaded or ShuttingDown at once; Superseded; DeadlineExceeded; EngineError; InvalidInput
        """
        item = self._accept(clip, priority, coalesce)
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                return await item.answer
        except TimeoutError as late:
            self._observer.failed(_late(self._limits.deadline_seconds), count=1)
            raise _late(self._limits.deadline_seconds) from late
        finally:
            self._forget(item)

    async def stop(self) -> None:
        """Refuse what comes, let calls in hand end, and fail what has not ended in `drain_seconds`."""
        self._open = False
        waiting = self._queue.items
        calls = list(self._calls.values())
        for item in waiting:
            self._queue.remove(item)
            if item.fail(_stopping()):
                self._observer.dropped(DropReason.SHUTTING_DOWN)
        self._tell_queued()
        if calls:
            await asyncio.wait(calls, timeout=self._limits.drain_seconds)
        for item, call in list(self._calls.items()):
            item.fail(_stopping())
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def _accept(self, clip: Clip, priority: Priority, coalesce: str | None) -> BatchItem:
        if not self._open:
            self._observer.dropped(DropReason.SHUTTING_DOWN)
            raise _stopping()
        self._require_no_pause()
        stale = self._queue.waiting_partial(coalesce)
        if stale is not None:
            self._queue.remove(stale)
            if stale.fail(Superseded("a newer piece of the same stream took this one's place")):
                self._observer.dropped(DropReason.SUPERSEDED)
        self._require_room(priority, clip.audio.duration_seconds)
        now_seconds = self._clock.monotonic()
        waiting = Waiting(next(self._numbers), None, priority, clip.audio.duration_seconds, now_seconds)
        answer: asyncio.Future[Hypothesis] = asyncio.get_running_loop().create_future()
        item = BatchItem(clip, waiting, answer, now_seconds, coalesce, trace=here())
        self._queue.add(item)
        self._contexts[item] = copy_context()
        self._send()
        self._tell_queued()
        return item

    def _require_no_pause(self) -> None:
        pause_seconds = self._paused_until_seconds - self._clock.monotonic()
        if pause_seconds > 0.0:
            raise Overloaded(
                f"the server behind this model asked for a pause; try again in {pause_seconds:.0f} seconds",
                retry_after_seconds=pause_seconds,
            )

    def _require_room(self, priority: Priority, audio_seconds: float) -> None:
        has_seat = len(self._calls) < self._limits.max_in_flight
        if has_seat or self._queue.admits(priority, audio_seconds):
            return
        self._observer.dropped(DropReason.QUEUE_FULL)
        seconds = min(max(self.estimated_wait_seconds, RETRY_SECONDS), MAX_RETRY_SECONDS)
        raise Overloaded(
            f"{len(self._queue)} clips wait already, all that may; try again in {seconds:.0f} seconds",
            retry_after_seconds=seconds,
        )

    def _send(self) -> None:
        """Begin calls while there are seats, the most urgent clip first."""
        while self._open and len(self._calls) < self._limits.max_in_flight and len(self._queue):
            now_seconds = self._clock.monotonic()
            first = min(
                self._queue.waiting,
                key=lambda each: (
                    rank(each, ageing_seconds=AGEING_SECONDS, now_seconds=now_seconds),
                    each.since_seconds,
                    each.number,
                ),
            )
            (item,) = self._queue.take([first.number])
            self._began[item] = now_seconds
            context = self._contexts.pop(item)
            self._calls[item] = asyncio.create_task(self._call(item), name="remote-call", context=context)

    async def _call(self, item: BatchItem) -> None:
        try:
            hypothesis = await self._engine.transcribe(item.clip)
        except LingtingError as error:
            self._failed(item, error)
        except Exception as error:  # noqa: BLE001 - the scheduler's batch: whoever waits gets an answer
            self._failed(item, engine_failed(error))
        else:
            if not item.is_answered:
                item.answer.set_result(hypothesis)
            self._measure(item)
        finally:
            self._calls.pop(item, None)
            self._began.pop(item, None)
            self._send()
            self._tell_queued()

    def _failed(self, item: BatchItem, error: LingtingError) -> None:
        if isinstance(error, Overloaded):
            pause_seconds = min(error.retry_after_seconds, MAX_PAUSE_SECONDS)
            self._paused_until_seconds = max(
                self._paused_until_seconds, self._clock.monotonic() + max(0.0, pause_seconds)
            )
        self._observer.failed(error, count=1)
        item.fail(error)

    def _measure(self, item: BatchItem) -> None:
        now_seconds, began_seconds = self._clock.monotonic(), self._began[item]
        waited_seconds, took_seconds = began_seconds - item.submitted_seconds, now_seconds - began_seconds
        self._pace.record(padded_seconds=item.audio_seconds, busy_seconds=took_seconds)
        self._observer.batch_done(
            BatchReport(1, item.audio_seconds, item.audio_seconds, 0.0, took_seconds, 0.0, (waited_seconds,))
        )
        ago_seconds = now_seconds - item.submitted_seconds
        record("engine.queue", item.trace, ago_seconds=ago_seconds, seconds=waited_seconds)
        record("engine.call", item.trace, ago_seconds=took_seconds, seconds=took_seconds, clips=1)

    def _forget(self, item: BatchItem) -> None:
        """After the caller has its answer, or has gone."""
        self._contexts.pop(item, None)
        if self._queue.remove(item):
            self._observer.dropped(DropReason.CALLER_GONE)
            self._tell_queued()
        call = self._calls.get(item)
        if call is not None and not call.done():
            call.cancel()

    def _tell_queued(self) -> None:
        self._observer.queued(items=len(self._queue), audio_seconds=self._queue.audio_seconds)


def _late(seconds: float) -> DeadlineExceeded:
    return DeadlineExceeded(f"the server behind this model did not answer within {seconds:g} seconds; try again")


def _stopping() -> ShuttingDown:
    return ShuttingDown("the server is stopping; try another one, or this one later", retry_after_seconds=1.0)
