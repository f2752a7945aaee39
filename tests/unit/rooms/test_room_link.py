"""Rooms on several servers that share a store and a bus, both of which may fail."""

import asyncio

import pytest

from lingting.domain.errors import Busy
from lingting.rooms.hub import RoomWish
from lingting.rooms.viewers import View
from lingting.storage.rooms.room_bus import WAITING_MESSAGES, BusSubscription, MemoryRoomBus
from lingting.storage.rooms.room_store import MemoryRoomStore
from room_doubles import House, ScriptedSession, read, read_all, settle

pytestmark = pytest.mark.unit


class WeakStore(MemoryRoomStore):
    """Away when told so."""

    is_away = False

    async def save(self, name, captions):
        if self.is_away:
            raise Busy("away", retry_after_seconds=1.0)
        return await super().save(name, captions)


class WeakBus(MemoryRoomBus):
    """Loses what is said while it is cut."""

    is_cut = False

    async def publish(self, room, message):
        if not self.is_cut:
            await super().publish(room, message)

    def mend(self) -> None:
        self.is_cut = False
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.missed()


@pytest.fixture
async def house():
    house = House()
    house.store, house.bus = WeakStore(house.clock), WeakBus()
    house.hubs = [house.hub(), house.hub()]
    yield house
    house.store.is_away = False
    for hub in house.hubs:
        await hub.aclose()


@pytest.fixture
async def room(house):
    return await house.hubs[0].create(RoomWish(name="talk"))


async def published(hub, room, identity="session-1") -> ScriptedSession:
    session = ScriptedSession(identity)
    await hub.publish("talk", room.publish_token, session)
    return session


async def there_is(store) -> None:
    """The first try after a failure comes a tenth of a second later."""
    async with asyncio.timeout(5):
        while not await store.load("talk"):  # noqa: ASYNC110 - the store does not tell
            await asyncio.sleep(0.001)


def shown(messages) -> list[str]:
    return [message["text"] for message in messages if message["type"] == "caption"]


async def test_what_is_said_here_is_seen_there(house, room) -> None:
    here, there = house.hubs
    viewer = await there.watch("talk", room.view_token, View())
    await read(viewer)
    session = await published(here, room)
    await settle()
    session.partial(1, "On")
    await settle()
    session.final(1, "One.")
    messages = await read_all(viewer)
    assert messages[0] == {"type": "status", "live": True}
    assert shown(messages)[-1] == "One."
    session.close()
    assert await read_all(viewer) == [{"type": "status", "live": False}]


async def test_a_viewer_there_who_comes_late_gets_the_snapshot(house, room) -> None:
    session = await published(house.hubs[0], room)
    session.final(1, "One.")
    session.partial(2, "Tw")
    await settle()
    snapshot = await read(await house.hubs[1].watch("talk", room.view_token, View()))
    assert (snapshot["live"], [caption["text"] for caption in snapshot["captions"]]) == (True, ["One.", "Tw"])


async def test_the_room_goes_on_while_the_store_is_away_and_is_written_after(house, room) -> None:
    here, there = house.hubs
    viewer = await here.watch("talk", room.view_token, View())
    await read(viewer)
    session = await published(here, room)
    house.store.is_away = True
    session.final(1, "Unwritten.")
    at_once = shown(await read_all(viewer))
    kept = await house.store.load("talk")
    house.store.is_away = False
    await there_is(house.store)
    assert (at_once, kept) == (["Unwritten."], [])
    assert [caption.text for caption in (await there.history("talk", room.view_token))[1]] == ["Unwritten."]


async def test_what_waits_for_the_store_is_bounded(house) -> None:
    room = await house.hubs[0].create(RoomWish(name="talk", history_limit=5))
    session = await published(house.hubs[0], room)
    house.store.is_away = True
    for i in range(20):
        session.final(i + 1, f"{i}", i, i + 1)
    house.store.is_away = False
    await settle()
    assert [caption.text for caption in await house.store.load("talk")] == [f"{i}" for i in range(15, 20)]


async def test_after_a_break_of_the_bus_everything_is_read_again(house, room) -> None:
    here, there = house.hubs
    viewer = await there.watch("talk", room.view_token, View())
    await read(viewer)
    session = await published(here, room)
    await read_all(viewer)
    house.bus.is_cut = True
    session.final(1, "Missed.")
    before = shown(await read_all(viewer))
    house.bus.mend()
    assert (before, shown(await read_all(viewer))) == ([], ["Missed."])


async def test_a_server_whose_lease_ran_out_gives_way(house, room) -> None:
    here, there = house.hubs
    first = await published(here, room)
    await settle()
    house.clock.advance(16)
    second = await published(there, room, "session-2")
    link = here._rooms["talk"].link
    await link._renew()
    first.final(1, "Not shown.")
    second.final(1, "Shown.")
    await settle()
    assert [caption.text for caption in (await here.history("talk", room.view_token))[1]] == ["Shown."]


async def test_a_publisher_keeps_its_lease_while_its_client_is_there(house, room) -> None:
    session = await published(house.hubs[0], room)
    await settle()
    link = house.hubs[0]._rooms["talk"].link
    house.clock.advance(10)
    await link._renew()
    house.clock.advance(10)
    held = (await house.store.find("talk")).is_live
    session.has_client = False
    await link._renew()
    house.clock.advance(10)
    assert (held, (await house.store.find("talk")).is_live) == (True, False)


async def test_a_session_that_ended_unseen_does_not_hold_the_room(house, room) -> None:
    session = await published(house.hubs[0], room)
    session.closed.set()
    await house.hubs[0]._rooms["talk"].link._renew()
    await settle()
    await published(house.hubs[1], room, "session-2")


async def test_odd_messages_on_the_bus_are_passed_over(house, room) -> None:
    viewer = await house.hubs[0].watch("talk", room.view_token, View())
    await read(viewer)
    for message in (b"", b"?", b"C{", b"C[[1]]", b"C1", b"\xff\xff"):
        await house.bus.publish("talk", message)
    await house.bus.publish("talk", b"L")
    assert await read_all(viewer) == [{"type": "status", "live": True}]


async def test_a_reader_of_the_bus_that_falls_behind_is_told_to_load(house) -> None:
    subscription = BusSubscription("talk")
    for i in range(WAITING_MESSAGES + 1):
        subscription.put(b"%d" % i)
    assert await subscription.take() is None


async def test_a_bus_forgets_rooms_that_nobody_follows() -> None:
    bus = MemoryRoomBus()
    subscription = bus.subscribe("talk")
    bus.unsubscribe(subscription)
    bus.unsubscribe(subscription)
    assert bus._subscriptions == {}
