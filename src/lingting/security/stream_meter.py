"""Holds a live session's place among its key's streams, and charges its audio as it goes."""

from __future__ import annotations

from contextlib import AsyncExitStack

from lingting.domain.errors import StorageUnavailable
from lingting.domain.principal import Principal
from lingting.security.rate_limit import Limiter

__all__ = ["StreamMeter"]


class StreamMeter:
    """Of one session; made by `begin`, ended by `aclose`."""

    def __init__(self, limiter: Limiter, principal: Principal) -> None:
        self._limiter = limiter
        self._principal = principal
        self._held = AsyncExitStack()

    @classmethod
    async def begin(cls, limiter: Limiter, principal: Principal) -> StreamMeter:
        """raises    QuotaExceeded, StreamsExceeded, StorageUnavailable"""
        await limiter.require_audio(principal)
        made = cls(limiter, principal)
        await made._held.enter_async_context(limiter.stream_place(principal))
        return made

    async def heard(self, audio_seconds: float) -> None:
        """A store that does not answer ends no session that has begun.

        raises    QuotaExceeded
        """
        await self._limiter.charge_audio(self._principal, audio_seconds)
        try:
            await self._limiter.require_audio(self._principal)
        except StorageUnavailable:
            return

    async def aclose(self, audio_seconds: float) -> None:
        await self._limiter.charge_audio(self._principal, audio_seconds)
        await self._held.aclose()
