"""How much a key may ask for: requests per minute, live sessions at once, seconds of audio per day and month.

Promises: requests are counted by a moving window; audio is counted when it was recognised, so that calls in hand may go
over a quota, by no more than themselves; where the store is a Redis that does not answer, `on_failure` says whether
calls are let in, and after each failure it is left alone for a second.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter

from lingting.domain import Clock
from lingting.domain.errors import QuotaExceeded, RateLimited, StorageUnavailable, StreamsExceeded
from lingting.domain.principal import KeyLimits, Principal
from lingting.security.call_note import tell_left
from lingting.security.count_store import SLACK_SECONDS, CountStore, StoreAway
from lingting.security.limit_periods import Period, day_of, month_of
from lingting.storage.stream_places import StreamPlaces
from lingting.storage.usage_store import UsageStore
from lingting.telemetry import log

__all__ = ["Allowance", "LimitObserver", "LimitParts", "LimitSettings", "Limiter", "audio_name", "limits_of"]

STREAM_RETRY_SECONDS = 10.0
"""A session may have ended by then."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What a key may use that has no limits of its own; 0 has no bound. Without keys all callers are one."""

    requests_per_minute: int = 0
    streams: int = 0
    """Live sessions at once."""
    audio_seconds_per_day: int = 0
    audio_seconds_per_month: int = 0
    redis_url: str | None = None
    """Where servers count together; None counts in this process."""
    on_failure: Literal["allow", "refuse"] = "allow"
    """What becomes of calls while Redis does not answer."""


class LimitObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def limited(self, limit: str) -> None: ...

    def charged(self, audio_seconds: float) -> None: ...

    def stream_began(self) -> None: ...

    def stream_ended(self) -> None: ...

    def store_failed(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LimitParts:
    """What a limiter is made of."""

    counts: Storage
    places: StreamPlaces
    usage: UsageStore
    clock: Clock
    observer: LimitObserver


@dataclass(frozen=True, slots=True)
class Allowance:
    """A call that was let in."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """What is left, where there is a bound."""


def limits_of(principal: Principal, settings: LimitSettings) -> KeyLimits:
    """What holds for this caller, every field set; 0 has no bound."""
    own = principal.limits

    def chosen(value: int | None, default: int) -> int:
        return default if value is None else value

    return KeyLimits(
        requests_per_minute=chosen(own.requests_per_minute, settings.requests_per_minute),
        streams=chosen(own.streams, settings.streams),
        audio_seconds_per_day=chosen(own.audio_seconds_per_day, settings.audio_seconds_per_day),
        audio_seconds_per_month=chosen(own.audio_seconds_per_month, settings.audio_seconds_per_month),
    )


class Limiter:
    """Lets calls in, and counts what they use. Belongs to one event loop."""

    def __init__(self, settings: LimitSettings, parts: LimitParts) -> None:
        self._settings = settings
        self._counts = parts.counts
        self._windows = MovingWindowRateLimiter(parts.counts)
        self._places = parts.places
        self._usage = parts.usage
        self._clock = parts.clock
        self._observer = parts.observer
        self.store = CountStore(
            parts.counts, on_failure=settings.on_failure, clock=parts.clock, observer=parts.observer
        )

    def limits_of(self, principal: Principal) -> KeyLimits:
        """What holds for this caller, every field set; 0 has no bound."""
        return limits_of(principal, self._settings)

    async def admit(self, principal: Principal) -> Allowance:
        """Count a request.

        raises    RateLimited; StorageUnavailable
        """
        self._usage.add(principal.key_id, requests=1)
        most = self.limits_of(principal).requests_per_minute or 0
        if not most:
            return Allowance()
        item = RateLimitItemPerMinute(most, namespace="requests")
        try:
            with self.store.asking():
                is_let_in = await self._windows.hit(item, principal.key_id)
                stats = await self._windows.get_window_stats(item, principal.key_id)
        except StoreAway:
            return Allowance()
        wait_seconds = max(0.0, stats.reset_time - self._clock.now().timestamp())
        allowance = Allowance(_request_headers(most, max(0, stats.remaining), wait_seconds))
        tell_left(allowance.headers)
        if not is_let_in:
            self._observer.limited("requests")
            raise RateLimited(
                f"this key may make {most} requests per minute; try again in {math.ceil(wait_seconds)} seconds",
                retry_after_seconds=wait_seconds,
            )
        return allowance

    async def require_audio(self, principal: Principal) -> None:
        """Called before audio is recognised.

        raises    QuotaExceeded when the quota of the day or month is used up; StorageUnavailable
        """
        bounds = self._audio_bounds(principal)
        used_ms: dict[str, int] = {}
        try:
            with self.store.asking():
                for period, _ in bounds:
                    used_ms[period.kind] = await self._counts.get(audio_name(principal.key_id, period))
        except StoreAway:
            return
        tell_left(_audio_headers(bounds, used_ms))
        used_up = [(period, most) for period, most in bounds if used_ms[period.kind] >= most * 1_000]
        if used_up:
            self._observer.limited("audio")
            period, most = max(used_up, key=lambda bound: bound[0].remaining_seconds)
            raise QuotaExceeded(
                f"this key has used up its {most} seconds of audio of the {period.kind} {period.name}; "
                "the next one begins at midnight UTC",
                retry_after_seconds=period.remaining_seconds,
            )

    async def charge_audio(self, principal: Principal, seconds: float) -> None:
        """Called after audio was recognised. What is wrong with the store is logged, not raised: the work is done."""
        if seconds <= 0:
            return
        self._usage.add(principal.key_id, audio_seconds=seconds)
        self._observer.charged(seconds)
        now = self._clock.now()
        used_ms: dict[str, int] = {}
        try:
            with self.store.asking():
                for period in (day_of(now), month_of(now)):
                    used_ms[period.kind] = await self._counts.incr(
                        audio_name(principal.key_id, period),
                        math.ceil(period.remaining_seconds) + SLACK_SECONDS,
                        round(seconds * 1_000),
                    )
        except (StoreAway, StorageUnavailable):
            return
        tell_left(_audio_headers(self._audio_bounds(principal), used_ms))

    @asynccontextmanager
    async def stream_place(self, principal: Principal) -> AsyncIterator[None]:
        """Hold one of the key's places for live sessions.

        raises    StreamsExceeded; StorageUnavailable
        """
        place = await self._take_place(principal)
        self._observer.stream_began()
        try:
            yield
        finally:
            self._observer.stream_ended()
            if place is not None:
                await self._give_back(principal, place)

    async def _take_place(self, principal: Principal) -> str | None:
        most = self.limits_of(principal).streams or 0
        if not most:
            return None
        try:
            with self.store.asking():
                place = await self._places.take(principal.key_id, most)
        except StoreAway:
            return None
        if place is None:
            self._observer.limited("streams")
            raise StreamsExceeded(
                f"this key may have {most} live sessions at once; end one, or try again later",
                retry_after_seconds=STREAM_RETRY_SECONDS,
            )
        return place

    async def _give_back(self, principal: Principal, place: str) -> None:
        try:
            with self.store.asking():
                await self._places.give_back(principal.key_id, place)
        except (StoreAway, StorageUnavailable):
            log.warning("limits.place_left", hint="it runs out by itself")

    def _audio_bounds(self, principal: Principal) -> list[tuple[Period, int]]:
        bounds = self.limits_of(principal)
        if not bounds.audio_seconds_per_day and not bounds.audio_seconds_per_month:
            return []
        now = self._clock.now()
        both = ((day_of(now), bounds.audio_seconds_per_day), (month_of(now), bounds.audio_seconds_per_month))
        return [(period, most) for period, most in both if most]


def audio_name(key_id: str, period: Period) -> str:
    """Of the sum, in milliseconds."""
    return f"audio/{key_id}/{period.name}"


def _request_headers(most: int, left: int, reset_seconds: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(most),
        "x-ratelimit-remaining-requests": str(left),
        "x-ratelimit-reset-requests": f"{reset_seconds:.3f}s",
    }


def _audio_headers(bounds: Sequence[tuple[Period, int]], used_ms: Mapping[str, int]) -> dict[str, str]:
    """Of the bound that is nearest."""
    if not bounds:
        return {}
    left_seconds, most = min((max(0.0, most - used_ms[period.kind] / 1_000), most) for period, most in bounds)
    return {
        "x-ratelimit-limit-audio-seconds": str(most),
        "x-ratelimit-remaining-audio-seconds": f"{left_seconds:.3f}".rstrip("0").rstrip("."),
    }
