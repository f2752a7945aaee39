"""Subtitle rooms: one publishes, many watch; tokens say who may do which.

The hub finds and makes rooms, checks tokens, and keeps the bounds. A room outlives its publisher and its viewers: what
was said stays in the store until the room's time to live is over. What happens in a room is left to `room`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from lingting.domain import Clock
from lingting.domain.errors import Busy, InvalidOption, NotAllowed, Overloaded, RoomNotFound, RoomTaken, ShuttingDown
from lingting.rooms.parts import RoomObserver, RoomParts, RoomSettings
from lingting.rooms.room import PublishedSession, Room
from lingting.rooms.tokens import fresh_token, hash_of, opens
from lingting.rooms.viewers import View, Viewer
from lingting.rooms.wishes import NAME, CreatedRoom, RoomSummary, RoomWish, at_most
from lingting.storage.rooms.room_bus import RoomBus
from lingting.storage.rooms.room_records import Caption, RoomRecord, order_of
from lingting.storage.rooms.room_store import Created, RoomStore
from lingting.storage.rooms.room_tasks import end_tasks

__all__ = ["CreatedRoom", "RoomHub", "RoomSettings", "RoomSummary", "RoomWish"]

RANDOM_NAME_BYTES = 9
MAX_CAPTION_CHARACTERS = 2_000
MIN_TTL_SECONDS = 60.0
SWEEP_SECONDS = 30.0
"""Between looks for rooms that ran out, or that nobody uses here."""
RETRY_SECONDS = 60.0
CORRECTION_TRIES = 3


class RoomHub:
    """All subtitle rooms of a server. Belongs to one event loop."""

    def __init__(
        self,
        *,
        store: RoomStore,
        bus: RoomBus,
        clock: Clock,
        observer: RoomObserver,
        settings: RoomSettings,
    ) -> None:
        self.settings = settings
        self.observer = observer
        self._parts = RoomParts(store, bus, clock, observer, settings)
        self._rooms: dict[str, Room] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._is_open = True

    def start(self) -> None:
        """Begin to look after rooms that run out."""
        self._sweeping = asyncio.create_task(self._sweep_for_ever(), name="rooms-sweep")

    def stop_viewers(self) -> None:
        """The server begins to stop: viewers are sent away, so that they find another."""
        self._is_open = False
        for room in self._rooms.values():
            for viewer in room.viewers:
                viewer.stop()

    async def aclose(self) -> None:
        """Have everything written, then let go of all rooms."""
        self.stop_viewers()
        if self._sweeping is not None:
            await end_tasks([self._sweeping])
        await asyncio.gather(*(_written(room) for room in self._rooms.values()))
        for name in list(self._rooms):
            await self._close(name)
        await self._parts.bus.aclose()
        await self._parts.store.aclose()

    async def create(self, wish: RoomWish) -> CreatedRoom:
        """raises    InvalidOption, RoomTaken, Overloaded"""
        publish_token, view_token = fresh_token(), fresh_token()
        record = RoomRecord(
            name=secrets.token_urlsafe(RANDOM_NAME_BYTES) if wish.name is None else wish.name,
            title=wish.title,
            language=wish.language,
            is_public=wish.is_public,
            history_limit=int(_chosen("history_limit", wish.history_limit, 1, self.settings.history_limit)),
            ttl_seconds=_chosen("ttl_seconds", wish.ttl_seconds, MIN_TTL_SECONDS, self.settings.ttl_seconds),
            publish_hash=hash_of(publish_token),
            view_hash=hash_of(view_token),
        )
        created = await self._parts.store.create(record, max_rooms=self.settings.max_rooms)
        if created is Created.NAME_TAKEN:
            raise RoomTaken("there is a room of this name; choose another name", param="name")
        if created is Created.FULL:
            raise Overloaded(
                f"{self.settings.max_rooms} rooms are kept, the limit here; delete one, or try later",
                retry_after_seconds=RETRY_SECONDS,
            )
        return CreatedRoom(record, publish_token, view_token)

    async def delete(self, name: str, token: str) -> None:
        """End the room for everybody, and forget what was said.

        raises    RoomNotFound, NotAllowed
        """
        await self._may_publish(name, token)
        async with self._room(name) as room:
            await self._parts.store.delete(name)
            await room.link.tell_ended()
            room.end()

    async def describe(self, name: str, token: str) -> RoomSummary:
        """raises    RoomNotFound, NotAllowed"""
        await self._may_view(name, token)
        async with self._room(name) as room:
            return RoomSummary(room.record, room.is_live, len(room.state.finals()), len(room.viewers))

    async def publish(self, name: str, token: str, session: PublishedSession) -> None:
        """Show the room's viewers what the session says from here on; for a session that does already nothing changes.

        A session whose client is gone is displaced by a new one, though what it still says is shown.

        raises    RoomNotFound, NotAllowed; RoomTaken while somebody else publishes
        """
        await self._may_publish(name, token)
        async with self._room(name) as room, room.publishing:
            current = room.publication
            if current is not None and current.session.id == session.id:
                return
            if current is not None and current.keeps_others_out:
                raise RoomTaken("somebody else publishes in this room; wait until they have ended", param="room")
            if current is None:
                await room.link.until_written()
            else:
                await self._parts.store.release(name, current.claimant)
            claimant = secrets.token_hex(8)
            lease_seconds = self.settings.lease_seconds
            claim = await self._parts.store.claim(name, claimant, lease_seconds=lease_seconds)
            if claim is None:
                raise RoomTaken(
                    f"somebody else publishes in this room; wait until they have ended, or {lease_seconds:g} seconds "
                    "if their connection was lost",
                    param="room",
                )
            room.begin(session, claim, claimant)

    async def correct(self, name: str, token: str, caption_id: str, text: str) -> Caption:
        """Replace what a final caption says; an empty text takes it back.

        raises    RoomNotFound, NotAllowed, InvalidOption
        """
        await self._may_publish(name, token)
        at_most("text", text, MAX_CAPTION_CHARACTERS)
        async with self._room(name) as room:
            for _ in range(CORRECTION_TRIES):
                known = _final(room, caption_id)
                wanted = room.stamped(replace(known, text=text.strip(), revision=known.revision + 1))
                newer = await self._parts.store.save(name, [wanted])
                if newer is None:
                    raise _not_found()
                if not newer:
                    room.change(wanted)
                    return wanted
                room.hear(newer)
        raise Busy("somebody else corrects the same caption; try again", retry_after_seconds=1.0)

    async def watch(self, name: str, token: str, view: View) -> Viewer:
        """Begin to view; `Viewer.leave` must follow.

        raises    RoomNotFound, NotAllowed, Overloaded, ShuttingDown
        """
        if not self._is_open:
            raise ShuttingDown("the server is stopping; try another", retry_after_seconds=1.0)
        await self._may_view(name, token)
        if sum(len(room.viewers) for room in self._rooms.values()) >= self.settings.max_all_viewers:
            raise Overloaded(
                f"{self.settings.max_all_viewers} viewers are here, the limit; try another server or later",
                retry_after_seconds=RETRY_SECONDS,
            )
        async with self._room(name) as room:
            return room.watch(view)

    async def history(self, name: str, token: str) -> tuple[RoomRecord, Sequence[Caption]]:
        """All final captions by time.

        raises    RoomNotFound, NotAllowed
        """
        await self._may_view(name, token)
        async with self._room(name) as room:
            return room.record, room.state.finals()

    async def sweep(self) -> None:
        """End rooms that ran out, close those that nobody uses here; called from time to time."""
        for name, room in list(self._rooms.items()):
            if room.is_idle:
                await self._close(name)
                continue
            try:
                standing = await self._parts.store.find(name)
            except Busy:
                continue
            if standing is None:
                room.end()
            else:
                room.hear_live(standing.is_live)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep()

    @asynccontextmanager
    async def _room(self, name: str) -> AsyncIterator[Room]:
        """The room, read and up to date; it stays while it is used."""
        room = self._rooms.get(name)
        if room is not None and room.is_over:
            await self._close(name)
            room = self._rooms.get(name)
        if room is None:
            room = await self._opened(name)
        room.users += 1
        try:
            await room.link.until_loaded()
            if room.is_over:
                raise _not_found()
            yield room
        finally:
            room.users -= 1

    async def _opened(self, name: str) -> Room:
        standing = await self._parts.store.find(name)
        if standing is None:
            raise _not_found()
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(standing.record, self._parts)
            room.link.start()
            self.observer.rooms_open(len(self._rooms))
        return room

    async def _close(self, name: str) -> None:
        room = self._rooms.pop(name, None)
        if room is not None:
            self.observer.rooms_open(len(self._rooms))
            await room.link.aclose()

    async def _may_publish(self, name: str, token: str) -> None:
        record = await self._record(name)
        if not opens(token, record.publish_hash):
            raise NotAllowed(_REFUSED.format(has="this token does not" if token else "no token", to="publish in"))

    async def _may_view(self, name: str, token: str) -> None:
        record = await self._record(name)
        is_known = opens(token, record.view_hash) | opens(token, record.publish_hash)
        if not (record.is_public or is_known):
            raise NotAllowed(_REFUSED.format(has="this token does not" if token else "no token", to="view"))

    async def _record(self, name: str) -> RoomRecord:
        standing = await self._parts.store.find(name) if NAME.fullmatch(name) else None
        if standing is None:
            raise _not_found()
        return standing.record


_REFUSED = "{has} open this room: send the token that came with the room, to {to} it, as ?token= or as a Bearer token"


def _not_found() -> RoomNotFound:
    return RoomNotFound("there is no such room, or its time to live is over", param="room")


def _final(room: Room, caption_id: str) -> Caption:
    order = order_of(caption_id)
    caption = None if order is None else room.state.get(order)
    if caption is None:
        raise InvalidOption("caption", "the room has no such caption, or has dropped it")
    if not caption.is_final:
        raise InvalidOption("caption", "is still being said; correct it once it is final")
    return caption


async def _written(room: Room) -> None:
    try:
        await room.link.until_written()
    except Busy:
        return


def _chosen(name: str, given: float | None, low: float, high: float) -> float:
    if given is None:
        return high
    if not low <= given <= high:
        raise InvalidOption(name, f"{given:g} is outside {low:g} to {high:g}")
    return given
