"""Where results are kept for callers who ask for them again, and the store of one process, in memory.

Promises of every store: a value is gone after its time to live; all of them together take no more than the bound, those
least recently asked for going first; what is erased by a key or a tag is not given again. Values come sealed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from cachetools import TTLCache

from lingting.domain import Clock

__all__ = ["CacheObserver", "CacheSettings", "MemoryCache", "ResultCache"]

ENTRY_BYTES = 600
"""What an entry in memory takes besides its value and tags: its key three times, links and hash slots. Measured."""
TAG_BYTES = 90
SCAN_STEP = 2_000
"""Entries looked at before others get their turn: about half a millisecond."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Answering the same question again without recognising again."""

    enabled: bool = True
    redis_url: str | None = None
    """Where servers share results; None keeps them in this process."""
    max_bytes: int = 64 * 2**20
    """All results together; those least recently asked for go first."""
    max_value_bytes: int = 2 * 2**20
    """A longer result, several hours of speech with word times, is not kept."""
    ttl_seconds: float = 3_600.0
    shared: bool = False
    """Whether a caller may be answered with what another key's recording was recognised as."""


class CacheObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def cache_holds(self, *, entries: int, size_bytes: int) -> None: ...

    def cache_evicted(self, count: int = 1) -> None: ...

    def cache_failed(self) -> None: ...


class ResultCache(Protocol):
    """Sealed values by key, each with tags; keys and tags are short and hold no spaces.

    raises    StorageUnavailable from every method, when the store is away
    """

    async def get(self, key: str) -> bytes | None:
        """None when there is none, or its time is over."""
        ...

    async def put(self, key: str, value: bytes, *, tags: Collection[str], only_if_there: bool = False) -> None:
        """Keep it in place of what was there; `only_if_there` keeps nothing under a key that was erased meanwhile."""
        ...

    async def erase(self, *, keys: Collection[str] = (), tags: Collection[str] = ()) -> int:
        """Drop the keys, and whatever was put with one of the tags; says how many values that were."""
        ...

    def forget_own(self) -> None:
        """Drop what only this process holds: something was erased by another one, which cannot reach it."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    tags: frozenset[str]


class MemoryCache:
    """A `ResultCache` of one process. Belongs to one event loop."""

    def __init__(self, settings: CacheSettings, clock: Clock, observer: CacheObserver) -> None:
        self._observer = observer
        self._entries: TTLCache[str, _Entry] = TTLCache(
            settings.max_bytes, settings.ttl_seconds, timer=clock.monotonic, getsizeof=_size_of
        )
        self._tags: dict[str, frozenset[str]] = {}
        """Of the entries, and of some that are gone; looked through without counting as asking for them."""

    async def get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    async def put(self, key: str, value: bytes, *, tags: Collection[str], only_if_there: bool = False) -> None:
        entry = _Entry(value, frozenset(tags))
        if _size_of(entry) > self._entries.maxsize or (only_if_there and key not in self._entries):
            return
        self._entries.expire()
        before = len(self._entries) + (key not in self._entries)
        self._entries[key] = entry
        self._tags[key] = entry.tags
        if len(self._tags) > 2 * len(self._entries) + SCAN_STEP:
            self._tags = {known: tags for known, tags in self._tags.items() if known in self._entries}
        if len(self._entries) < before:
            self._observer.cache_evicted(before - len(self._entries))
        self._tell()

    async def erase(self, *, keys: Collection[str] = (), tags: Collection[str] = ()) -> int:
        erased = sum(self._drop(key) for key in keys)
        wanted = frozenset(tags)
        if wanted:
            looking = iter(list(self._tags.items()))
            while step := list(islice(looking, SCAN_STEP)):
                erased += sum(self._drop(key) for key in _tagged(step, wanted))
                await asyncio.sleep(0)
        self._tell()
        return erased

    def forget_own(self) -> None:
        self._entries.clear()
        self._tags.clear()
        self._tell()

    async def aclose(self) -> None:
        self._entries.clear()
        self._tags.clear()

    def _drop(self, key: str) -> bool:
        self._tags.pop(key, None)
        return self._entries.pop(key, None) is not None

    def _tell(self) -> None:
        self._observer.cache_holds(entries=len(self._entries), size_bytes=int(self._entries.currsize))


def _tagged(entries: Collection[tuple[str, frozenset[str]]], wanted: frozenset[str]) -> Iterator[str]:
    return (key for key, tags in entries if not wanted.isdisjoint(tags))


def _size_of(entry: _Entry) -> int:
    return ENTRY_BYTES + len(entry.value) + TAG_BYTES * len(entry.tags)
