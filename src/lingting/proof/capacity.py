"""From measured figures to how many servers a wanted load needs. Pure; docs/capacity.md has the formulae.

Two laws carry it. Little's: what is in hand at once is the rate of arrivals by the time each takes. And the bound of
utilisation: a server that is busy all the time makes its callers wait without end, so that only a share of what it can
do is planned with.

source    Little, A Proof for the Queuing Formula L = λW (Operations Research 9:3, 1961)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lingting.domain.errors import InvalidOption

__all__ = ["Measured", "Plan", "Wanted", "plan_for"]

DAY_SECONDS = 86_400.0
LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Measured:
    """What one server did at its limit, all clients waiting for it; None where it was not measured."""

    audio_per_second: float | None = None
    """Seconds of sound recognised anew in a second."""
    cached_per_second: float | None = None
    """Answers from the cache in a second."""
    speakers: int | None = None
    """Who spoke at once and still got text in time."""
    latency_seconds: float = 0.0
    """What a caller waited, at the median."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The load of the busiest moment, and what is planned with."""

    requests_per_second: float = 0.0
    audio_seconds: float = 10.0
    """Of one request."""
    cached_ratio: float = 0.0
    """How many requests ask for what is known, 0..1."""
    speakers: int = 0
    """Who speak at once."""
    utilisation: float = 0.6
    """How much of what a server can do is planned with."""
    spare: int = 1
    """Servers that may be away: one that is restarted, a machine that is lost."""

    def __post_init__(self) -> None:
        _within("requests", self.requests_per_second, 0, LARGEST)
        _within("audio_seconds", self.audio_seconds, 0.1, DAY_SECONDS)
        _within("cached_ratio", self.cached_ratio, 0, 1)
        _within("speakers", self.speakers, 0, LARGEST)
        _within("utilisation", self.utilisation, 0.05, 0.95)
        _within("spare", self.spare, 0, 1_000)

    @staticmethod
    def peak(requests_per_day: float, peak_factor: float) -> float:
        """Requests in a second of the busiest hour, which has so many times the mean of the day."""
        _within("requests_per_day", requests_per_day, 0, LARGEST * DAY_SECONDS)
        _within("peak_factor", peak_factor, 1, 1_000)
        return requests_per_day / DAY_SECONDS * peak_factor


@dataclass(frozen=True, slots=True)
class Plan:
    """How many servers it takes, and why."""

    busy_servers: float
    """Of their whole time: what the load costs, before the bound of utilisation."""
    servers: int
    """Spares included."""
    in_hand: float
    """Requests in hand at once in the busiest moment, by Little's law."""
    fresh_per_second: float
    cached_per_second: float


def plan_for(wanted: Wanted, measured: Measured) -> Plan:
    """How many servers like the measured one the load needs.

    raises    InvalidOption where the load has a part that was not measured
    """
    cached = wanted.requests_per_second * wanted.cached_ratio
    fresh = wanted.requests_per_second - cached
    busy = (
        _share(fresh * wanted.audio_seconds, measured.audio_per_second, "requests that are recognised anew")
        + _share(cached, measured.cached_per_second, "answers from the cache")
        + _share(wanted.speakers, measured.speakers, "speakers")
    )
    servers = math.ceil(round(busy / wanted.utilisation, 9))
    return Plan(
        busy,
        servers + wanted.spare if servers else 0,
        in_hand=fresh * measured.latency_seconds,
        fresh_per_second=fresh,
        cached_per_second=cached,
    )


def _share(load: float, measured: float | None, what: str) -> float:
    if not load:
        return 0.0
    if not measured:
        raise InvalidOption("figures", f"{what} were not measured; give the figures of a run of lingting bench")
    return load / measured


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidOption(name, f"{value:g} is not between {low:g} and {high:g}")
