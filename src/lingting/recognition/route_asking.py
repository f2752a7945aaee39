"""Asks one model for one clip: loads it, keeps to its deadline, and leaves it alone while it is not well.

Promises: whatever speaks for asking another model comes as `Passed`; what is wrong with the clip or the options, and
what is no failure at all, comes as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.domain import Clock, Hypothesis, Priority
from lingting.domain.errors import (
    DeadlineExceeded,
    EngineError,
    EngineUnavailable,
    LingtingError,
    Overloaded,
    ShuttingDown,
    Superseded,
)
from lingting.engines.base import Clip
from lingting.engines.remote_breaker import RemoteBreaker
from lingting.recognition.engine_doors import EngineDoor, as_asked, require_able
from lingting.recognition.residency import Residency
from lingting.recognition.route_attempts import BREAKER_OPEN
from lingting.recognition.served import Served

__all__ = ["Asker", "Passed", "RoutingObserver", "RoutingSettings", "Sent"]


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """When a model is left alone, and how many clips are compared at once."""

    breaker_failures: int = 5
    """In a row."""
    breaker_seconds: float = 30.0
    """Until one clip tries it again."""
    shadow_at_once: int = 4
    """Clips with shadows in hand; more get none."""


class RoutingObserver(Protocol):
    """Told what happened, for metrics; must be quick."""

    def asked(self, model: str, outcome: str, *, seconds: float) -> None:
        """outcome: `answered`, or why the clip was passed on"""
        ...

    def breaker(self, model: str, *, is_open: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A clip, and how it is sent."""

    clip: Clip
    priority: Priority
    coalesce: str | None


class Passed(Exception):
    """This model cannot; the next may."""

    def __init__(self, problem: LingtingError, reason: str | None = None) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.reason = reason or problem.code


class Asker:
    """Belongs to one event loop."""

    def __init__(
        self,
        models: Iterable[Served],
        residency: Residency[EngineDoor],
        settings: RoutingSettings,
        *,
        clock: Clock,
        observer: RoutingObserver,
    ) -> None:
        self._residency = residency
        self._clock = clock
        self._observer = observer
        self._breakers = {
            served.name: RemoteBreaker(
                served.name,
                failures=settings.breaker_failures,
                open_seconds=settings.breaker_seconds,
                counts=_is_unwell,
            )
            for served in models
        }

    @property
    def ailing(self) -> list[str]:
        """Models that are left alone just now, as of their last clips."""
        return [name for name, breaker in self._breakers.items() if breaker.state != "closed"]

    async def ask(self, served: Served, sent: Sent, *, guarded: bool) -> Hypothesis:
        """guarded: the breaker may keep the clip from it

        raises    Passed; what is wrong with the clip itself
        """
        began_seconds = self._clock.monotonic()
        outcome = "answered"
        try:
            return await self._watched(served, sent) if guarded else await self._submitted(served, sent)
        except Passed as passed:
            outcome = passed.reason
            raise
        except (Superseded, ShuttingDown, asyncio.CancelledError):
            outcome = "dropped"
            raise
        except LingtingError as problem:
            outcome = problem.code
            raise
        finally:
            self._observer.asked(served.name, outcome, seconds=self._clock.monotonic() - began_seconds)

    async def _watched(self, served: Served, sent: Sent) -> Hypothesis:
        breaker = self._breakers[served.name]
        is_let_in = False
        try:
            async with breaker.watched():
                is_let_in = True
                return await self._submitted(served, sent)
        except EngineUnavailable as refusal:
            assert not is_let_in, "what an engine raises comes wrapped"
            raise Passed(refusal, BREAKER_OPEN) from refusal
        finally:
            self._observer.breaker(served.name, is_open=breaker.state != "closed")

    async def _submitted(self, served: Served, sent: Sent) -> Hypothesis:
        async with AsyncExitStack() as opened:
            try:
                door = await opened.enter_async_context(self._residency.use(served.name))
                require_able(door.capabilities, sent.clip.options, model=served.name)
                clip = as_asked(sent.clip, door.capabilities)
            except ShuttingDown:
                raise
            except LingtingError as problem:
                raise Passed(problem) from problem
            try:
                # The queue of a remote engine keeps the deadline itself.
                async with asyncio.timeout(None if served.is_remote else served.deadline_seconds):
                    found = await door.scheduler.submit(clip, priority=sent.priority, coalesce=sent.coalesce)
            except TimeoutError as late:
                seconds = served.deadline_seconds
                too_late = f"the model {served.name!r} did not answer within {seconds:g} seconds; try again"
                raise Passed(DeadlineExceeded(too_late)) from late
            except (EngineError, Overloaded, DeadlineExceeded) as problem:
                raise Passed(problem) from problem
            return replace(found, engine=door.engine, model=door.model)


def _is_unwell(problem: BaseException) -> bool:
    """Whether it speaks against the model, rather than the clip or the load."""
    if isinstance(problem, Passed):
        return isinstance(problem.problem, EngineError | DeadlineExceeded)
    return False
