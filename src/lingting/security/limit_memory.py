"""The store of the `limits` library for one process: by our clock, and without work in the background.

The library's own takes the machine's time, and at each request walks all keys, with a thread for each. Here a key costs
only when it is used; now and then those that are over are dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from limits.aio.storage import MovingWindowSupport, Storage

from lingting.domain import Clock

__all__ = ["ClockedMemory"]

SWEEP_SECONDS = 60.0


class ClockedMemory(Storage, MovingWindowSupport):
    """Counts in memory. Belongs to one event loop."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._now: Callable[[], float] = lambda: clock.now().timestamp()
        self._windows: dict[str, tuple[list[float], float]] = {}
        """Times of what was let in, oldest first, and when all of it will be over."""
        self._counts: dict[str, tuple[int, float]] = {}
        """Sums, and when they are over."""
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self._now()
        self._sweep(now)
        times = self._recent(key, now - expiry)
        if len(times) + amount > limit:
            return False
        times.extend([now] * amount)
        self._windows[key] = (times, now + expiry)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest that counts was let in, and how many there are."""
        now = self._now()
        times = self._recent(key, now - expiry)
        return (times[0], len(times)) if times else (now, 0)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self._now()
        self._sweep(now)
        count, ends = self._counts.get(key, (0, 0.0))
        count, ends = (count + amount, ends) if ends > now else (amount, now + expiry)
        self._counts[key] = (count, ends)
        return count

    async def get(self, key: str) -> int:
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._now() else 0

    async def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, self._now()))[1]

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)
        self._windows.pop(key, None)

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        dropped = len(self._counts) + len(self._windows)
        self._counts.clear()
        self._windows.clear()
        return dropped

    def _recent(self, key: str, since: float) -> list[float]:
        times = self._windows.get(key, ([], 0.0))[0]
        del times[: bisect_right(times, since)]
        return times

    def _sweep(self, now: float) -> None:
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_SECONDS
        for key in [key for key, (_, ends) in self._windows.items() if ends <= now]:
            del self._windows[key]
        for key in [key for key, (_, ends) in self._counts.items() if ends <= now]:
            del self._counts[key]
