"""The scheduler's seven promises, in their order, and what it says besides."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from lingting.domain import Hypothesis, Priority, RecognizeOptions, SystemClock
from lingting.domain.errors import (
    EngineFailed,
    EngineUnavailable,
    Overloaded,
    SettingsInvalid,
    ShuttingDown,
    Superseded,
)
from lingting.engines.base import NoLongerWanted
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.recognition.batch_reports import DropReason
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.testing import RecordingObserver, clip_of

pytestmark = pytest.mark.unit

FAST = SchedulerSettings(max_wait_seconds=0.0)


@asynccontextmanager
async def running(
    engine: FakeEngine, settings: SchedulerSettings = FAST, observer: RecordingObserver | None = None
) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(engine, settings, clock=SystemClock(), observer=observer or RecordingObserver())
    await scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()


def submit(
    scheduler: Scheduler, seconds: float, priority: Priority = Priority.REQUEST, coalesce: str | None = None
) -> asyncio.Task[Hypothesis]:
    return asyncio.ensure_future(scheduler.submit(clip_of(seconds), priority=priority, coalesce=coalesce))


async def arrived(gate: Gate) -> None:
    await asyncio.to_thread(gate.wait_for_arrival)


async def queued(scheduler: Scheduler, count: int) -> None:
    """Let tasks that were created run until so many clips wait; a few passes of the loop at most."""
    for _ in range(20):
        if scheduler.waiting_items == count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{scheduler.waiting_items} clips wait, not {count}")


def lengths(engine: FakeEngine) -> list[list[float]]:
    return [[clip.audio.duration_seconds for clip in batch.clips] for batch in engine.computed]


async def test_a_clip_is_answered_with_what_the_engine_said() -> None:
    async with running(FakeEngine()) as scheduler:
        hypothesis = await scheduler.submit(clip_of(5), priority=Priority.REQUEST)
    assert hypothesis.text == "5.0 seconds of speech"


# 1: a full queue


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    gate, observer = Gate(), RecordingObserver()
    settings = replace(FAST, max_batch=1, max_queue_items=2, request_queue_ratio=1.0)
    async with running(FakeEngine(gate=gate), settings, observer) as scheduler:
        held = [submit(scheduler, 1)]
        await arrived(gate)
        held += [submit(scheduler, 1), submit(scheduler, 1)]
        await queued(scheduler, 2)
        with pytest.raises(Overloaded) as refusal:
            scheduler._accept(clip_of(1), Priority.REQUEST, None)  # no await in between: at once
        gate.let_through(3)
        await asyncio.gather(*held)
    assert 1.0 <= refusal.value.retry_after_seconds <= 120.0
    assert observer.drops == [DropReason.QUEUE_FULL]


async def test_a_queue_is_full_by_seconds_of_audio_too() -> None:
    gate = Gate()
    settings = replace(FAST, max_batch=1, max_queue_seconds=20.0, request_queue_ratio=1.0)
    async with running(FakeEngine(gate=gate), settings) as scheduler:
        held = [submit(scheduler, 15)]
        await arrived(gate)
        held += [submit(scheduler, 15)]
        await queued(scheduler, 1)
        with pytest.raises(Overloaded):
            await scheduler.submit(clip_of(6), priority=Priority.REQUEST)
        gate.let_through(2)
        await asyncio.gather(*held)


async def test_jobs_and_requests_leave_room_for_live_speech() -> None:
    gate = Gate()
    settings = replace(FAST, max_batch=1, max_queue_items=4, job_queue_ratio=0.5, request_queue_ratio=0.75)
    async with running(FakeEngine(gate=gate), settings) as scheduler:
        held = [submit(scheduler, 1)]
        await arrived(gate)
        held += [submit(scheduler, 1, Priority.JOB), submit(scheduler, 1, Priority.JOB)]
        await queued(scheduler, 2)
        with pytest.raises(Overloaded):
            await scheduler.submit(clip_of(1), priority=Priority.JOB)
        held += [submit(scheduler, 1)]
        await queued(scheduler, 3)
        with pytest.raises(Overloaded):
            await scheduler.submit(clip_of(1), priority=Priority.REQUEST)
        held += [submit(scheduler, 1, Priority.STREAM_FINAL)]
        await queued(scheduler, 4)
        gate.let_through(5)
        await asyncio.gather(*held)


async def test_the_retry_after_grows_with_what_waits_and_follows_the_measured_pace() -> None:
    gate = Gate()
    async with running(FakeEngine(gate=gate), replace(FAST, max_batch=1)) as scheduler:
        held = [submit(scheduler, 30)]
        await arrived(gate)
        one = scheduler.estimated_wait_seconds
        held += [submit(scheduler, 30)]
        await queued(scheduler, 1)
        two = scheduler.estimated_wait_seconds
        gate.let_through(2)
        await asyncio.gather(*held)
        assert scheduler.estimated_wait_seconds == 0.0
    assert two == pytest.approx(2 * one)
    assert scheduler._pace.ratio != one / 30


# 2: answered exactly once


async def test_every_clip_of_a_crowd_gets_its_own_answer() -> None:
    capabilities = replace(FAKE_CAPABILITIES, replicas=3)
    async with running(FakeEngine(capabilities=capabilities)) as scheduler:
        tasks = [submit(scheduler, 1 + i / 10, Priority(i % 4)) for i in range(100)]
        answers = await asyncio.gather(*tasks)
    assert [answer.text for answer in answers] == [f"{1 + i / 10:.1f} seconds of speech" for i in range(100)]


async def test_too_few_answers_are_a_failure_not_a_mix_up() -> None:
    class Forgetful(FakeEngine):
        def finish(self, raw: list) -> list[Hypothesis]:
            return super().finish(raw)[1:]

    async with running(Forgetful()) as scheduler:
        answers = await asyncio.gather(submit(scheduler, 1), submit(scheduler, 2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [EngineFailed, EngineFailed]


# 3: a caller that has gone


async def test_a_cancelled_caller_s_clip_never_reaches_the_device() -> None:
    gate, observer = Gate(), RecordingObserver()
    engine = FakeEngine(gate=gate)
    async with running(engine, replace(FAST, max_batch=1), observer) as scheduler:
        first, gone = submit(scheduler, 1), submit(scheduler, 2)
        await arrived(gate)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert scheduler.waiting_items == 0
        last = submit(scheduler, 3)
        gate.let_through(2)
        await asyncio.gather(first, last)
    assert lengths(engine) == [[1.0], [3.0]]
    assert observer.drops == [DropReason.CALLER_GONE]


async def test_a_batch_whose_callers_leave_during_prepare_is_not_computed() -> None:
    preparing, leave = threading.Event(), threading.Event()

    class Slow(FakeEngine):
        def prepare(self, clips):  # type: ignore[no-untyped-def]
            preparing.set()
            assert leave.wait(timeout=30)
            return super().prepare(clips)

    engine, observer = Slow(), RecordingObserver()
    async with running(engine, FAST, observer) as scheduler:
        gone = submit(scheduler, 1)
        await asyncio.to_thread(preparing.wait, 30)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        leave.set()
        assert (await submit(scheduler, 2)).text == "2.0 seconds of speech"
    assert lengths(engine) == [[2.0]]
    assert observer.drops == [DropReason.CALLER_GONE]


async def test_an_engine_may_stop_when_nobody_waits_any_more() -> None:
    computing, leave = threading.Event(), threading.Event()

    class Asking(FakeEngine):
        def prepare(self, clips):  # type: ignore[no-untyped-def]
            self.clips = clips
            return super().prepare(clips)

        def compute(self, prepared):  # type: ignore[no-untyped-def]
            computing.set()
            assert leave.wait(timeout=30)
            if not any(clip.is_wanted() for clip in self.clips):
                raise NoLongerWanted
            return super().compute(prepared)

    observer = RecordingObserver()
    async with running(Asking(), FAST, observer) as scheduler:
        gone = submit(scheduler, 1)
        await asyncio.to_thread(computing.wait, 30)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        leave.set()
        assert (await submit(scheduler, 2)).text == "2.0 seconds of speech"
    assert observer.drops == [DropReason.CALLER_GONE]


async def test_one_caller_leaving_a_running_batch_does_not_disturb_the_others() -> None:
    gate = Gate()
    async with running(FakeEngine(gate=gate)) as scheduler:
        gone, stays = submit(scheduler, 1), submit(scheduler, 1)
        await arrived(gate)
        gone.cancel()
        gate.let_through()
        assert (await stays).text == "1.0 seconds of speech"


# 4: a batch that raises


def poisoned(error: BaseException, seconds: float) -> Callable[..., str | BaseException]:
    return lambda clip: error if clip.audio.duration_seconds == seconds else "fine"


async def test_a_failed_batch_is_tried_one_by_one_and_fails_only_the_culprit() -> None:
    engine, observer = FakeEngine(poisoned(ValueError("secret path"), 2)), RecordingObserver()
    async with running(engine, FAST, observer) as scheduler:
        answers = await asyncio.gather(*(submit(scheduler, s) for s in (1, 2, 2.1)), return_exceptions=True)
        assert (await submit(scheduler, 1)).text == "fine"
    assert isinstance(answers[1], EngineFailed)
    assert "secret" not in str(answers[1])
    assert [answers[0].text, answers[2].text] == ["fine", "fine"]  # type: ignore[union-attr]
    assert sorted(lengths(engine)[1:4]) == [[1.0], [2.0], [2.1]]
    assert len(observer.failures) == 2
    assert isinstance(observer.failures[0].__cause__, ValueError)


async def test_a_clip_that_fails_alone_is_not_tried_again() -> None:
    engine = FakeEngine(poisoned(ValueError(), 2))
    async with running(engine) as scheduler:
        with pytest.raises(EngineFailed):
            await submit(scheduler, 2)
    assert lengths(engine) == [[2.0]]


async def test_the_house_s_own_errors_reach_the_caller_as_they_are() -> None:
    async with running(FakeEngine([EngineUnavailable("the server is away")])) as scheduler:
        with pytest.raises(EngineUnavailable, match="away"):
            await submit(scheduler, 1)


async def test_even_a_panic_in_native_code_leaves_the_thread_alive() -> None:
    class PanicException(BaseException):
        """As pyo3 raises it."""

    async with running(FakeEngine([PanicException()])) as scheduler:
        with pytest.raises(EngineFailed):
            await submit(scheduler, 1)
        assert (await submit(scheduler, 1)).text == "1.0 seconds of speech"


async def test_an_engine_that_cannot_judge_a_clip_fails_that_clip() -> None:
    def broken(_: RecognizeOptions) -> None:
        raise KeyError("no such option")

    async with running(FakeEngine(key=broken)) as scheduler:
        with pytest.raises(EngineFailed):
            await submit(scheduler, 1)
        assert scheduler.waiting_items == 0


# 5: cost


async def test_a_batch_keeps_within_its_budget_and_the_engine_s_count() -> None:
    capabilities = replace(FAKE_CAPABILITIES, max_batch=3)
    engine, observer = FakeEngine(capabilities=capabilities), RecordingObserver()
    async with running(engine, replace(FAST, budget_seconds=20.0), observer) as scheduler:
        await asyncio.gather(*(submit(scheduler, s) for s in (8, 8, 8, 2, 2, 2, 2)))
    assert lengths(engine) == [[8.0, 8.0], [8.0], [2.0, 2.0, 2.0], [2.0]]
    assert [report.cost_seconds for report in observer.reports] == [16.0, 8.0, 6.0, 2.0]


async def test_clips_that_may_not_share_a_batch_do_not() -> None:
    engine = FakeEngine(key=lambda options: options.beam_size)
    async with running(engine) as scheduler:
        clips = [clip_of(1, RecognizeOptions(beam_size=size)) for size in (1, 5, 1)]
        await asyncio.gather(*(scheduler.submit(clip, priority=Priority.REQUEST) for clip in clips))
    assert [[clip.options.beam_size for clip in batch.clips] for batch in engine.computed] == [[1, 1], [5]]


# 6: company


async def test_a_lone_clip_goes_after_the_wait_for_company() -> None:
    async with running(FakeEngine(), replace(FAST, max_wait_seconds=0.002)) as scheduler:
        assert (await submit(scheduler, 1)).text == "1.0 seconds of speech"


async def test_a_full_batch_does_not_wait_for_company() -> None:
    async with running(FakeEngine(), replace(FAST, max_wait_seconds=1.0, max_batch=2)) as scheduler:
        tasks = submit(scheduler, 1), submit(scheduler, 1)
        await queued(scheduler, 2)
        await queued(scheduler, 0)
        assert scheduler._ripening is None
        await asyncio.gather(*tasks)


async def test_a_clip_that_waits_for_company_goes_with_it() -> None:
    engine = FakeEngine()
    async with running(engine, replace(FAST, max_wait_seconds=1.0, max_batch=2)) as scheduler:
        first = submit(scheduler, 1)
        await queued(scheduler, 1)
        await asyncio.sleep(0)
        assert scheduler._ripening is not None
        await asyncio.gather(first, submit(scheduler, 1))
    assert lengths(engine) == [[1.0, 1.0]]


# 7: stop


async def test_stop_finishes_what_is_in_hand_and_refuses_what_comes() -> None:
    gate, observer = Gate(), RecordingObserver()
    async with running(FakeEngine(gate=gate), replace(FAST, max_batch=1), observer) as scheduler:
        held = [submit(scheduler, 1), submit(scheduler, 2)]
        await arrived(gate)
        stopping = asyncio.ensure_future(scheduler.stop())
        await asyncio.sleep(0)
        with pytest.raises(ShuttingDown):
            await scheduler.submit(clip_of(1), priority=Priority.STREAM_FINAL)
        gate.let_through(2)
        answers = await asyncio.gather(*held)
        await stopping
    assert [answer.text for answer in answers] == ["1.0 seconds of speech", "2.0 seconds of speech"]
    assert observer.drops == [DropReason.SHUTTING_DOWN]
    assert not any(thread.name.startswith("engine-replica") for thread in threading.enumerate())


async def test_stop_does_not_wait_for_company() -> None:
    async with running(FakeEngine(), replace(FAST, max_wait_seconds=1.0, drain_seconds=0.5)) as scheduler:
        held = submit(scheduler, 1)
        await queued(scheduler, 1)
        await scheduler.stop()
        assert (await held).text == "1.0 seconds of speech"


async def test_stop_fails_what_is_not_done_in_time_with_an_engine_that_hangs() -> None:
    gate = Gate()
    async with running(FakeEngine(gate=gate), replace(FAST, max_batch=1, drain_seconds=0.0)) as scheduler:
        held = [submit(scheduler, 1), submit(scheduler, 2)]
        await arrived(gate)
        await scheduler.stop()
        answers = await asyncio.gather(*held, return_exceptions=True)
        assert scheduler.busy_replicas == 1
        gate.let_through()
    assert [type(answer) for answer in answers] == [ShuttingDown, ShuttingDown]


async def test_stop_may_be_called_twice() -> None:
    async with running(FakeEngine()) as scheduler:
        await asyncio.gather(scheduler.stop(), scheduler.stop())


# priorities and coalescing


async def test_the_more_urgent_clip_goes_first() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    async with running(engine, replace(FAST, max_batch=1)) as scheduler:
        held = [submit(scheduler, 9)]
        await arrived(gate)
        held += [submit(scheduler, 1 + priority, priority) for priority in reversed(Priority)]
        await queued(scheduler, 4)
        gate.let_through(5)
        await asyncio.gather(*held)
    assert lengths(engine) == [[9.0], [1.0], [2.0], [3.0], [4.0]]


async def test_a_newer_partial_replaces_the_waiting_one_of_its_stream() -> None:
    gate, observer = Gate(), RecordingObserver()
    engine = FakeEngine(gate=gate)
    async with running(engine, replace(FAST, max_batch=1), observer) as scheduler:
        running_one = submit(scheduler, 1, Priority.STREAM_PARTIAL, "a")
        await arrived(gate)
        stale = submit(scheduler, 2, Priority.STREAM_PARTIAL, "a")
        other = submit(scheduler, 3, Priority.STREAM_PARTIAL, "b")
        newer = submit(scheduler, 4, Priority.STREAM_PARTIAL, "a")
        with pytest.raises(Superseded):
            await stale
        gate.let_through(3)
        answers = await asyncio.gather(running_one, other, newer)
    assert len(answers) == 3
    assert lengths(engine) == [[1.0], [4.0], [3.0]]  # the newer one kept the place of the stale one
    assert observer.drops == [DropReason.SUPERSEDED]


async def test_a_final_replaces_the_waiting_partial_but_is_never_replaced() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    async with running(engine, replace(FAST, max_batch=1)) as scheduler:
        first = submit(scheduler, 1)
        await arrived(gate)
        partial = submit(scheduler, 2, Priority.STREAM_PARTIAL, "a")
        final = submit(scheduler, 3, Priority.STREAM_FINAL, "a")
        next_partial = submit(scheduler, 0.5, Priority.STREAM_PARTIAL, "a")
        with pytest.raises(Superseded):
            await partial
        gate.let_through(3)
        await asyncio.gather(first, final, next_partial)
    assert lengths(engine) == [[1.0], [3.0], [0.5]]


async def test_a_replacement_comes_in_even_if_the_queue_is_full() -> None:
    gate = Gate()
    async with running(FakeEngine(gate=gate), replace(FAST, max_batch=1, max_queue_items=1)) as scheduler:
        first = submit(scheduler, 1)
        await arrived(gate)
        stale = submit(scheduler, 2, Priority.STREAM_PARTIAL, "a")
        newer = submit(scheduler, 3, Priority.STREAM_PARTIAL, "a")
        with pytest.raises(Superseded):
            await stale
        gate.let_through(2)
        await asyncio.gather(first, newer)


# the rest


async def test_the_observer_hears_of_every_batch() -> None:
    observer = RecordingObserver()
    async with running(FakeEngine(), FAST, observer) as scheduler:
        await asyncio.gather(submit(scheduler, 2), submit(scheduler, 1.5))
    (report,) = observer.reports
    assert (report.count, report.audio_seconds, report.cost_seconds) == (2, 3.5, 4.0)
    assert len(report.waited_seconds) == 2
    assert report.busy_seconds >= 0.0
    assert observer.queue_sizes[:3] == [1, 2, 0]


async def test_an_engine_that_is_not_thread_safe_gets_one_thread() -> None:
    capabilities = replace(FAKE_CAPABILITIES, replicas=4, thread_safe=False)
    engine = FakeEngine(capabilities=capabilities)
    async with running(engine, replace(FAST, max_batch=1)) as scheduler:
        await asyncio.gather(*(submit(scheduler, 1) for _ in range(8)))
    assert len({batch.thread for batch in engine.computed}) == 1


async def test_replicas_work_side_by_side() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate, capabilities=replace(FAKE_CAPABILITIES, replicas=2))
    async with running(engine, replace(FAST, max_batch=1)) as scheduler:
        held = [submit(scheduler, 1), submit(scheduler, 1)]
        await arrived(gate)
        await arrived(gate)  # the second came while the first was still there
        gate.let_through(2)
        await asyncio.gather(*held)


@pytest.mark.parametrize(("name", "value"), [("max_batch", 0), ("drain_seconds", -1.0), ("job_queue_ratio", 1.5)])
def test_a_wrong_setting_is_refused_with_its_name_and_range(name: str, value: float) -> None:
    with pytest.raises(SettingsInvalid, match=rf"{name} is {value}.* from .* to ") as refusal:
        replace(FAST, **{name: value})
    assert refusal.value.param == name
