"""Sends the clips of each request and live session to the models of their way, until one gives a good answer.

Promises: a model that fails, is away, full, late or not able passes the clip on to the next of the chain; what is wrong
with the clip or the options themselves is told at once; a model that fails again and again is left alone for a while,
then one clip tries it; an answer that its engine hardly believes goes on to the next, where the rule says so, and the
better one counts. Partials take no detours: they go to the first that is asked for partials and answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.domain import Audio, Clock, Hypothesis, Priority, RecognizeOptions
from lingting.domain.errors import (
    InvalidOption,
    LingtingError,
    QuotaExceeded,
    ShuttingDown,
    StorageUnavailable,
    Superseded,
)
from lingting.domain.principal import ANYBODY, Principal
from lingting.engines.base import Clip, Origin
from lingting.recognition.engine_doors import EngineDoor, EngineQueue, require_able
from lingting.recognition.marking import Marker, require_marker
from lingting.recognition.residency import Residency
from lingting.recognition.route_asking import Asker, Passed, RoutingObserver, RoutingSettings, Sent
from lingting.recognition.route_attempts import BUDGET_SPENT, Attempts
from lingting.recognition.route_policy import Asked, RoutePolicy, Way, work_of
from lingting.recognition.served import Served
from lingting.recognition.shadow import Shadow, ShadowObserver

__all__ = ["Router", "RouterParts"]


class RouterObserver(RoutingObserver, ShadowObserver, Protocol):
    """Told what happened, for metrics; must be quick."""


class Spending(Protocol):
    """What a caller may spend; see `Budgets`."""

    def spending(
        self, caller: Principal, *, model: str, seconds: float, price_per_minute: float
    ) -> AbstractAsyncContextManager[None]:
        """raises    QuotaExceeded, StorageUnavailable"""
        ...


@dataclass(frozen=True, slots=True)
class RouterParts:
    """What a router leads to."""

    policy: RoutePolicy
    residency: Residency[EngineDoor]
    clock: Clock
    observer: RouterObserver
    marker: Marker | None = None
    """Gives marks to text that has none; None where no model for it is set."""


class Router:
    """Knows the way to every model. Belongs to one event loop."""

    def __init__(self, parts: RouterParts, settings: RoutingSettings) -> None:
        self._parts = parts
        self._budgets: Spending | None = None
        self._asker = Asker(
            parts.policy.names.models, parts.residency, settings, clock=parts.clock, observer=parts.observer
        )

        self._shadow = Shadow(self._unpaid, at_once=settings.shadow_at_once, observer=parts.observer)

    def charge_to(self, budgets: Spending) -> None:
        """From now on; before, models with a price cost nobody anything."""
        self._budgets = budgets

    async def aclose(self) -> None:
        await self._shadow.aclose()

    @property
    def ailing(self) -> list[str]:
        """Models that are left alone just now, as of their last clips."""
        return self._asker.ailing

    def facet(self, caller: Principal, priority: Priority) -> str:
        """What of a caller decides where clips go; part of the key of a kept answer."""
        return self._parts.policy.facet(caller, work_of(priority))

    def route(
        self,
        options: RecognizeOptions,
        *,
        caller: Principal = ANYBODY,
        priority: Priority = Priority.REQUEST,
        seconds: float | None = None,
    ) -> RoutedCall:
        """raises    ModelNotFound, InvalidOption"""
        return RoutedCall(self, Asked(caller, work_of(priority), options, seconds))

    def way(self, asked: Asked) -> Way:
        """raises    ModelNotFound, InvalidOption"""
        return self._parts.policy.choose(asked)

    def check(self, way: Way, options: RecognizeOptions) -> None:
        """raises    UnsupportedLanguage, InvalidOption where none of those that were ever loaded can do it"""
        require_marker(options, self._parts.marker)
        problems = []
        for served in way.chain:
            door = self._parts.residency.door_if_loaded(served.name)
            if door is None:
                return
            try:
                require_able(door.capabilities, options, model=served.name)
            except InvalidOption as problem:
                problems.append(problem)
            else:
                return
        raise problems[0]

    @asynccontextmanager
    async def held(self, way: Way) -> AsyncIterator[EngineQueue]:
        """The queue of the first model that can be had; raises what the last of them raises."""
        async with AsyncExitStack() as opened:
            for served in way.chain:
                try:
                    door = await opened.enter_async_context(self._parts.residency.use(served.name))
                except ShuttingDown:
                    raise
                except LingtingError:
                    if served is way.chain[-1]:
                        raise
                else:
                    break
            yield door.scheduler

    async def transcribe(self, way: Way, sent: Sent, caller: Principal) -> Hypothesis:
        """raises    InvalidInput; Busy, EngineError, ModelError, DeadlineExceeded where nobody answered"""
        attempts = Attempts()
        if sent.priority is Priority.STREAM_PARTIAL:
            way = _for_drafts(way)
        for served in way.chain:
            try:
                found = await self._ask(served, sent, caller, guarded=len(way.chain) > 1 or served.is_remote)
            except Passed as passed:
                attempts.failed(served.name, passed.problem, passed.reason)
                continue
            attempts.answered(served.name, found)
            if not _is_doubtful(found, way.min_logprob):
                break
        if not attempts.has_answer:
            await self._ask_anyway(way, sent, caller, attempts)
        answer = attempts.answer()
        self._shadow.follow(way, sent, answer)
        # Of a draft, attempts are what its engine holds against it.
        if sent.priority is Priority.STREAM_PARTIAL:
            return replace(answer, attempts=())
        marker = self._parts.marker
        return answer if marker is None else await marker.marked(answer, sent.clip.options)

    async def _ask(self, served: Served, sent: Sent, caller: Principal, *, guarded: bool) -> Hypothesis:
        """Within the caller's budget, where it costs.

        raises    as `Asker.ask`
        """
        if self._budgets is None or not served.price_per_minute:
            return await self._asker.ask(served, sent, guarded=guarded)
        spending = self._budgets.spending(
            caller,
            model=served.name,
            seconds=sent.clip.audio.duration_seconds,
            price_per_minute=served.price_per_minute,
        )
        try:
            async with spending:
                return await self._asker.ask(served, sent, guarded=guarded)
        except (QuotaExceeded, StorageUnavailable) as spent:
            self._parts.observer.asked(served.name, BUDGET_SPENT, seconds=0.0)
            raise Passed(spent, BUDGET_SPENT) from spent

    async def _unpaid(self, served: Served, sent: Sent) -> Hypothesis:
        return await self._asker.ask(served, sent, guarded=True)

    async def _ask_anyway(self, way: Way, sent: Sent, caller: Principal, attempts: Attempts) -> None:
        """When all are left alone, one of this machine is asked after all: being refused is no better."""
        local = next((served for served in way.chain if not served.is_remote), None)
        if local is None or not attempts.all_left_alone:
            return
        try:
            attempts.answered(local.name, await self._ask(local, sent, caller, guarded=False))
        except Passed as passed:
            attempts.failed(local.name, passed.problem, passed.reason)


class RoutedCall:
    """The way of one request or live session. Where a clip goes may change with what becomes known: its language."""

    def __init__(self, router: Router, asked: Asked) -> None:
        self._router = router
        self._asked = asked
        self._first = router.way(asked)

    @property
    def engine(self) -> str:
        return self._first.chain[0].engine

    @property
    def model(self) -> str:
        return self._first.chain[0].name

    def check(self, options: RecognizeOptions) -> None:
        self._router.check(self._way(options), options)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[EngineQueue]:
        async with self._router.held(self._first) as queue:
            yield queue

    async def transcribe(
        self,
        audio: Audio,
        options: RecognizeOptions,
        *,
        priority: Priority,
        coalesce: str | None = None,
        origin: Origin | None = None,
    ) -> Hypothesis:
        sent = Sent(Clip(audio, options, origin), priority, coalesce)
        return await self._router.transcribe(self._way(options), sent, self._asked.caller)

    def _way(self, options: RecognizeOptions) -> Way:
        return self._router.way(replace(self._asked, options=options))


def _is_doubtful(found: Hypothesis, min_logprob: float | None) -> bool:
    """Silence is no reason to ask again."""
    return min_logprob is not None and bool(found.text.strip()) and found.avg_logprob < min_logprob


def _for_drafts(way: Way) -> Way:
    """raises    Superseded, which costs nobody anything, where none is asked for partials"""
    chain = tuple(served for served in way.chain if served.drafts)
    if not chain:
        raise Superseded("the models of this session are not asked for partials")
    return replace(way, chain=chain, min_logprob=None)
