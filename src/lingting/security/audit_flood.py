"""Pure: keeps callers without a valid key from filling the audit log. The first refusals of a network in a minute have
a row each, the others share one at the minute's end."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

__all__ = ["Refusals", "Summary"]

MINUTE_SECONDS = 60.0
MAX_NETWORKS = 4_096
"""Known at once; those beyond share one count."""
ALL_RATIO = 20
"""Rows of all networks together, as a multiple of what one may have."""
V6_PREFIX = 64
"""What one subscriber gets, to call from any address in it."""
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Summary:
    """Refused calls that had no row of their own."""

    network: str
    count: int


@dataclass(slots=True)
class _Network:
    began_seconds: float
    written: int = 0
    unwritten: int = 0


class Refusals:
    """Counts refused calls by network."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._networks: dict[str, _Network] = {}
        self._all = _Network(0.0)

    def admit(self, address: str, now_seconds: float) -> bool:
        """Whether this refusal has a row of its own."""
        name = network_of(address)
        if name not in self._networks and len(self._networks) >= MAX_NETWORKS:
            name = OTHERS
        network = self._networks.setdefault(name, _Network(now_seconds))
        if now_seconds - self._all.began_seconds >= MINUTE_SECONDS:
            self._all = _Network(now_seconds)
        if network.written < self._per_minute and self._all.written < self._per_minute * ALL_RATIO:
            network.written += 1
            self._all.written += 1
            return True
        network.unwritten += 1
        return False

    def due(self, now_seconds: float, *, at_once: bool = False) -> list[Summary]:
        """What is to be written of the minutes that are over, which are forgotten.

        at_once   of those that are not over, too
        """
        over = {
            name: network
            for name, network in self._networks.items()
            if at_once or now_seconds - network.began_seconds >= MINUTE_SECONDS
        }
        for name in over:
            del self._networks[name]
        summaries = [Summary(name, network.unwritten) for name, network in over.items() if network.unwritten]
        return _few(summaries, self._per_minute)


def _few(summaries: list[Summary], most: int) -> list[Summary]:
    """The largest, and one for the rest: from a thousand networks come a few rows."""
    if len(summaries) <= most:
        return summaries
    summaries.sort(key=lambda summary: -summary.count)
    rest = sum(summary.count for summary in summaries[most:])
    return [*summaries[:most], Summary(OTHERS, rest)]


def network_of(address: str) -> str:
    """An IPv4 address itself, of an IPv6 address the network that one subscriber has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, V6_PREFIX), strict=False))
