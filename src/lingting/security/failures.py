"""Counts wrong keys by where they come from, so that guessing stays slow and cheap. In memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network

from lingting.domain import Clock
from lingting.domain.errors import RateLimited

__all__ = ["Failures"]

WINDOW_SECONDS = 60.0
MAX_PLACES = 10_000
"""When more fail at once, those that began longest ago are forgotten."""
IPV6_PREFIX = 64
"""What one customer usually has; each address of it alone would be a way round."""


class Failures:
    """Wrong keys within the last minute, by address. Belongs to one event loop."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._places: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """Note one.

        raises    RateLimited when there were too many
        """
        place = _place(address)
        now_seconds = self._clock.monotonic()
        since_seconds, count = self._places.get(place, (now_seconds, 0))
        if now_seconds - since_seconds >= WINDOW_SECONDS:
            del self._places[place]
            since_seconds, count = now_seconds, 0
        if count >= self._per_minute:
            raise RateLimited(
                "too many wrong keys came from this address; use the right one, and try again later",
                retry_after_seconds=WINDOW_SECONDS - (now_seconds - since_seconds),
            )
        self._places[place] = (since_seconds, count + 1)
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Take one back, for a key that turned out to be right."""
        place = _place(address)
        since_seconds, count = self._places.get(place, (0.0, 0))
        if count > 1:
            self._places[place] = (since_seconds, count - 1)
        else:
            self._places.pop(place, None)


def _place(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return address
