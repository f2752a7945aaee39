"""Between a room of this process and the store and bus that all replicas share.

Promises: nobody in the room waits for the store; what was said here is written, then told to the others, in order, and
tried again while the store is away; after a break everything is read again from the store; what waits is bounded, the
oldest caption being left out first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from lingting.domain.errors import Busy
from lingting.rooms.parts import RoomParts
from lingting.storage.rooms.room_bus import BusSubscription
from lingting.storage.rooms.room_records import Caption, captions_from, captions_to
from lingting.storage.rooms.room_tasks import end_tasks
from lingting.telemetry import log

__all__ = ["LinkedRoom", "RoomLink"]

BATCH_CAPTIONS = 64
"""Written at once."""
BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Between tries to reach a store that is away; the last for all further ones."""
LOAD_SECONDS = 5.0
"""How long a caller waits for the room to be read, or written, before it is told to come back."""
RETRY_SECONDS = 2.0
RENEWALS_PER_LEASE = 3

CAPTIONS, LIVE, QUIET, ENDED = b"C", b"L", b"Q", b"E"
"""What a message on the bus begins with; captions follow theirs as JSON."""


class LinkedRoom(Protocol):
    """The room, as its link sees it."""

    is_live: bool

    def hear(self, captions: Sequence[Caption]) -> None: ...

    def hear_live(self, is_live: bool) -> None: ...

    def end(self) -> None: ...

    def holds_lease(self) -> bool: ...

    def displaced(self) -> None: ...


class RoomLink:
    """One room's two tasks: one that listens, one that writes."""

    def __init__(self, name: str, room: LinkedRoom, parts: RoomParts) -> None:
        self._name = name
        self._room = room
        self._parts = parts
        self._unwritten: dict[int, Caption] = {}
        self._most_unwritten = parts.settings.history_limit
        self._claimant = ""
        self._to_release: list[str] = []
        self._said_live = False
        self._renewed_seconds = 0.0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._loaded = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Called once."""
        subscription = self._parts.bus.subscribe(self._name)
        self._tasks = (
            asyncio.create_task(self._follow(subscription), name=f"room-follow-{self._name}"),
            asyncio.create_task(self._write(), name=f"room-write-{self._name}"),
        )

    @property
    def is_idle(self) -> bool:
        """Everything is written."""
        return self._idle.is_set()

    async def until_loaded(self) -> None:
        """raises    Busy when the store does not answer"""
        await _soon(self._loaded)

    async def until_written(self) -> None:
        """raises    Busy when the store does not take it; it is tried on"""
        await _soon(self._idle)

    def write(self, caption: Caption) -> None:
        """Have it kept and told to the others."""
        self._unwritten.pop(caption.order, None)
        self._unwritten[caption.order] = caption
        while len(self._unwritten) > self._most_unwritten:
            self._unwritten.pop(next(iter(self._unwritten)))
        self._nudge()

    def hold(self, claimant: str) -> None:
        """Keep the right to publish, and tell the others that somebody does."""
        self._claimant = claimant
        self._renewed_seconds = self._parts.clock.monotonic()
        self._nudge()

    def let_go(self, claimant: str) -> None:
        """Let somebody else publish, once all is written."""
        self._to_release.append(claimant)
        if self._claimant == claimant:
            self._claimant = ""
        self._nudge()

    async def tell_ended(self) -> None:
        """Tell the others that the room is deleted; those it does not reach find out from the store."""
        with contextlib.suppress(Busy):
            await self._parts.bus.publish(self._name, ENDED)

    async def aclose(self) -> None:
        """Stop; what is not written is lost, so wait for `until_written` first."""
        await end_tasks(self._tasks)

    def _nudge(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def _follow(self, subscription: BusSubscription) -> None:
        try:
            while True:
                message = await subscription.take()
                if message is None:
                    await self._load()
                else:
                    self._hear(message)
        finally:
            self._parts.bus.unsubscribe(subscription)

    async def _load(self) -> None:
        tries = 0
        while True:
            try:
                standing = await self._parts.store.find(self._name)
                captions = await self._parts.store.load(self._name)
                break
            except Busy:
                await _back_off(tries)
                tries += 1
        if standing is None:
            self._room.end()
        else:
            self._room.hear(captions)
            self._room.hear_live(standing.is_live)
        self._loaded.set()

    def _hear(self, message: bytes) -> None:
        kind, body = message[:1], message[1:]
        try:
            if kind == CAPTIONS:
                self._room.hear(captions_from(body))
            elif kind in (LIVE, QUIET):
                self._room.hear_live(kind == LIVE)
            elif kind == ENDED:
                self._room.end()
        except (ValueError, TypeError):
            log.warning("room.message_odd", size_bytes=len(message))

    async def _write(self) -> None:
        tries = 0
        while True:
            try:
                await self._write_all()
                tries = 0
            except Busy:
                await _back_off(tries)
                tries += 1
                continue
            if not self._wake.is_set():
                self._idle.set()
                await self._until_woken()
            self._wake.clear()

    async def _write_all(self) -> None:
        while self._unwritten:
            await self._write_batch()
        if self._said_live and not self._claimant:
            await self._parts.bus.publish(self._name, QUIET)
            self._said_live = False
        while self._to_release:
            await self._parts.store.release(self._name, self._to_release[0])
            self._to_release.pop(0)
        if self._claimant and self._is_renewal_due():
            await self._renew()
        if self._claimant and not self._said_live:
            await self._parts.bus.publish(self._name, LIVE)
            self._said_live = True

    async def _write_batch(self) -> None:
        batch = list(self._unwritten.values())[:BATCH_CAPTIONS]
        newer = await self._parts.store.save(self._name, batch)
        if newer is None:
            self._unwritten.clear()
            self._room.end()
            return
        await self._parts.bus.publish(self._name, CAPTIONS + captions_to(batch).encode())
        for caption in batch:
            if self._unwritten.get(caption.order) is caption:
                del self._unwritten[caption.order]
        self._room.hear(newer)

    def _is_renewal_due(self) -> bool:
        since_seconds = self._parts.clock.monotonic() - self._renewed_seconds
        return since_seconds >= self._parts.settings.lease_seconds / RENEWALS_PER_LEASE

    async def _renew(self) -> None:
        if not self._room.holds_lease():
            return
        claimant, lease_seconds = self._claimant, self._parts.settings.lease_seconds
        if await self._parts.store.renew(self._name, claimant, lease_seconds=lease_seconds):
            self._renewed_seconds = self._parts.clock.monotonic()
        elif self._claimant == claimant:
            self._claimant, self._said_live = "", False
            self._room.displaced()

    async def _until_woken(self) -> None:
        wait_seconds = self._parts.settings.lease_seconds / RENEWALS_PER_LEASE if self._claimant else None
        try:
            async with asyncio.timeout(wait_seconds):
                await self._wake.wait()
        except TimeoutError:
            return


async def _soon(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            await event.wait()
    except TimeoutError as late:
        raise Busy("the store of the rooms does not answer; try again", retry_after_seconds=RETRY_SECONDS) from late


async def _back_off(tries: int) -> None:
    await asyncio.sleep(BACK_OFF_SECONDS[min(tries, len(BACK_OFF_SECONDS) - 1)])
