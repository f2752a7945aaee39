"""The scheduler of a streaming engine keeps the promises of the batch scheduler; numbers as there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from lingting.domain import Hypothesis, Priority, RecognizeOptions, SystemClock
from lingting.domain.errors import EngineFailed, Overloaded, ShuttingDown, Superseded
from lingting.engines.base import Clip, Origin
from lingting.engines.fake import Gate
from lingting.engines.fake_stream import FAKE_STREAM_CAPABILITIES, FakeStreamEngine
from lingting.recognition.batch_reports import DropReason
from lingting.recognition.batching import SchedulerSettings
from lingting.recognition.streaming import StreamScheduler
from lingting.testing import RecordingObserver, silence

pytestmark = pytest.mark.unit

SETTINGS = SchedulerSettings(max_wait_seconds=0.5)
"""A wait for company would show: nothing here may wait for any."""
TWO_THREADS = replace(FAKE_STREAM_CAPABILITIES, replicas=2)


@asynccontextmanager
async def running(
    engine: FakeStreamEngine, settings: SchedulerSettings = SETTINGS, observer: RecordingObserver | None = None
) -> AsyncIterator[StreamScheduler]:
    scheduler = StreamScheduler(engine, settings, clock=SystemClock(), observer=observer or RecordingObserver())
    await scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()


def submit(
    scheduler: StreamScheduler, priority: Priority, *, stream: str | None = None, seconds: float = 0.5, segment: int = 1
) -> asyncio.Task[Hypothesis]:
    is_final = priority is Priority.STREAM_FINAL
    origin = Origin(stream, segment, is_final) if stream is not None else None
    clip = Clip(silence(seconds), RecognizeOptions(), origin)
    return asyncio.ensure_future(scheduler.submit(clip, priority=priority, coalesce=stream))


def draft(scheduler: StreamScheduler, stream: str, seconds: float) -> asyncio.Task[Hypothesis]:
    return submit(scheduler, Priority.STREAM_PARTIAL, stream=stream, seconds=seconds)


def final(scheduler: StreamScheduler, stream: str, seconds: float) -> asyncio.Task[Hypothesis]:
    return submit(scheduler, Priority.STREAM_FINAL, stream=stream, seconds=seconds)


def request(scheduler: StreamScheduler, seconds: float) -> asyncio.Task[Hypothesis]:
    return submit(scheduler, Priority.REQUEST, seconds=seconds)


async def arrived(gate: Gate) -> None:
    await asyncio.to_thread(gate.wait_for_arrival)


def ended(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(timeout=5)


async def queued(scheduler: StreamScheduler, count: int) -> None:
    for _ in range(20):
        if scheduler.waiting_items == count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{scheduler.waiting_items} clips wait, not {count}")


async def test_drafts_and_the_final_of_a_segment_are_one_stream_of_the_engine() -> None:
    engine = FakeStreamEngine()
    async with running(engine) as scheduler:
        said = [(await draft(scheduler, "a", seconds)).text for seconds in (0.5, 1.0)]
        assert scheduler.kept_streams == 1
        said.append((await final(scheduler, "a", 1.5)).text)
        assert scheduler.kept_streams == 0
    assert said == ["0.5 seconds of speech", "1.0 seconds of speech", "1.5 seconds of speech"]
    assert len(engine.streams) == 1


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    gate, observer = Gate(), RecordingObserver()
    settings = replace(SETTINGS, max_queue_items=1, request_queue_ratio=1.0)
    async with running(FakeStreamEngine(gate=gate), settings, observer) as scheduler:
        held = [request(scheduler, 0.5)]
        await arrived(gate)
        held.append(request(scheduler, 0.5))
        await queued(scheduler, 1)
        with pytest.raises(Overloaded) as refused:
            await request(scheduler, 0.5)
        gate.let_through(10)
        await asyncio.gather(*held)
    assert refused.value.retry_after_seconds >= 1
    assert observer.drops == [DropReason.QUEUE_FULL]


async def test_an_engine_that_breaks_answers_its_caller_and_works_on() -> None:
    faults = iter([ValueError("broken")])
    engine = FakeStreamEngine(lambda clip: next(faults, "mended"))
    async with running(engine) as scheduler:
        with pytest.raises(EngineFailed):
            await draft(scheduler, "a", 0.5)
        assert (await draft(scheduler, "a", 1.0)).text == "mended"
    assert engine.open_streams == 0


async def test_a_clip_whose_caller_has_gone_is_never_heard() -> None:
    gate, observer = Gate(), RecordingObserver()
    engine = FakeStreamEngine(gate=gate)
    async with running(engine, observer=observer) as scheduler:
        held = request(scheduler, 0.5)
        await arrived(gate)
        gone = request(scheduler, 7)
        await queued(scheduler, 1)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        gate.let_through(10)
        await held
    assert len(engine.streams) == 1
    assert observer.drops == [DropReason.CALLER_GONE]


async def test_the_newest_draft_of_a_stream_takes_the_place_of_the_one_that_waits() -> None:
    gate = Gate()
    engine = FakeStreamEngine(gate=gate)
    async with running(engine) as scheduler:
        held = request(scheduler, 0.5)
        await arrived(gate)
        stale = draft(scheduler, "a", 0.5)
        await queued(scheduler, 1)
        newest = draft(scheduler, "a", 1.0)
        with pytest.raises(Superseded):
            await stale
        gate.let_through(10)
        assert (await newest).text == "1.0 seconds of speech"
        await held


async def test_finals_go_before_drafts_before_requests_before_jobs() -> None:
    gate, order = Gate(), []
    engine = FakeStreamEngine(gate=gate)
    async with running(engine) as scheduler:
        held = request(scheduler, 0.5)
        await arrived(gate)
        waiting = [
            submit(scheduler, Priority.JOB, seconds=0.1),
            submit(scheduler, Priority.REQUEST, seconds=0.2),
            submit(scheduler, Priority.STREAM_PARTIAL, stream="a", seconds=0.3),
            submit(scheduler, Priority.STREAM_FINAL, stream="b", seconds=0.4),
        ]
        for task in waiting:
            task.add_done_callback(lambda done: order.append(done.result().text))
        await queued(scheduler, 4)
        gate.let_through(20)
        await asyncio.gather(held, *waiting)
    assert order == [f"{seconds} seconds of speech" for seconds in (0.4, 0.3, 0.2, 0.1)]


async def test_clips_of_one_stream_follow_each_other_while_others_go_side_by_side() -> None:
    gate = Gate()
    engine = FakeStreamEngine(gate=gate, capabilities=TWO_THREADS)
    async with running(engine) as scheduler:
        first = draft(scheduler, "a", 0.5)
        await arrived(gate)
        last = final(scheduler, "a", 1.0)
        other = final(scheduler, "b", 0.5)
        await arrived(gate)
        assert (scheduler.busy_replicas, scheduler.waiting_items) == (2, 1)
        gate.let_through(20)
        await asyncio.gather(first, last, other)
    assert [len(stream.heard) for stream in engine.streams] == [2, 1]


async def test_stopping_finishes_what_is_in_hand_and_refuses_what_comes() -> None:
    gate = Gate()
    engine = FakeStreamEngine(gate=gate)
    async with running(engine) as scheduler:
        held = [draft(scheduler, "a", 0.5), draft(scheduler, "b", 0.5)]
        await arrived(gate)
        gate.let_through(20)
        await scheduler.stop()
        assert all(task.result() for task in held)
        with pytest.raises(ShuttingDown):
            await draft(scheduler, "a", 1.0)
    assert engine.open_streams == 0


async def test_stopping_fails_what_is_not_finished_in_time() -> None:
    gate = Gate()
    engine = FakeStreamEngine(gate=gate)
    async with running(engine, replace(SETTINGS, drain_seconds=0.0)) as scheduler:
        held = draft(scheduler, "a", 0.5)
        await arrived(gate)
        await scheduler.stop()
        with pytest.raises(ShuttingDown):
            await held
        assert scheduler.busy_replicas == 1
        gate.let_through()
        await asyncio.to_thread(ended, "engine-replica-0")
        assert engine.open_streams == 0


async def test_when_the_last_speaker_has_gone_nothing_is_kept() -> None:
    engine = FakeStreamEngine(goes_on=True)
    async with running(engine) as scheduler:
        scheduler.set_live_streams(1)
        await final(scheduler, "a", 1.0)
        assert scheduler.kept_streams == 1
        scheduler.set_live_streams(0)
        await asyncio.to_thread(engine.streams[0].closed.wait, 5)
        assert (scheduler.kept_streams, engine.open_streams) == (0, 0)


async def test_twenty_speakers_need_no_more_threads_than_the_engine_has_places() -> None:
    engine = FakeStreamEngine(capabilities=replace(TWO_THREADS, replicas=3))
    before = threading.active_count()
    async with running(engine) as scheduler:
        scheduler.set_live_streams(20)
        for seconds in (0.5, 1.0, 1.5):
            await asyncio.gather(*(draft(scheduler, f"s{number}", seconds) for number in range(20)))
        assert threading.active_count() <= before + 3
        assert scheduler.kept_streams == engine.open_streams == 20
        await asyncio.gather(*(final(scheduler, f"s{number}", 2.0) for number in range(20)))
        assert scheduler.kept_streams == engine.open_streams == 0
    assert [sum(map(len, stream.heard)) for stream in engine.streams] == [32_000] * 20
