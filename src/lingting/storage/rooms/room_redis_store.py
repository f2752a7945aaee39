"""Rooms in Redis, shared by all servers that use it. The extra `redis` brings the client.

Each room is a hash (its card and counts), a hash of captions, two sorted sets of their ids (final, open) and the lease
of its publisher; all run out together. What must not be torn apart is one script. One Redis server, or a pair that
fails over behind one address; not a cluster, whose scripts may not touch keys of two slots.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lingting.domain import Clock
from lingting.domain.errors import Busy
from lingting.storage.rooms.room_records import (
    Caption,
    RoomRecord,
    Standing,
    captions_from,
    captions_to,
    record_from,
    record_to,
)
from lingting.storage.rooms.room_redis_scripts import CLAIM, CREATE, RELEASE, RENEW, SAVE
from lingting.storage.rooms.room_store import MAX_OPEN_CAPTIONS, Claim, Created

__all__ = ["RedisRoomStore", "answering"]

RETRY_SECONDS = 2.0
THREAD_FROM_CAPTIONS = 500
"""Reading more than this takes over a millisecond."""
PREFIX = "lingting"


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turns whatever goes wrong between here and Redis into Busy.

    raises    Busy
    """
    from redis.exceptions import RedisError

    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Busy("the store of the rooms is away; try again", retry_after_seconds=RETRY_SECONDS) from error


class RedisRoomStore:
    """A `RoomStore` for several servers."""

    def __init__(self, client: Any, clock: Clock, *, prefix: str = PREFIX) -> None:  # Any: see redis_client
        self._client = client
        self._clock = clock
        self._prefix = prefix
        self._create, self._claim, self._renew, self._release, self._save = (
            client.register_script(script) for script in (CREATE, CLAIM, RENEW, RELEASE, SAVE)
        )

    async def create(self, record: RoomRecord, *, max_rooms: int) -> Created:
        async with answering():
            answer = await self._create(
                keys=[*self._keys(record.name), self._index],
                args=[
                    record.name,
                    record_to(record),
                    _milliseconds(record.ttl_seconds),
                    self._now_ms,
                    max_rooms,
                    record.history_limit,
                ],
            )
        return Created(answer.decode())

    async def find(self, name: str) -> Standing | None:
        card, _, _, _, lease = self._keys(name)
        async with answering(), self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(card, "record", "begun_at")
            pipe.exists(lease)
            (record, begun_at), is_live = await pipe.execute()
        if record is None:
            return None
        return Standing(record_from(record), None if begun_at is None else float(begun_at), bool(is_live))

    async def delete(self, name: str) -> bool:
        async with answering(), self._client.pipeline(transaction=True) as pipe:
            pipe.delete(*self._keys(name))
            pipe.zrem(self._index, name)
            deleted, _ = await pipe.execute()
        return bool(deleted)

    async def load(self, name: str) -> Sequence[Caption]:
        _, captions, _, _, _ = self._keys(name)
        async with answering():
            rows = await self._client.hvals(captions)
        if len(rows) > THREAD_FROM_CAPTIONS:
            return await asyncio.to_thread(_read, rows)
        return _read(rows)

    async def save(self, name: str, captions: Sequence[Caption]) -> Sequence[Caption] | None:
        rows: list[object] = []
        for caption in captions:
            rows += [caption.id, caption.order, int(caption.is_final), caption.revision, _row(caption)]
        async with answering():
            refused = await self._save(
                keys=[*self._keys(name), self._index], args=[name, self._now_ms, MAX_OPEN_CAPTIONS, *rows]
            )
        return None if refused is None else _read(refused)

    async def claim(self, name: str, claimant: str, *, lease_seconds: float) -> Claim | None:
        async with answering():
            answer = await self._claim(
                keys=self._keys(name),
                args=[claimant, _milliseconds(lease_seconds), self._clock.now().timestamp()],
            )
        return None if answer is None else Claim(int(answer[0]), float(answer[1]))

    async def renew(self, name: str, claimant: str, *, lease_seconds: float) -> bool:
        async with answering():
            answer = await self._renew(
                keys=[*self._keys(name), self._index],
                args=[name, self._now_ms, claimant, _milliseconds(lease_seconds)],
            )
        return bool(answer)

    async def release(self, name: str, claimant: str) -> None:
        async with answering():
            await self._release(keys=self._keys(name), args=[claimant])

    async def aclose(self) -> None:
        await self._client.aclose(close_connection_pool=True)

    @property
    def _index(self) -> str:
        return f"{self._prefix}:rooms"

    @property
    def _now_ms(self) -> int:
        return _milliseconds(self._clock.now().timestamp())

    def _keys(self, name: str) -> list[str]:
        """Card, captions, ids of the final ones, ids of the open ones, lease."""
        room = f"{self._prefix}:room:{name}"
        return [room, f"{room}:captions", f"{room}:finals", f"{room}:open", f"{room}:lease"]


def _row(caption: Caption) -> str:
    """The revision in front, where a script reads it."""
    return f"{caption.revision}:{captions_to([caption])}"


def _read(rows: Sequence[bytes]) -> list[Caption]:
    captions = [caption for row in rows for caption in captions_from(row.partition(b":")[2])]
    return sorted(captions, key=lambda caption: (not caption.is_final, caption.order))


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1_000)
