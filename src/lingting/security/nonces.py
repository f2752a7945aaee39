"""Words that a signed request may use once, so that whoever overheard it cannot send it again. In memory, bounded.

Each server process remembers for itself: behind several, a request can be sent again once to each of the others, within
the time that its own clock leaves it.
"""

from __future__ import annotations

from cachetools import TTLCache

from lingting.domain import Clock

__all__ = ["Nonces"]

MAX_NONCES = 65_536
"""Only requests whose signature was right count."""


class Nonces:
    """Those of late. Belongs to one event loop."""

    def __init__(self, clock: Clock, *, seconds: float, most: int = MAX_NONCES) -> None:
        self._used: TTLCache[str, bool] = TTLCache(most, ttl=seconds, timer=clock.monotonic)

    def use(self, nonce: str) -> bool:
        """Whether it was unused so far."""
        is_fresh = nonce not in self._used
        self._used[nonce] = True
        return is_fresh
