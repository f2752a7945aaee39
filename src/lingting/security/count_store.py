"""The store where limits are counted, and what becomes of calls while it does not answer."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from limits.aio.storage import Storage

from lingting.domain import Clock
from lingting.domain.errors import StorageUnavailable
from lingting.telemetry import log

__all__ = ["SLACK_SECONDS", "CountStore", "StoreAway"]

AWAY_SECONDS = 1.0
"""After a failure the store is not asked for so long, lest every call waits for it."""
SLACK_SECONDS = 60
"""Sums live a little longer than their period, lest they vanish in its last second."""


class StoreObserver(Protocol):
    def store_failed(self) -> None: ...


class StoreAway(Exception):
    """The store does not answer, and calls are let in."""


class CountStore:
    """Belongs to one event loop."""

    def __init__(
        self, counts: Storage, *, on_failure: Literal["allow", "refuse"], clock: Clock, observer: StoreObserver
    ) -> None:
        self.counts = counts
        self._on_failure = on_failure
        self._clock = clock
        self._observer = observer
        self._away_until_seconds = -math.inf
        self._failures = _failures()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """raises    StoreAway or StorageUnavailable, as was chosen, when the store does not answer"""
        if self._clock.monotonic() < self._away_until_seconds:
            raise self._away()
        try:
            yield
        except self._failures as problem:
            self._away_until_seconds = self._clock.monotonic() + AWAY_SECONDS
            log.warning("limits.store_away", error=type(problem).__name__, calls_are=self._on_failure)
            raise self._away() from problem

    def _away(self) -> Exception:
        self._observer.store_failed()
        if self._on_failure == "allow":
            return StoreAway()
        return StorageUnavailable(
            "the store of the limits does not answer; try again later", retry_after_seconds=AWAY_SECONDS
        )


def _failures() -> tuple[type[Exception], ...]:
    if importlib.util.find_spec("redis") is None:
        return (OSError, TimeoutError)
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)
