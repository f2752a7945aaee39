"""Makes the hub of subtitle rooms as the settings say: in this process alone, or shared through Redis."""

from __future__ import annotations

from lingting.domain import Clock
from lingting.rooms.hub import RoomHub
from lingting.rooms.parts import RoomObserver, RoomSettings
from lingting.storage.redis_client import connect_redis
from lingting.storage.rooms.room_bus import MemoryRoomBus, RoomBus
from lingting.storage.rooms.room_redis_bus import RedisRoomBus
from lingting.storage.rooms.room_redis_store import RedisRoomStore
from lingting.storage.rooms.room_store import MemoryRoomStore, RoomStore

__all__ = ["open_rooms"]


def open_rooms(settings: RoomSettings, *, clock: Clock, observer: RoomObserver) -> RoomHub:
    """A hub that has begun; close it with `aclose`. Redis is reached when it is first needed.

    raises    SettingsInvalid
    """
    store: RoomStore = MemoryRoomStore(clock)
    bus: RoomBus = MemoryRoomBus()
    if settings.redis_url is not None:
        client = connect_redis(settings.redis_url, setting="rooms.redis_url")
        store, bus = RedisRoomStore(client, clock), RedisRoomBus(client)
    hub = RoomHub(store=store, bus=bus, clock=clock, observer=observer, settings=settings)
    hub.start()
    return hub
