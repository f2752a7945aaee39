"""The bus of several servers: Redis publish and subscribe, over one connection for all rooms.

When the connection breaks it is made again, more slowly each time. Redis confirms each channel it has joined, and with
every confirmation the readers of the room are told to load it, since anything may have been missed before.
"""

from __future__ import annotations

import asyncio
from typing import Any

from lingting.storage.rooms.room_bus import BusSubscription
from lingting.storage.rooms.room_redis_store import PREFIX, answering
from lingting.storage.rooms.room_tasks import end_tasks
from lingting.telemetry import log

__all__ = ["RedisRoomBus"]

BACK_OFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Between tries to connect; the last for all further ones."""
SILENCE_SECONDS = 5.0
"""Redis is asked for a sign of life when it has said nothing for so long, and given up after as long again."""


class RedisRoomBus:
    """A `RoomBus` for several servers. Belongs to one event loop."""

    def __init__(self, client: Any, *, prefix: str = PREFIX) -> None:  # Any: see redis_client
        self._client = client
        self._prefix = prefix
        self._subscriptions: dict[str, set[BusSubscription]] = {}
        self._confirmed: set[str] = set()
        """Channels whose messages come in."""
        self._changed = asyncio.Event()
        self._tries = 0
        self._running: asyncio.Task[None] | None = None

    async def publish(self, room: str, message: bytes) -> None:
        async with answering():
            await self._client.publish(self._channel(room), message)

    def subscribe(self, room: str) -> BusSubscription:
        subscription = BusSubscription(room)
        channel = self._channel(room)
        self._subscriptions.setdefault(channel, set()).add(subscription)
        if channel in self._confirmed:
            subscription.missed()
        self._changed.set()
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="rooms-bus")
        return subscription

    def unsubscribe(self, subscription: BusSubscription) -> None:
        channel = self._channel(subscription.room)
        held = self._subscriptions.get(channel, set())
        held.discard(subscription)
        if not held:
            self._subscriptions.pop(channel, None)
        self._changed.set()

    async def aclose(self) -> None:
        self._subscriptions.clear()
        if self._running is not None:
            await end_tasks([self._running])

    def _channel(self, room: str) -> str:
        return f"{self._prefix}:room:{room}:said"

    async def _run(self) -> None:
        """The bus's one task: a connection, and another when that breaks, until the bus is closed."""
        from redis.exceptions import RedisError

        while True:
            self._confirmed.clear()
            pubsub = self._client.pubsub()
            try:
                await pubsub.subscribe(f"{self._prefix}:rooms:alive")
                await self._serve(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("rooms.bus_lost", error=type(error).__name__)
            finally:
                await _close(pubsub)
            await asyncio.sleep(BACK_OFF_SECONDS[min(self._tries, len(BACK_OFF_SECONDS) - 1)])
            self._tries += 1

    async def _serve(self, pubsub: Any) -> None:  # Any: see redis_client
        """Until the connection breaks; raises what broke it."""
        both = [asyncio.create_task(self._join(pubsub)), asyncio.create_task(self._listen(pubsub))]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end_tasks(both)

    async def _join(self, pubsub: Any) -> None:  # Any: see redis_client
        """Ask for the channels that somebody reads, and leave those that nobody reads."""
        asked: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._subscriptions)
            if left := asked - wanted:
                self._confirmed -= left
                await pubsub.unsubscribe(*left)
            if wanted - asked:
                await pubsub.subscribe(*(wanted - asked))
            asked = wanted
            await self._changed.wait()

    async def _listen(self, pubsub: Any) -> None:  # Any: see redis_client
        is_silent = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                if is_silent:
                    raise TimeoutError("no sign of life")
                is_silent = True
                await pubsub.ping()
                continue
            is_silent = False
            self._tries = 0
            self._pass_on(message["type"], message["channel"], message["data"])

    def _pass_on(self, kind: str, channel: bytes | None, data: object) -> None:
        name = "" if channel is None else channel.decode()
        if kind == "subscribe" and name in self._subscriptions:
            self._confirmed.add(name)
            for subscription in self._subscriptions[name]:
                subscription.missed()
        elif kind == "message" and isinstance(data, bytes):
            for subscription in self._subscriptions.get(name, ()):
                subscription.put(data)


async def _close(pubsub: Any) -> None:  # Any: see redis_client
    from redis.exceptions import RedisError

    try:
        await pubsub.aclose()
    except (RedisError, OSError, TimeoutError) as error:
        log.debug("rooms.bus_close", error=type(error).__name__)
