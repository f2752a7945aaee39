"""A circuit breaker in front of a server: after many failures in a row it is left alone for a while, then one call
tries whether it is back.

The states and their counting are purgatory's; that only one call tries at a time is ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from lingting.domain.errors import EngineUnavailable

__all__ = ["RemoteBreaker"]

CLOSED, HALF_OPEN = "closed", "half-opened"


class RemoteBreaker:
    """Belongs to one event loop.

    failures        in a row that open it
    open_seconds    until one call is let through again
    counts          whether what was raised says that the server is not well; what does not, as a caller who went
                    away, neither opens nor closes it
    """

    def __init__(
        self, name: str, *, failures: int, open_seconds: float, counts: Callable[[BaseException], bool]
    ) -> None:
        self._name = name
        self._counts = counts
        self._is_probing = False
        self._factory = AsyncCircuitBreakerFactory(default_threshold=failures, default_ttl=open_seconds)
        self._state = CLOSED

    @property
    def state(self) -> str:
        """closed, opened or half-opened, as of the last call."""
        return self._state

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Round one call to the server.

        raises    EngineUnavailable, at once, while the server is left alone
        """
        breaker = await self._factory.get_breaker(self._name)
        if self._is_probing:
            raise self._refusal()
        try:
            await breaker.__aenter__()
        except OpenedState:
            raise self._refusal() from None
        self._state = breaker.context.state
        self._is_probing = is_probe = self._state == HALF_OPEN
        try:
            yield
        except BaseException as problem:
            if self._counts(problem) or is_probe:  # a probe that told nothing is not taken for a good sign
                await breaker.__aexit__(type(problem), problem, None)
            raise
        else:
            await breaker.__aexit__(None, None, None)
        finally:
            self._state = breaker.context.state
            self._is_probing = self._is_probing and not is_probe

    def _refusal(self) -> EngineUnavailable:
        return EngineUnavailable(f"{self._name} has failed again and again, and is left alone for a while")
