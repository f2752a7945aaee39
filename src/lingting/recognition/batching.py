"""The scheduler: one async door in front of one engine, shared by all that want speech recognised.

It promises:

1. A full queue raises `Overloaded` at once, with the measured time after which trying again makes sense.
2. An accepted clip is answered exactly once, with a hypothesis or an error.
3. A clip whose caller has gone is dropped before the device sees it.
4. A batch that raises fails its own clips only; if it had more than one, each is tried once more by itself.
5. The cost of a batch is its longest padded seconds times its count, and stays within a budget.
6. Nothing waits more than `max_wait_seconds` for company while a replica is free.
7. `stop` drains what it can and fails the rest with `ShuttingDown`, all within `drain_seconds`.

Besides: the most urgent clip goes first (`batch_policy.rank` has the ageing that keeps jobs from waiting for ever);
a newer piece of a stream replaces the partial of the same stream that still waits, whose caller gets `Superseded`.
While there is live speech, batches are short, and one of several replicas is kept for finals.

All state belongs to the event loop that called `start`; the replicas' threads only run the engine.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from lingting.domain import Clock, Hypothesis, Priority
from lingting.domain.errors import LingtingError, Overloaded, SettingsInvalid, ShuttingDown, Superseded
from lingting.engines.base import BatchEngine, Clip
from lingting.recognition.batch_policy import BatchLimits, Waiting, plan_batch
from lingting.recognition.batch_queue import BatchItem, BatchQueue, Pace, QueueBounds
from lingting.recognition.batch_replica import BatchOutcome, Replica, engine_failed
from lingting.recognition.batch_reports import SILENT, BatchReport, DropReason, SchedulerObserver
from lingting.telemetry.traces import here, record

__all__ = ["Scheduler", "SchedulerSettings"]


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """How the work is queued and put together."""

    max_batch: int = 8
    """Clips in one batch; the engine's own limit holds too."""
    budget_seconds: float = 240.0
    """Longest padded seconds times count; 8 windows of 30 s."""
    max_padding_ratio: float = 0.5
    """Of the cost that a clip adds to a batch, the part that may be padding."""
    max_wait_seconds: float = 0.01
    """How long a clip waits for company while a replica is free."""
    ageing_seconds: float = 5.0
    """After each such time a waiting request or job is as urgent as the next kind above it."""
    max_queue_items: int = 256
    max_queue_seconds: float = 1_800.0
    """Of audio, without padding: 115 MB of samples."""
    request_queue_ratio: float = 0.9
    """Requests are refused once this part of the queue is full; the rest is for live speech."""
    job_queue_ratio: float = 0.6
    """The same for jobs, so that requests find room."""
    drain_seconds: float = 20.0
    """How long `stop` works on what is in hand."""
    live_batch_seconds: float = 0.5
    """While there is live speech, how long a batch may take, judged by the pace of recent ones: finals wait for it."""

    def __post_init__(self) -> None:
        for name, (low, high) in SETTING_RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsInvalid(f"scheduler {name} is {value}; give a value from {low:g} to {high:g}", param=name)


SETTING_RANGES: dict[str, tuple[float, float]] = {
    "max_batch": (1, 256),
    "budget_seconds": (1.0, 10_000.0),
    "max_padding_ratio": (0.0, 1.0),
    "max_wait_seconds": (0.0, 1.0),
    "ageing_seconds": (0.1, 3_600.0),
    "max_queue_items": (1, 100_000),
    "max_queue_seconds": (1.0, 100_000.0),
    "request_queue_ratio": (0.0, 1.0),
    "job_queue_ratio": (0.0, 1.0),
    "drain_seconds": (0.0, 3_600.0),
    "live_batch_seconds": (0.05, 60.0),
}

RETRY_AFTER_SECONDS = (1.0, 120.0)
"""HTTP counts whole seconds; a longer guess says more about one slow batch than about the load."""


LEAST_PACE_RATIO = 1e-4
"""Faster than anything; keeps a scripted engine from dividing by nothing."""


class Scheduler:
    """Turns single clips into batches for one engine; one instance per model."""

    hears_once = False

    def __init__(
        self,
        engine: BatchEngine,
        settings: SchedulerSettings = SchedulerSettings(),
        *,
        clock: Clock,
        observer: SchedulerObserver = SILENT,
        one_by_one: bool = False,
    ) -> None:
        """one_by_one    clips of a live stream follow each other, and the threads, which do the work, step back"""
        capabilities = engine.capabilities
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._limits = BatchLimits(
            max_count=min(settings.max_batch, capabilities.max_batch),
            budget_seconds=settings.budget_seconds,
            max_padding_ratio=settings.max_padding_ratio,
            max_wait_seconds=settings.max_wait_seconds,
            ageing_seconds=settings.ageing_seconds,
        )
        ratios = {Priority.REQUEST: settings.request_queue_ratio, Priority.JOB: settings.job_queue_ratio}
        self._queue = BatchQueue(QueueBounds(settings.max_queue_items, settings.max_queue_seconds, ratios))
        self._pace = Pace()
        seats = capabilities.replicas if capabilities.thread_safe else 1
        self._one_by_one = one_by_one
        self._replicas = [
            Replica(engine, clock, name=f"engine-replica-{number}", steps_back=one_by_one) for number in range(seats)
        ]
        self._idle: list[Replica] = []
        self._running: dict[Replica, list[BatchItem]] = {}
        self._began: dict[Replica, float] = {}
        self._numbers = itertools.count()
        self._live_streams = 0
        self._open = False
        self._stopping: asyncio.Task[None] | None = None
        self._waking: asyncio.Handle | None = None
        self._ripening: asyncio.TimerHandle | None = None

    @property
    def waiting_items(self) -> int:
        """Clips that no replica has taken yet."""
        return len(self._queue)

    @property
    def busy_replicas(self) -> int:
        """Replicas with a batch in hand; above 0 after `stop` the engine must not be closed: its thread hangs."""
        return len(self._running)

    @property
    def longest_batch_seconds(self) -> float:
        """How long the batch that was handed over first has been with the engine; 0 when it is idle."""
        return self._clock.monotonic() - min(self._began.values()) if self._began else 0.0

    @property
    def estimated_wait_seconds(self) -> float:
        """When all that is in hand should be done, judged by the pace of recent batches."""
        running = (_cost_seconds(items) for items in self._running.values())
        return (self._queue.padded_seconds + sum(running)) * self._pace.ratio / len(self._replicas)

    @property
    def pace_ratio(self) -> float:
        """Seconds of work per padded second of audio, recent batches counting most."""
        return self._pace.ratio

    @property
    def replicas(self) -> int:
        return len(self._replicas)

    def set_live_streams(self, count: int) -> None:
        """So many live sessions are open."""
        self._live_streams = count

    async def start(self) -> None:
        """Start the replicas' threads; everything else happens on this event loop."""
        assert not self._open, "a scheduler starts once"
        self._loop = asyncio.get_running_loop()
        for replica in self._replicas:
            replica.start(self._batch_done)
        self._idle = list(self._replicas)
        self._open = True

    async def submit(self, clip: Clip, *, priority: Priority, coalesce: str | None = None) -> Hypothesis:
        """Recognise one clip in the best company there is; cancelling the caller drops it.

        coalesce   names a stream: a partial of it that still waits gives up its place to this clip
        raises     Overloaded or ShuttingDown at once; Superseded; EngineError
        """
        item = self._accept(clip, priority, coalesce)
        try:
            return await item.answer
        finally:
            if self._queue.remove(item):
                self._observer.dropped(DropReason.CALLER_GONE)
                self._tell_queued()

    async def stop(self) -> None:
        """Refuse what comes, finish what is in hand, and fail what is not finished in `drain_seconds`."""
        self._open = False
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._drain())
        await asyncio.shield(self._stopping)

    def _accept(self, clip: Clip, priority: Priority, coalesce: str | None) -> BatchItem:
        if not self._open:
            self._observer.dropped(DropReason.SHUTTING_DOWN)
            raise ShuttingDown(
                "the server is stopping; try another one, or this one later",
                retry_after_seconds=self._settings.drain_seconds,
            )
        now_seconds = self._clock.monotonic()
        stale = self._queue.waiting_partial(coalesce)
        if stale is None:
            self._require_room(priority, clip.audio.duration_seconds)
        inherits = stale is not None and priority is Priority.STREAM_PARTIAL
        key, padded_seconds = self._ask_engine(clip)
        waiting = Waiting(
            number=next(self._numbers),
            key=key,
            priority=priority,
            padded_seconds=padded_seconds,
            since_seconds=stale.waiting.since_seconds if stale is not None and inherits else now_seconds,
        )
        if stale is not None:
            self._supersede(stale)
        item = BatchItem(clip, waiting, self._loop.create_future(), now_seconds, coalesce, trace=here())
        self._queue.add(item)
        self._tell_queued()
        self._dispatch_soon()
        return item

    def _ask_engine(self, clip: Clip) -> tuple[Hashable, float]:
        try:
            return self._engine.batch_key(clip.options), self._engine.padded_seconds(clip)
        except LingtingError:
            raise
        except Exception as error:
            raise engine_failed(error) from error

    def _require_room(self, priority: Priority, audio_seconds: float) -> None:
        if self._queue.admits(priority, audio_seconds):
            return
        self._observer.dropped(DropReason.QUEUE_FULL)
        seconds = min(max(self.estimated_wait_seconds, RETRY_AFTER_SECONDS[0]), RETRY_AFTER_SECONDS[1])
        raise Overloaded(
            f"{len(self._queue)} clips wait already, all that may; try again in {seconds:.0f} seconds",
            retry_after_seconds=seconds,
        )

    def _supersede(self, stale: BatchItem) -> None:
        self._queue.remove(stale)
        if stale.fail(Superseded("a newer piece of the same stream took this one's place")):
            self._observer.dropped(DropReason.SUPERSEDED)

    def _tell_queued(self) -> None:
        self._observer.queued(items=len(self._queue), audio_seconds=self._queue.audio_seconds)

    def _dispatch_soon(self) -> None:
        """Plan once all that is ready on the loop has run, so that clips submitted together go together."""
        if self._waking is None:
            self._waking = self._loop.call_soon(self._dispatch)

    def _dispatch(self, *, ripe: bool = False) -> None:
        """Give every idle replica the best batch there is, or hold the last one for company."""
        for handle in (self._waking, self._ripening):
            if handle is not None:
                handle.cancel()
        self._waking = self._ripening = None
        while self._idle and len(self._queue):
            eligible = self._eligible()
            if not eligible:
                return
            plan = plan_batch(
                eligible, self._limits_for_now(), now_seconds=self._clock.monotonic(), replicas=len(self._replicas)
            )
            if plan.wait_seconds > 0.0 and self._open and not ripe:
                self._ripening = self._loop.call_later(plan.wait_seconds, partial(self._dispatch, ripe=True))
                return
            replica, items = self._idle.pop(), self._queue.take(plan.numbers)
            self._running[replica] = items
            self._began[replica] = self._clock.monotonic()
            self._tell_queued()
            replica.run(items)

    def _eligible(self) -> list[Waiting]:
        """What may go now: while there is live speech and several replicas, a place is kept free for finals.

        A partial goes only if a further replica stays idle; a request or a job, which take longer, if at least one
        replica works on finals or on nothing.
        """
        waiting = self._free_to_go() if self._one_by_one else self._queue.waiting
        if not self._live_streams or len(self._replicas) == 1:
            return waiting
        allowed = {Priority.STREAM_FINAL}
        if len(self._idle) > 1:
            allowed.add(Priority.STREAM_PARTIAL)
        if sum(not _has_final(items) for items in self._running.values()) < len(self._replicas) - 1:
            allowed |= {Priority.REQUEST, Priority.JOB}
        return [item for item in waiting if item.priority in allowed]

    def _free_to_go(self) -> list[Waiting]:
        """What waits, without the streams that a replica works on."""
        taken = {item.stream for items in self._running.values() for item in items} - {None}
        return [item.waiting for item in self._queue.items if item.stream not in taken]

    def _limits_for_now(self) -> BatchLimits:
        if not self._live_streams:
            return self._limits
        live_seconds = self._settings.live_batch_seconds / max(self._pace.ratio, LEAST_PACE_RATIO)
        return replace(self._limits, budget_seconds=min(self._limits.budget_seconds, live_seconds))

    def _batch_done(self, replica: Replica, outcome: BatchOutcome) -> None:
        """Answer everyone in the batch; runs on the loop, as all of this class does."""
        handed_over = self._running.pop(replica)
        del self._began[replica]
        self._idle.append(replica)
        if outcome.error is not None:
            self._fail_or_retry(outcome.items, outcome.error)
            self._observer.failed(outcome.error, count=len(outcome.items))
        elif outcome.items:
            for item, hypothesis in zip(outcome.items, outcome.hypotheses, strict=True):
                if not item.is_answered:
                    item.answer.set_result(hypothesis)
        self._dispatch_soon()
        for _ in range(len(handed_over) - len(outcome.items)):
            self._observer.dropped(DropReason.CALLER_GONE)
        if outcome.error is None and outcome.items:
            self._measure(outcome)

    def _fail_or_retry(self, items: Sequence[BatchItem], error: LingtingError) -> None:
        if len(items) == 1:
            items[0].fail(error)
            return
        for item in items:
            if item.is_answered:
                continue
            newer = self._queue.waiting_partial(item.coalesce)
            if newer is not None and item.waiting.priority is Priority.STREAM_PARTIAL:
                self._supersede(item)
                continue
            item.isolate()
            self._queue.add(item)
        self._tell_queued()

    def _measure(self, outcome: BatchOutcome) -> None:
        report = BatchReport(
            count=len(outcome.items),
            audio_seconds=sum(item.audio_seconds for item in outcome.items),
            cost_seconds=_cost_seconds(outcome.items),
            prepare_seconds=outcome.prepare_seconds,
            compute_seconds=outcome.compute_seconds,
            finish_seconds=outcome.finish_seconds,
            waited_seconds=tuple(outcome.began_seconds - item.submitted_seconds for item in outcome.items),
        )
        self._pace.record(padded_seconds=report.cost_seconds, busy_seconds=report.busy_seconds)
        self._observer.batch_done(report)
        self._trace(outcome, report)

    def _trace(self, outcome: BatchOutcome, report: BatchReport) -> None:
        now_seconds = self._clock.monotonic()
        worked_ago_seconds = now_seconds - outcome.began_seconds
        for item, waited_seconds in zip(outcome.items, report.waited_seconds, strict=True):
            waited_ago_seconds = now_seconds - item.submitted_seconds
            record("engine.queue", item.trace, ago_seconds=waited_ago_seconds, seconds=waited_seconds)
            record(
                "engine.batch",
                item.trace,
                ago_seconds=worked_ago_seconds,
                seconds=report.busy_seconds,
                clips=report.count,
                audio_seconds=item.audio_seconds,
            )

    async def _drain(self) -> None:
        deadline_seconds = self._loop.time() + self._settings.drain_seconds
        self._dispatch()
        in_hand = self._queue.items + [item for items in self._running.values() for item in items]
        if in_hand:
            await asyncio.wait([item.answer for item in in_hand], timeout=self._settings.drain_seconds)
        for item in in_hand:
            self._queue.remove(item)
            error = ShuttingDown("the server stopped before this was done; try again", retry_after_seconds=1.0)
            if item.fail(error):
                self._observer.dropped(DropReason.SHUTTING_DOWN)
        self._tell_queued()
        for replica in self._replicas:
            replica.end()
        remaining_seconds = max(0.0, deadline_seconds - self._loop.time())
        await asyncio.wait([replica.ended for replica in self._replicas], timeout=remaining_seconds)


def _has_final(items: Sequence[BatchItem]) -> bool:
    return any(item.waiting.priority is Priority.STREAM_FINAL for item in items)


def _cost_seconds(items: Sequence[BatchItem]) -> float:
    return max(item.waiting.padded_seconds for item in items) * len(items)
