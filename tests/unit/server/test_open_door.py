"""A served model is opened with the queue of its kind, and closed with it."""

import asyncio

import pytest

from lingting.domain import Priority, SystemClock
from lingting.domain.errors import EngineUnavailable
from lingting.engines.base import EngineKind
from lingting.engines.catalog import Catalog
from lingting.engines.fake import FakeEngine
from lingting.engines.fake_remote import FakeRemote
from lingting.engines.fake_stream import FakeStreamEngine
from lingting.recognition.batching import Scheduler, SchedulerSettings
from lingting.recognition.remote_queue import RemoteQueue
from lingting.recognition.served import Served
from lingting.recognition.streaming import StreamScheduler
from lingting.server.engine import DoorParts, Plan, open_door
from lingting.testing import RecordingObserver, clip_of

pytestmark = pytest.mark.unit


@pytest.fixture
def parts(tmp_path) -> DoorParts:
    return DoorParts(Catalog.load(models_dir=tmp_path), SchedulerSettings(), SystemClock())


@pytest.mark.parametrize(
    ("kind", "engine", "queue"),
    [
        (EngineKind.BATCH, FakeEngine, Scheduler),
        (EngineKind.STREAM, FakeStreamEngine, StreamScheduler),
        (EngineKind.REMOTE, FakeRemote, RemoteQueue),
    ],
)
async def test_each_kind_has_its_queue_and_is_closed_with_it(parts, kind, engine, queue) -> None:
    made, observer = engine(), RecordingObserver()
    async with open_door(Plan(Served("mine", "fake", kind=kind), made=made), parts, observer) as door:
        assert isinstance(door.scheduler, queue)
        assert (door.engine, door.model) == ("fake", "mine")
        assert (await door.scheduler.submit(clip_of(1.0), priority=Priority.REQUEST)).text
    assert made.is_closed
    assert observer.queue_sizes[-1] == 0


async def test_another_server_is_not_asked_for_nothing(parts) -> None:
    remote = FakeRemote()
    plan = Plan(Served("cloud", "fake-remote", kind=EngineKind.REMOTE), made=remote)
    async with open_door(plan, parts, RecordingObserver()):
        assert remote.heard == []


async def test_an_engine_that_cannot_answer_is_closed_again(parts) -> None:
    broken = FakeEngine([EngineUnavailable("no memory")])
    with pytest.raises(EngineUnavailable):
        async with open_door(Plan(Served("mine", "fake"), made=broken), parts, RecordingObserver()):
            await asyncio.sleep(0)
    assert broken.is_closed
