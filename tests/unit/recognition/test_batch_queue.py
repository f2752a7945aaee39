"""What may wait, what it adds up to, and how the pace of the engine is judged."""

import asyncio
from collections.abc import Iterator

import pytest

from lingting.domain import Priority
from lingting.domain.errors import EngineFailed
from lingting.recognition.batch_policy import Waiting
from lingting.recognition.batch_queue import FIRST_PACE_RATIO, BatchItem, BatchQueue, Pace, QueueBounds
from lingting.testing import clip_of

pytestmark = pytest.mark.unit

BOUNDS = QueueBounds(max_items=4, max_seconds=100.0, ratios={Priority.JOB: 0.5})


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Only to make futures with; it never runs."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def item(
    loop: asyncio.AbstractEventLoop,
    number: int,
    seconds: float = 1.0,
    priority: Priority = Priority.REQUEST,
    coalesce: str | None = None,
) -> BatchItem:
    waiting = Waiting(number, "key", priority, seconds + 1.0, 0.0)
    return BatchItem(clip_of(seconds), waiting, loop.create_future(), 0.0, coalesce)


def test_an_empty_queue_takes_even_a_clip_over_the_bound() -> None:
    assert BatchQueue(BOUNDS).admits(Priority.JOB, 1_000.0)


def test_a_queue_is_full_by_count_and_by_seconds(loop: asyncio.AbstractEventLoop) -> None:
    queue = BatchQueue(BOUNDS)
    queue.add(item(loop, 0, 40.0))
    assert queue.admits(Priority.REQUEST, 60.0)
    assert not queue.admits(Priority.REQUEST, 60.1)
    assert not queue.admits(Priority.JOB, 10.1)
    queue.add(item(loop, 1))
    assert not queue.admits(Priority.JOB, 1.0)
    for number in (2, 3):
        queue.add(item(loop, number))
    assert not queue.admits(Priority.STREAM_FINAL, 1.0)


def test_the_totals_follow_what_comes_and_goes(loop: asyncio.AbstractEventLoop) -> None:
    queue = BatchQueue(BOUNDS)
    items = [item(loop, number, 2.0) for number in range(3)]
    for each in items:
        queue.add(each)
    assert (len(queue), queue.audio_seconds, queue.padded_seconds) == (3, 6.0, 9.0)
    assert queue.take([2, 0]) == [items[2], items[0]]
    assert (queue.items, queue.audio_seconds) == ([items[1]], 2.0)
    assert queue.remove(items[1])
    assert not queue.remove(items[1])
    assert (len(queue), queue.audio_seconds) == (0, 0.0)


def test_only_partials_can_become_stale(loop: asyncio.AbstractEventLoop) -> None:
    queue = BatchQueue(BOUNDS)
    partial = item(loop, 0, priority=Priority.STREAM_PARTIAL, coalesce="a")
    queue.add(partial)
    queue.add(item(loop, 1, priority=Priority.STREAM_FINAL, coalesce="b"))
    assert queue.waiting_partial("a") is partial
    assert queue.waiting_partial("b") is None
    assert queue.waiting_partial(None) is None
    queue.remove(partial)
    assert queue.waiting_partial("a") is None


def test_a_clip_is_failed_once(loop: asyncio.AbstractEventLoop) -> None:
    failed = item(loop, 0)
    assert failed.fail(EngineFailed("first"))
    assert not failed.fail(EngineFailed("second"))
    assert str(failed.answer.exception()) == "first"


def test_isolated_clips_share_a_key_with_nobody(loop: asyncio.AbstractEventLoop) -> None:
    one, other = item(loop, 0), item(loop, 1)
    one.isolate()
    other.isolate()
    assert len({one.waiting.key, other.waiting.key, "key"}) == 3


def test_the_pace_is_assumed_then_measured_then_smoothed() -> None:
    pace = Pace()
    assert pace.ratio == FIRST_PACE_RATIO
    pace.record(padded_seconds=10.0, busy_seconds=1.0)
    assert pace.ratio == pytest.approx(0.1)
    for _ in range(50):
        pace.record(padded_seconds=10.0, busy_seconds=5.0)
    assert pace.ratio == pytest.approx(0.5, abs=0.001)


def test_a_batch_without_cost_says_nothing_of_the_pace() -> None:
    pace = Pace()
    pace.record(padded_seconds=0.0, busy_seconds=1.0)
    assert pace.ratio == FIRST_PACE_RATIO
