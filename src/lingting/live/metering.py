"""Tells whoever counts audio how much a session heard, as it goes, and learns from it when that is enough."""

from __future__ import annotations

from typing import Protocol

from lingting.domain.errors import LingtingError

__all__ = ["Meter", "Metering"]

STEP_SECONDS = 10.0
"""Of audio, between two tellings: what a quota may be exceeded by."""


class Meter(Protocol):
    """Counts for the owner of one session."""

    async def heard(self, audio_seconds: float) -> None:
        """So much more was heard.

        raises    QuotaExceeded when there may be no more
        """
        ...

    async def aclose(self, audio_seconds: float) -> None:
        """The session is over; so much was heard since it was told last. Does not raise."""
        ...


class Metering:
    """Between a session and its meter, which may be none."""

    def __init__(self, meter: Meter | None) -> None:
        self._meter = meter
        self._told_seconds = 0.0

    async def heard(self, all_seconds: float) -> LingtingError | None:
        """Tell, when there is enough to tell; an error says that there may be no more."""
        fresh_seconds = all_seconds - self._told_seconds
        if self._meter is None or fresh_seconds < STEP_SECONDS:
            return None
        self._told_seconds = all_seconds
        try:
            await self._meter.heard(fresh_seconds)
        except LingtingError as enough:
            return enough
        return None

    async def aclose(self, all_seconds: float) -> None:
        meter, self._meter = self._meter, None
        if meter is not None:
            await meter.aclose(all_seconds - self._told_seconds)
