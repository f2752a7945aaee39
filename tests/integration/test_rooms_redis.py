"""Rooms on several servers that share a Redis, which may go away and come back."""

import asyncio
import contextlib
import secrets

import pytest
from websockets.asyncio.client import connect

from lingting.domain import SystemClock
from lingting.domain.errors import Busy, NotAllowed, RoomNotFound, RoomTaken
from lingting.rooms.hub import RoomHub, RoomWish
from lingting.rooms.opening import open_rooms
from lingting.rooms.parts import RoomSettings
from lingting.rooms.viewers import View
from redis_server import own_redis, require_redis
from room_doubles import CountingObserver, ScriptedSession, read
from room_server import room_server, said

pytestmark = pytest.mark.integration

WAIT_SECONDS = 20.0


def replica(url: str, **settings: object) -> RoomHub:
    return open_rooms(RoomSettings(redis_url=url, **settings), clock=SystemClock(), observer=CountingObserver())


@contextlib.asynccontextmanager
async def replicas(url: str, count: int = 2, **settings: object):
    hubs = [replica(url, **settings) for _ in range(count)]
    try:
        yield hubs
    finally:
        for hub in hubs:
            await hub.aclose()


@pytest.fixture
def name() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
async def two():
    async with replicas(require_redis()) as hubs:
        yield hubs


@pytest.fixture
async def room(two, name):
    created = await two[0].create(RoomWish(name=name, title="Here and there"))
    yield created
    with contextlib.suppress(RoomNotFound):
        await two[0].delete(name, created.publish_token)


async def published(hub: RoomHub, room, identity: str = "session-1") -> ScriptedSession:
    session = ScriptedSession(identity)
    await hub.publish(room.record.name, room.publish_token, session)
    return session


async def next_text(viewer) -> str:
    while True:
        message = await read(viewer)
        if message["type"] == "caption":
            return message["text"]


async def until(condition) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another server does not tell
            await asyncio.sleep(0.02)


async def test_a_viewer_elsewhere_gets_snapshot_updates_and_history(two, room, name) -> None:
    here, there = two
    session = await published(here, room)
    session.final(1, "Before.")
    await until(lambda: _has_history(there, room, 1))
    viewer = await there.watch(name, room.view_token, View())
    snapshot = await read(viewer)
    session.partial(2, "And")
    partial = await next_text(viewer)
    session.final(2, "And after.", 1.0, 2.0)
    final = await next_text(viewer)
    _, captions = await there.history(name, room.view_token)
    assert (snapshot["live"], [caption["text"] for caption in snapshot["captions"]]) == (True, ["Before."])
    assert (partial, final) == ("And", "And after.")
    assert [caption.text for caption in captions] == ["Before.", "And after."]


async def _has_history(hub, room, count) -> bool:
    return len((await hub.history(room.record.name, room.view_token))[1]) >= count


async def test_tokens_count_everywhere(two, room, name) -> None:
    with pytest.raises(NotAllowed):
        await two[1].watch(name, "wrong", View())
    assert (await two[1].describe(name, room.view_token)).record.title == "Here and there"


async def test_a_room_has_one_publisher_wherever_it_is(two, room) -> None:
    here, there = two
    session = await published(here, room)
    with pytest.raises(RoomTaken):
        await published(there, room, "session-2")
    session.close()
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            with contextlib.suppress(RoomTaken):
                second = await published(there, room, "session-2")
                break
            await asyncio.sleep(0.02)
    second.final(1, "From there.")
    await until(lambda: _has_history(here, room, 1))


async def test_a_publisher_whose_server_died_keeps_others_out_for_a_lease_only(name) -> None:
    async with replicas(require_redis(), lease_seconds=0.3) as (here, there):
        room = await here.create(RoomWish(name=name))
        session = await published(here, room)
        await asyncio.sleep(0.5)
        with pytest.raises(RoomTaken):
            await published(there, room, "session-2")
        session.has_client = False
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                with contextlib.suppress(RoomTaken):
                    await published(there, room, "session-2")
                    break
                await asyncio.sleep(0.05)
        await there.delete(name, room.publish_token)


async def test_a_correction_made_elsewhere_is_seen_here(two, room, name) -> None:
    here, there = two
    session = await published(here, room)
    viewer = await here.watch(name, room.view_token, View())
    await read(viewer)
    session.final(1, "Won.")
    assert await next_text(viewer) == "Won."
    await until(lambda: _has_history(there, room, 1))
    await there.correct(name, room.publish_token, "1-1", "One.")
    assert await next_text(viewer) == "One."


async def test_corrections_at_once_leave_all_servers_with_the_same_text(two, room, name) -> None:
    here, there = two
    session = await published(here, room)
    session.final(1, "?")
    await until(lambda: _has_history(there, room, 1))
    await asyncio.gather(*(hub.correct(name, room.publish_token, "1-1", f"{i}") for i, hub in enumerate((here, there))))

    async def agree() -> bool:
        texts = [(await hub.history(name, room.view_token))[1][0].text for hub in two]
        return texts[0] == texts[1]

    await until(agree)


async def test_a_room_deleted_elsewhere_ends_here(two, room, name) -> None:
    here, there = two
    viewer = await here.watch(name, room.view_token, View())
    await read(viewer)
    await there.delete(name, room.publish_token)
    assert (await read(viewer))["type"] == "ended"


async def test_nothing_that_was_said_while_redis_was_away_is_lost(tmp_path, name) -> None:
    with own_redis(tmp_path) as redis:
        async with replicas(redis.url) as (here, there):
            room = await here.create(RoomWish(name=name))
            session = await published(here, room)
            viewers = [await hub.watch(name, room.view_token, View()) for hub in (here, there)]
            for viewer in viewers:
                await read(viewer)
            session.final(1, "Before.")
            before = [await next_text(viewer) for viewer in viewers]
            redis.stop()
            session.final(2, "While away.", 1.0, 2.0)
            at_once = await next_text(viewers[0])
            with pytest.raises(Busy):
                await there.watch(name, room.view_token, View())
            redis.start()
            session.final(3, "After.", 2.0, 3.0)
            async with asyncio.timeout(WAIT_SECONDS):
                late = [await next_text(viewers[1]), await next_text(viewers[1])]
            await until(lambda: _has_history(there, room, 3))
    assert (before, at_once, late) == (["Before."] * 2, "While away.", ["While away.", "After."])


async def test_a_viewer_that_missed_messages_gets_them_from_the_store(tmp_path, name) -> None:
    with own_redis(tmp_path) as redis:
        async with replicas(redis.url) as (here, there):
            room = await here.create(RoomWish(name=name))
            session = await published(here, room)
            viewer = await there.watch(name, room.view_token, View())
            await read(viewer)
            await _cut_subscribers(redis.url)
            for i in range(20):
                session.final(i + 1, f"{i}", i, i + 0.9)
            async with asyncio.timeout(WAIT_SECONDS):
                texts = [await next_text(viewer) for _ in range(20)]
    assert texts == [f"{i}" for i in range(20)]


async def _cut_subscribers(url: str) -> None:
    from redis.asyncio import Redis

    async with Redis.from_url(url) as client:
        await client.client_kill_filter(_type="pubsub")


async def test_a_server_without_its_redis_says_so_and_lives() -> None:
    async with room_server(RoomSettings(redis_url="redis://127.0.0.1:1/0")) as server:
        answer = await server.client.post("/v1/rooms", json={})
        async with connect(f"{server.ws}/v1/rooms/any/view") as viewer:
            refused = await said(viewer)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (refused["code"], refused["retryable"]) == ("busy", True)
