"""The queue in front of another server keeps its bounds, its order and its deadlines, and answers everybody."""

import asyncio

import pytest

from lingting.domain import Priority
from lingting.domain.errors import (
    DeadlineExceeded,
    EngineFailed,
    EngineUnavailable,
    Overloaded,
    ShuttingDown,
    Superseded,
)
from lingting.engines.fake_remote import FakeRemote
from lingting.recognition.batch_reports import DropReason
from lingting.recognition.remote_queue import RemoteLimits, RemoteQueue
from lingting.testing import RecordingObserver, VirtualClock, clip_of

pytestmark = pytest.mark.unit


class House:
    def __init__(self, **limits: float) -> None:
        self.engine, self.clock, self.observer = FakeRemote(), VirtualClock(), RecordingObserver()
        self.queue = RemoteQueue(self.engine, RemoteLimits(**limits), clock=self.clock, observer=self.observer)

    def send(self, seconds: float = 1.0, priority: Priority = Priority.REQUEST, coalesce: str | None = None):
        return asyncio.create_task(self.queue.submit(clip_of(seconds), priority=priority, coalesce=coalesce))


async def started(**limits: float) -> House:
    house = House(**limits)
    await house.queue.start()
    return house


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_clip_is_answered() -> None:
    house = await started()
    assert (await house.send(2.0)).text == "2.0 seconds of speech"
    assert (house.queue.waiting_items, house.queue.busy_replicas) == (0, 0)
    assert house.observer.reports[0].count == 1


async def test_no_more_calls_than_allowed_are_made_at_once() -> None:
    house = await started(max_in_flight=2)
    house.engine.hold()
    sent = [house.send() for _ in range(5)]
    await settle()
    assert (house.engine.in_hand, house.queue.waiting_items, house.queue.busy_replicas) == (2, 3, 2)
    house.engine.let_go()
    assert len(await asyncio.gather(*sent)) == 5
    assert house.engine.most_in_hand == 2


async def test_a_full_queue_refuses_at_once() -> None:
    house = await started(max_in_flight=1, max_waiting=1)
    house.engine.hold()
    sent = [house.send(priority=Priority.STREAM_FINAL) for _ in range(2)]
    await settle()
    with pytest.raises(Overloaded) as told:
        await house.send(priority=Priority.STREAM_FINAL)
    assert told.value.retry_after_seconds >= 1.0
    house.engine.let_go()
    await asyncio.gather(*sent)


async def test_the_most_urgent_goes_first() -> None:
    house = await started(max_in_flight=1)
    house.engine.hold()
    sent = [
        house.send(1.0),
        house.send(2.0, Priority.JOB),
        house.send(3.0, Priority.REQUEST),
        house.send(4.0, Priority.STREAM_FINAL),
    ]
    await settle()
    house.engine.let_go()
    await asyncio.gather(*sent)
    assert [clip.audio.duration_seconds for clip in house.engine.heard] == [1.0, 4.0, 3.0, 2.0]


async def test_the_newest_draft_of_a_stream_wins() -> None:
    house = await started(max_in_flight=1)
    house.engine.hold()
    first = house.send()
    await settle()
    old = house.send(2.0, Priority.STREAM_PARTIAL, "a")
    await settle()
    newer = house.send(3.0, Priority.STREAM_PARTIAL, "a")
    with pytest.raises(Superseded):
        await old
    house.engine.let_go()
    await asyncio.gather(first, newer)


async def test_a_caller_who_goes_ends_the_call_there() -> None:
    house = await started(max_in_flight=1)
    house.engine.hold()
    called, waiting = house.send(), house.send()
    await settle()
    called.cancel()
    waiting.cancel()
    await asyncio.gather(called, waiting, return_exceptions=True)
    await settle()
    assert (house.engine.cancelled, house.queue.busy_replicas, house.queue.waiting_items) == (1, 0, 0)
    assert house.observer.drops == [DropReason.CALLER_GONE]


async def test_what_takes_too_long_is_given_up_there_as_well() -> None:
    house = await started(deadline_seconds=0.01, max_in_flight=1)
    house.engine.hold()
    sent = [house.send(), house.send()]
    found = await asyncio.gather(*sent, return_exceptions=True)
    assert [type(each) for each in found] == [DeadlineExceeded] * 2
    await settle()
    assert (house.engine.cancelled, house.queue.busy_replicas) == (1, 0)


async def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    house = await started()
    house.engine.script = lambda _: Overloaded("later", retry_after_seconds=7.0)
    with pytest.raises(Overloaded):
        await house.send()
    with pytest.raises(Overloaded, match="pause") as told:
        await house.send()
    assert told.value.retry_after_seconds == 7.0
    assert len(house.engine.heard) == 1
    house.clock.advance(7.0)
    house.engine.script = lambda _: "back"
    assert (await house.send()).text == "back"


async def test_a_fault_becomes_an_error_without_its_words() -> None:
    house = await started()
    house.engine.script = lambda _: RuntimeError("key=abc")
    with pytest.raises(EngineFailed) as told:
        await house.send()
    assert "abc" not in str(told.value)
    house.engine.script = lambda _: EngineUnavailable("away")
    with pytest.raises(EngineUnavailable, match="away"):
        await house.send()


async def test_stopping_lets_calls_end_and_fails_what_waits() -> None:
    house = await started(max_in_flight=1)
    house.engine.hold()
    called, waiting = house.send(), house.send()
    await settle()
    stopping = asyncio.create_task(house.queue.stop())
    with pytest.raises(ShuttingDown):
        await waiting
    house.engine.let_go()
    assert (await called).text
    await stopping
    with pytest.raises(ShuttingDown):
        await house.send()


async def test_stopping_does_not_wait_for_ever() -> None:
    house = await started(drain_seconds=0.01)
    house.engine.hold()
    called = house.send()
    await settle()
    await house.queue.stop()
    with pytest.raises(ShuttingDown):
        await called
    assert house.queue.busy_replicas == 0


async def test_the_wait_is_estimated_from_recent_calls() -> None:
    house = await started(max_in_flight=2)
    assert house.queue.estimated_wait_seconds == 0.0
    house.engine.hold()
    first = house.send(10.0)
    await settle()
    house.clock.advance(1.0)
    assert house.queue.longest_batch_seconds == 1.0
    house.engine.let_go()
    await first
    assert house.queue.pace_ratio == pytest.approx(0.1)
    house.engine.hold()
    rest = [house.send(10.0) for _ in range(4)]
    await settle()
    assert house.queue.estimated_wait_seconds == pytest.approx(2.0)
    house.engine.let_go()
    await asyncio.gather(*rest)
