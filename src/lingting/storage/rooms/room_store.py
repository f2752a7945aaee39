"""Where rooms are kept, and the store of one process: in memory, gone when the process ends.

Promises of every store: a caption is replaced by a higher revision only; the number of rooms, of final captions in each
and of open ones is bounded; a room goes when nothing was published for its time to live; one claimant publishes at a
time. Tokens never reach a store, only their hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from lingting.domain import Clock
from lingting.storage.rooms.room_records import Caption, RoomRecord, Standing

__all__ = ["MAX_OPEN_CAPTIONS", "Claim", "Created", "MemoryRoomStore", "RoomStore"]

MAX_OPEN_CAPTIONS = 16
"""Not yet final, of one room; a session has a handful."""


class Created(StrEnum):
    """What became of a wish for a room."""

    YES = "yes"
    NAME_TAKEN = "name_taken"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to publish, until it is released or runs out."""

    publication: int
    begun_at_seconds: float
    """Unix time at which room time is 0."""


class RoomStore(Protocol):
    """Rooms of all replicas.

    raises    Busy from every method, when the store is away
    """

    async def create(self, record: RoomRecord, *, max_rooms: int) -> Created: ...

    async def find(self, name: str) -> Standing | None:
        """None when there is no such room, or it has run out."""
        ...

    async def delete(self, name: str) -> bool: ...

    async def load(self, name: str) -> Sequence[Caption]:
        """All captions: the finals in the order they were said, then the open ones."""
        ...

    async def save(self, name: str, captions: Sequence[Caption]) -> Sequence[Caption] | None:
        """Keep what is newer, and the room for another time to live.

        Returns what the store has instead of those it refused; None when the room is gone.
        """
        ...

    async def claim(self, name: str, claimant: str, *, lease_seconds: float) -> Claim | None:
        """None while somebody else publishes, or when the room is gone."""
        ...

    async def renew(self, name: str, claimant: str, *, lease_seconds: float) -> bool:
        """Publish on for another lease; False when somebody else has taken over."""
        ...

    async def release(self, name: str, claimant: str) -> None:
        """Let somebody else publish; nothing happens when somebody else does."""
        ...

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class _Kept:
    record: RoomRecord
    expires_seconds: float
    finals: dict[int, Caption] = field(default_factory=dict)
    open: dict[int, Caption] = field(default_factory=dict)
    publications: int = 0
    begun_at_seconds: float | None = None
    claimant: str = ""
    claimed_until_seconds: float = 0.0


class MemoryRoomStore:
    """The rooms of one process, or of several hubs in a test."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rooms: dict[str, _Kept] = {}

    async def create(self, record: RoomRecord, *, max_rooms: int) -> Created:
        self._drop_old()
        if record.name in self._rooms:
            return Created.NAME_TAKEN
        if len(self._rooms) >= max_rooms:
            return Created.FULL
        self._rooms[record.name] = _Kept(record, self._now + record.ttl_seconds)
        return Created.YES

    async def find(self, name: str) -> Standing | None:
        kept = self._kept(name)
        return None if kept is None else Standing(kept.record, kept.begun_at_seconds, self._is_claimed(kept))

    async def delete(self, name: str) -> bool:
        return self._rooms.pop(name, None) is not None

    async def load(self, name: str) -> Sequence[Caption]:
        kept = self._kept(name)
        return [] if kept is None else [*_in_order(kept.finals), *_in_order(kept.open)]

    async def save(self, name: str, captions: Sequence[Caption]) -> Sequence[Caption] | None:
        kept = self._kept(name)
        if kept is None:
            return None
        kept.expires_seconds = self._now + kept.record.ttl_seconds
        return [known for caption in captions if (known := _keep(kept, caption)) is not None]

    async def claim(self, name: str, claimant: str, *, lease_seconds: float) -> Claim | None:
        kept = self._kept(name)
        if kept is None or self._is_claimed(kept):
            return None
        kept.publications += 1
        if kept.begun_at_seconds is None:
            kept.begun_at_seconds = self._clock.now().timestamp()
        self._lease(kept, claimant, lease_seconds)
        return Claim(kept.publications, kept.begun_at_seconds)

    async def renew(self, name: str, claimant: str, *, lease_seconds: float) -> bool:
        kept = self._kept(name)
        if kept is None or (kept.claimant != claimant and self._is_claimed(kept)):
            return False
        self._lease(kept, claimant, lease_seconds)
        return True

    async def release(self, name: str, claimant: str) -> None:
        kept = self._kept(name)
        if kept is not None and kept.claimant == claimant:
            kept.claimed_until_seconds = 0.0

    async def aclose(self) -> None:
        self._rooms.clear()

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    def _kept(self, name: str) -> _Kept | None:
        kept = self._rooms.get(name)
        if kept is not None and kept.expires_seconds <= self._now:
            del self._rooms[name]
            return None
        return kept

    def _drop_old(self) -> None:
        for name in list(self._rooms):
            self._kept(name)

    def _is_claimed(self, kept: _Kept) -> bool:
        return kept.claimed_until_seconds > self._now

    def _lease(self, kept: _Kept, claimant: str, lease_seconds: float) -> None:
        kept.claimant = claimant
        kept.claimed_until_seconds = self._now + lease_seconds
        kept.expires_seconds = self._now + kept.record.ttl_seconds


def _keep(kept: _Kept, caption: Caption) -> Caption | None:
    """Returns the caption that stands in the way."""
    known = kept.finals.get(caption.order) or kept.open.get(caption.order)
    if known is not None and known.revision >= caption.revision:
        return None if known == caption else known
    kept.open.pop(caption.order, None)
    (kept.finals if caption.is_final else kept.open)[caption.order] = caption
    for held, limit in ((kept.finals, kept.record.history_limit), (kept.open, MAX_OPEN_CAPTIONS)):
        while len(held) > limit:
            del held[min(held)]
    return None


def _in_order(captions: dict[int, Caption]) -> list[Caption]:
    return [captions[order] for order in sorted(captions)]
